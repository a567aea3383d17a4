"""What the definition child has read becomes versions of DAGs."""

from __future__ import annotations

from segue.engine.board import Board, Dag
from segue.engine.renaming import former_id, remember, rename
from segue.model.acts import Deploy
from segue.model.changes import DefinitionFailed, VersionAdded
from segue.model.definition import Defined, Definition
from segue.model.errors import DefinitionError
from segue.model.images import Version

__all__ = ["define", "deploy"]


def define(board: Board, event: Defined) -> None:
    """Take in what one file declares."""
    faults = [error.message for error in event.errors]
    for definition in event.definitions:
        try:
            _add_version(board, event.location, definition)
        except (DefinitionError, LookupError) as error:
            faults.append(f"DAG {definition.spec.id}: {error}")
    if faults:
        board.changes.append(DefinitionFailed(event.location, event.file, "\n".join(faults), board.now))


def deploy(board: Board, wanted: Deploy) -> str:
    """Take all these files, or none."""
    for file in wanted.files:
        define(board, file)
    return f"{len(wanted.files)} files"


def _add_version(board: Board, location: str, definition: Definition) -> None:
    spec = definition.spec
    former = former_id(board, spec)
    known = board.dags.get(former or spec.id)
    number = definition.number or 1
    if known is not None:
        version = known.version
        same = (version.spec_digest, version.code_digest) == (definition.spec_digest, definition.code_digest)
        if same and version.bundle == definition.bundle:
            return
        number = definition.number or (version.number if same else known.highest + 1)
    fresh = Dag(Version(number, spec, definition.spec_digest, definition.code_digest, definition.bundle))
    if known is not None:
        fresh.granted, fresh.waiting, fresh.eased = known.granted, known.waiting, known.eased
        fresh.timing = known.timing
        fresh.highest = max(fresh.highest, known.highest)
        if known.quarantined is not None:
            board.outdated = f"memory of quarantined DAG {spec.id} is read anew"
    if former is not None:
        rename(board, former, spec.id)
    remember(board, spec, known.version.spec if known else None)
    board.changes.append(VersionAdded(spec.id, fresh.version, location, board.now))
    board.dags[spec.id] = fresh
    board.crowded[spec.id] = None
    board.agenda.unplanned[spec.id] = None
    board.alarm.redefined[spec.id] = None
    board.queue.unblock(spec.id)
