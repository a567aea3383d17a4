"""What tasks ask for by name and only this home can know: connections, secrets, pools, resources."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from segue.app.pools import pools_of
from segue.app.settings import Settings, machine_memory
from segue.app.vault import open_vault
from segue.model.acts import SecretKind
from segue.model.errors import UnknownName, VaultDown
from segue.model.size import show_bytes
from segue.model.spec import DagSpec, Rules, TaskSpec

__all__ = ["Missing", "missing_names"]


@dataclass(frozen=True, slots=True)
class Missing:
    """What is nowhere now, or too small: the task that asks for it, its line, and a sentence with the way out."""

    task: str
    line: int
    text: str


def missing_names(settings: Settings, environ: Mapping[str, str], spec: DagSpec) -> list[Missing]:
    """What the tasks of a DAG name and what does not exist, or less of it than one asks for; once, at the first task.

    A place of secrets that cannot be asked counts as one that may have them: it is asked again when the task runs.

    Raises:
        UsageError: the settings name a back end of secrets that there is not.
    """
    found: dict[str, Missing] = {}
    pools = cache(lambda: {view.name: view.slots for view in pools_of(settings) if view.slots})
    firsts: dict[Rules, TaskSpec] = {}
    for task in spec.tasks:
        firsts.setdefault(task.rules, task)
    for rules, task in firsts.items():
        for text in _faults(settings, environ, rules, pools):
            found.setdefault(text, Missing(task.id, task.line, text))
    return list(found.values())


def _faults(
    settings: Settings, environ: Mapping[str, str], rules: Rules, pools: Callable[[], Mapping[str, int]]
) -> Iterator[str]:
    yield from _unknown(settings, environ, "connection", rules.connections)
    yield from _unknown(settings, environ, "secret", rules.secrets)
    if rules.pool is not None:
        yield from _unfit_pool(rules.pool, rules.slots, pools().get(rules.pool))
    for name, amount in rules.resources:
        yield from _unfit_resource(name, amount, settings)


def _unfit_pool(name: str, wanted: int, slots: int | None) -> Iterator[str]:
    if slots is None:
        yield f"there is no pool {name!r}: `segue pool set {name} SLOTS`, or [tool.segue.pools]"
    elif wanted > slots:
        yield f"it asks for {wanted} slots of pool {name!r}, which has {slots}: `segue pool set {name} {wanted}`"


def _unfit_resource(name: str, wanted: int, settings: Settings) -> Iterator[str]:
    there = dict(settings.limits(machine_memory()).resources).get(name)
    if there is None:
        yield f"there is no resource {name!r}: write how much of it there is into [tool.segue.resources]"
    elif wanted > there and name == "memory":
        most = f"all attempts together have {show_bytes(there)} ([tool.segue] memory, else the machine's)"
        yield f"it asks for {show_bytes(wanted)} of memory, {most}"
    elif wanted > there:
        yield f"it asks for {wanted} of resource {name!r}, there are {there} in all: [tool.segue.resources]"


def _unknown(settings: Settings, environ: Mapping[str, str], kind: SecretKind, names: tuple[str, ...]) -> Iterator[str]:
    if not names:
        return
    vault = open_vault(settings, environ)
    for name in names:
        try:
            vault.find(kind, name)
        except UnknownName as why:
            yield str(why)
        except VaultDown:
            pass
