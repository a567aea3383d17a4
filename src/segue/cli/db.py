from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from segue.app.home import settings_here
from segue.cli.options import HomeOption, JsonOption
from segue.cli.output import Code, console, plain, print_json, warn
from segue.model.errors import UsageError

if TYPE_CHECKING:
    from segue.app.restoring import LeftOver
    from segue.app.settings import Settings

__all__ = ["app"]

app = typer.Typer(add_completion=False)

_NAMED: Final = 10
_ACTIONS: Final = "upgrade|prune|backup|restore"


# One command, not a group of two: parsing a group loads pydantic even for `--help`.
@app.command()
def db(
    action: Annotated[
        str,
        typer.Argument(metavar=_ACTIONS, help="to the newest version; remove what is old; copy it; put a copy back"),
    ],
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="of backup and restore")] = None,
    older_than: Annotated[
        str | None, typer.Option(metavar="AGE", help="prune: `90d`; default: as `keep` in the settings says")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="prune: only count")] = False,
    access: Annotated[bool, typer.Option("--access", help="restore: users and tokens too")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Look after the database. `backup` and `prune` work while runs go on; what was restored starts paused."""
    settings = settings_here(home=home)
    given = {"--older-than": older_than is not None, "--dry-run": dry_run, "--access": access}
    wrong = [name for name, is_given in given.items() if is_given and name not in _options(action)]
    if wrong:
        raise UsageError(f"`segue db {action}` has no {wrong[0]}")
    if action == "upgrade" and file is None:
        found, said = _upgrade(settings)
    elif action == "prune" and file is None:
        found, said = _prune(settings, older_than, dry_run)
    elif action == "backup" and file is not None:
        found, said = _backup(settings, file)
    elif action == "restore":
        found, said = _restore(settings, file, access)
    else:
        raise UsageError(
            "write `segue db upgrade`, `segue db prune`, `segue db backup FILE` or `segue db restore FILE`"
        )
    if as_json:
        print_json({"done": said, **found})
    else:
        for text in said:
            console().print(plain(text))
    return Code.GOOD


def _options(action: str) -> tuple[str, ...]:
    return {"prune": ("--older-than", "--dry-run"), "restore": ("--access",)}.get(action, ())


def _upgrade(settings: Settings) -> tuple[dict[str, Any], list[str]]:
    from segue.app.upkeep import upgrade_home

    return {}, upgrade_home(settings, warn)


def _prune(settings: Settings, age: str | None, dry_run: bool) -> tuple[dict[str, Any], list[str]]:
    from segue.app.pruning import count_old, prune_home

    if dry_run:
        old = count_old(settings, age)
        return asdict(old), [f"would remove {old.runs} runs and {old.logs} logs of {old.size:,} bytes"]
    gone = prune_home(settings, age, warn)
    files = gone.values.count + gone.staged.count
    size = gone.values.size + gone.staged.size
    found = {"runs": gone.runs, "logs": gone.logs, "values": files, "size": size}
    return found, [f"removed {gone.runs} runs, {gone.logs} logs, {files} stored values of {size:,} bytes"]


def _backup(settings: Settings, file: Path) -> tuple[dict[str, Any], list[str]]:
    import msgspec

    from segue.app.backup import backup_home

    made = backup_home(settings, file)
    manifest = made.manifest
    said = [
        f"{file}: {made.size:,} bytes, version {manifest.schema}, {manifest.dags} DAGs, {manifest.runs} runs, "
        f"{manifest.tasks} tasks"
    ]
    said += [f"{extra}: users and tokens" for extra in made.files[1:]]
    return {"files": [str(one) for one in made.files], "manifest": msgspec.to_builtins(manifest)}, said


def _restore(settings: Settings, file: Path | None, access: bool) -> tuple[dict[str, Any], list[str]]:
    import msgspec

    from segue.app.restoring import restore_home
    from segue.model.moment import iso_utc

    done = restore_home(settings, file, warn, access=access)
    manifest = done.manifest
    made = f", made {iso_utc(manifest.at)}" if manifest else ""
    said = [f"{file or settings.home} is restored{made}; every DAG is paused hard, nothing begins by itself"]
    if done.aside is not None:
        said.append(f"the database before it is {done.aside}")
    said += [*done.kept, *_told(done.left)]
    found = {
        "manifest": msgspec.to_builtins(manifest), "aside": None if done.aside is None else str(done.aside),
        "would_run": asdict(done.left),
    }  # fmt: skip
    return found, said


def _told(left: LeftOver) -> Iterator[str]:
    for run, state in left.runs[:_NAMED]:
        yield f"would go on: {run} ({state})"
    if len(left.runs) > _NAMED:
        yield f"would go on: {len(left.runs) - _NAMED} more, see `segue runs --state running` and `--state queued`"
    for dag, count, first, last in left.slots:
        many = f"1 interval, {first}" if count == 1 else f"{count} intervals, {first} to {last}"
        yield f"fell due since: {many} of {dag}"
    for number, dag, begun, total in left.backfills:
        yield f"would go on: backfill {number} of {dag}, {total - begun} of {total} runs not made yet"
    if left.runs or left.backfills:
        yield "what has been done since: `segue cancel RUN`, `segue backfills cancel ID`"
    yield "to go on: `segue up`, `segue unpause --all`: what fell due is left out, named, and run by `--run missed`"
