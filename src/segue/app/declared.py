"""Names that tasks declare and that only this home can know: connections, secrets, pools, resources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from segue.app.pools import pools_of
from segue.app.settings import Settings
from segue.app.vault import open_vault
from segue.model.errors import UnknownName, VaultDown
from segue.model.events import SecretKind
from segue.model.spec import DagSpec, Rules

__all__ = ["Missing", "missing_names"]


@dataclass(frozen=True, slots=True)
class Missing:
    """A name that is nowhere now: the task that declares it, its line, and a sentence with the way out."""

    task: str
    line: int
    text: str


def missing_names(settings: Settings, environ: Mapping[str, str], spec: DagSpec) -> list[Missing]:
    """What the tasks of a DAG name and what does not exist; each name once, at the first task.

    A place of secrets that cannot be asked counts as one that may have them: it is asked again when the task runs.

    Raises:
        UsageError: the settings name a back end of secrets that there is not.
    """
    found: dict[str, Missing] = {}
    for task in spec.tasks:
        for text in _faults(settings, environ, task.rules):
            found.setdefault(text, Missing(task.id, task.line, text))
    return list(found.values())


def _faults(settings: Settings, environ: Mapping[str, str], rules: Rules) -> Iterator[str]:
    yield from _unknown(settings, environ, "connection", rules.connections)
    yield from _unknown(settings, environ, "secret", rules.secrets)
    if rules.pool is not None and not any(view.name == rules.pool and view.slots for view in pools_of(settings)):
        yield f"there is no pool {rules.pool!r}: `segue pool set {rules.pool} SLOTS`, or [tool.segue.pools]"
    for name, _ in rules.resources:
        if name != "memory" and name not in settings.keys.resources:
            yield f"there is no resource {name!r}: write how much of it there is into [tool.segue.resources]"


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
