"""What the definition child has read becomes versions of DAGs, and what no file declares any more is retired.

Identity is the id, not the file: a DAG that another file declares in the turn in which its own lets go of it has moved,
and its clock goes on. As long as its own file declares it, any other one is refused (SEMANTICS, "Identity is the id").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from segue.engine.board import Board, Dag
from segue.engine.renaming import former_id, remember, rename
from segue.model.acts import Deploy
from segue.model.changes import DefinitionFailed, SlotsForetold, TimingSet, VersionAdded
from segue.model.definition import Defined, Definition, FileError
from segue.model.errors import DefinitionError, Refused
from segue.model.images import Version
from segue.model.timing import Foretold, Timing
from segue.model.why import Why
from segue.schedule.planner import generation_of

__all__ = ["define", "deploy", "retire_gone"]


def define(board: Board, event: Defined, label: str = "") -> None:
    """Take in what one file declares; `label` is what the deploy that brings it is called."""
    faults = [_placed(event.file, error) for error in event.errors]
    for definition in event.definitions:
        try:
            _check_place(board, event, definition)
            _take(board, event, definition, label)
        except (DefinitionError, LookupError) as error:
            faults.append(f"DAG {definition.spec.id}: {error}")
    _note_gone(board, event)
    if faults:
        board.changes.append(DefinitionFailed(event.location, event.file, "\n".join(faults), board.now))
        for dag in board.dags.values():
            dag.failed = dag.failed or dag.place == (event.location, event.file)


def deploy(board: Board, wanted: Deploy) -> str:
    """Take all these files, or none.

    Raises:
        Refused: one cannot be read, or contradicts another one or what is known.
    """
    gone, disputed = dict(board.agenda.gone), dict(board.disputed)
    for file in wanted.files:
        _note_gone(board, file)
    faults = [*_twins(wanted.files), *(fault for file in wanted.files for fault in _faults(board, file))]
    if faults:
        board.agenda.gone, board.disputed = gone, disputed
        raise Refused("nothing is deployed: " + "; ".join(faults))
    for file in wanted.files:
        define(board, file, wanted.label)
    ids = sorted({one.spec.id for file in wanted.files for one in file.definitions})
    return " ".join(filter(None, ("deployed", ", ".join(ids), wanted.label and f"as {wanted.label}")))


def retire_gone(board: Board) -> None:
    """Stop the clocks of DAGs that no file has declared since theirs let go of them."""
    for name in board.agenda.gone:
        dag = board.dags[name]
        dag.timing = msgspec.structs.replace(dag.timing, retired=True)
        board.changes.append(TimingSet(name, dag.timing, board.now, Why("retired")))
    board.agenda.gone.clear()


def _note_gone(board: Board, event: Defined) -> None:
    for name in event.gone:
        dag = board.dags.get(name)
        if dag is not None and dag.place == (event.location, event.file) and not dag.timing.retired:
            board.agenda.gone[name] = None


# -------------------------------------------------------------------------------------------------------------- checks
def _check_place(board: Board, event: Defined, definition: Definition) -> None:
    """Refuse a second file that declares a DAG; whoever runs one file in the foreground means that file."""
    name, known = definition.spec.id, board.dags.get(definition.spec.id)
    if not board.agenda.planning or known is None or known.timing.retired or name in board.agenda.gone:
        return
    if known.place != (event.location, definition.spec.file):
        raise DefinitionError(
            f"{known.place[1]} declares it already, and so does {event.file}: give one of them another id"
        )


def _placed(file: str, error: FileError) -> str:
    """What is wrong, and in which line; the file too where it is another one than the one that was read."""
    if error.line is None:
        return error.message if error.file == file else f"{error.file}: {error.message}"
    return f"{f'line {error.line}' if error.file == file else f'{error.file}:{error.line}'}: {error.message}"


def _faults(board: Board, file: Defined) -> Iterator[str]:
    for error in file.errors:
        place = error.file if error.line is None else f"{error.file}:{error.line}"
        yield f"{place}: {error.message}" if error.dag is None else f"{place}: DAG {error.dag}: {error.message}"
    for definition in file.definitions:
        try:
            _check_place(board, file, definition)
            former_id(board, definition.spec)
        except DefinitionError as error:
            yield f"{file.file}: DAG {definition.spec.id}: {error}"


def _twins(files: Sequence[Defined]) -> Iterator[str]:
    """What these files want twice: an id, or the history of one."""
    ids: dict[str, str] = {}
    heirs: dict[str, str] = {}
    for file in files:
        for definition in file.definitions:
            name, old = definition.spec.id, definition.spec.renamed_from
            if ids.setdefault(name, file.file) != file.file:
                yield f"{ids[name]} and {file.file} both declare DAG {name}"
            if old is not None and heirs.setdefault(old, name) != name:
                yield f"DAG {heirs[old]} and DAG {name} ({file.file}) are both renamed from {old}"
    for old in heirs.keys() & ids.keys():
        yield f"DAG {heirs[old]} is renamed from {old}, which {ids[old]} declares"


# ------------------------------------------------------------------------------------------------------------ versions
def _take(board: Board, event: Defined, definition: Definition, label: str) -> None:
    spec = definition.spec
    former = former_id(board, spec)
    known = board.dags.get(former or spec.id)
    if known is None or not _is_same(known, event, definition):
        _add_version(board, event, definition, former, label)
    dag = board.dags[spec.id]
    foretold = _merged(dag, definition.foretold)
    if dag.foretold != foretold:
        dag.foretold, dag.clock = foretold, None
        board.changes.append(SlotsForetold(spec.id, dag.foretold, board.now))
    agenda = board.agenda
    for name in (spec.id, former or ""):
        agenda.gone.pop(name, None)
    agenda.unplanned[spec.id] = None
    if dag.timing.retired:
        agenda.returned.add(spec.id)
    if event.confirmed:
        agenda.confirmed.add(spec.id)


def _merged(dag: Dag, fresh: Foretold) -> Foretold:
    """What is foretold now, behind the slots that were foretold before and of which nothing is decided yet."""
    cursor = dag.timing.cursor
    if cursor is None or not fresh.slots or dag.timing.generation != generation_of(dag.version.spec):
        return fresh
    kept = tuple(slot for slot in dag.foretold.slots if cursor <= slot[0] < fresh.slots[0][0])
    return msgspec.structs.replace(fresh, slots=kept + fresh.slots)


def _is_same(known: Dag, event: Defined, definition: Definition) -> bool:
    version = known.version
    return (
        (version.spec_digest, version.code_digest) == (definition.spec_digest, definition.code_digest)
        and version.bundle == definition.bundle
        and not known.failed
        and known.place == (event.location, definition.spec.file)
    )


def _add_version(board: Board, event: Defined, definition: Definition, former: str | None, label: str) -> None:
    spec = definition.spec
    known = board.dags.get(former or spec.id)
    number = definition.number or 1
    if known is not None:
        version = known.version
        same = (version.spec_digest, version.code_digest) == (definition.spec_digest, definition.code_digest)
        number = definition.number or (version.number if same else known.highest + 1)
    fresh = Dag(Version(number, spec, definition.spec_digest, definition.code_digest, definition.bundle))
    fresh.place = (event.location, spec.file)
    stands = known is None and board.braked and all(dag.timing.hard for dag in board.dags.values())
    if known is not None:
        fresh.granted, fresh.waiting, fresh.aside, fresh.eased = known.granted, known.waiting, known.aside, known.eased
        fresh.timing, fresh.foretold = known.timing, known.foretold
        fresh.highest = max(fresh.highest, known.highest)
        if known.quarantined is not None:
            board.outdated = f"memory of quarantined DAG {spec.id} is read anew"
    if former is not None:
        rename(board, former, spec.id)
    remember(board, spec, known.version.spec if known else None)
    board.changes.append(VersionAdded(spec.id, fresh.version, event.location, board.now, label))
    if stands:  # the store is older than what has been: its former life may have run this DAG
        fresh.timing = Timing(paused=True, hard=True)
        board.changes.append(TimingSet(spec.id, fresh.timing, board.now, Why("restored")))
    board.dags[spec.id] = fresh
    board.crowded[spec.id] = None
    board.alarm.redefined[spec.id] = None
    board.queue.unblock(spec.id)
