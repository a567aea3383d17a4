"""A DAG that goes on under another id (SEMANTICS, "Identity is the id").

The definition that says `renamed_from` takes over all that is kept of that id, once: from then on the old id is
unknown, and whoever still declares it is told who has its history.
"""

from __future__ import annotations

from segue.engine.board import Board
from segue.model.changes import DagRenamed
from segue.model.errors import DefinitionError
from segue.model.spec import DagSpec

__all__ = ["former_id", "remember", "rename"]


def former_id(board: Board, spec: DagSpec) -> str | None:
    """The id that is known and that this DAG takes over now; None where it takes over none.

    Raises:
        DefinitionError: two DAGs want one history, or the old one cannot let it go yet.
    """
    board.disputed.pop(spec.id, None)
    try:
        _check_heirs(board, spec)
        old = spec.renamed_from
        if old is None or old not in board.dags:
            return None
        _check_move(board, old, spec.id)
    except DefinitionError as fault:
        board.disputed[spec.id] = f"DAG {spec.id}: {fault}"
        raise
    return old


def _check_heirs(board: Board, spec: DagSpec) -> None:
    heir = board.heirs.get(spec.id)
    if heir is not None and spec.id not in board.dags and heir != spec.renamed_from:
        raise DefinitionError(
            f"it was renamed to {_shown(board, heir)}, which has its history:"
            " take this declaration out, or give it another id"
        )
    other = board.heirs.get(spec.renamed_from or "")
    if other is not None and other != spec.id:
        raise DefinitionError(
            f"{_shown(board, other)} is renamed from {spec.renamed_from} too: only one can have its history"
        )


def _check_move(board: Board, old: str, new: str) -> None:
    dag = board.dags[old]
    if new in board.dags:
        raise DefinitionError(
            f"it cannot be renamed from {_shown(board, old)}: both have a history of their own;"
            " take renamed_from out, or give it an id that was never used"
        )
    if dag.quarantined is not None:
        raise DefinitionError(f"it is not renamed yet: {old} is quarantined: {dag.quarantined}")
    living = next((key for key in board.runs if key.dag == old), None)
    if living is not None:
        raise DefinitionError(f"it is not renamed from {old} yet: {living} has not ended; load it again then")


def _shown(board: Board, dag: str) -> str:
    return f"{dag} ({board.dags[dag].version.spec.file})"


def rename(board: Board, old: str, new: str) -> None:
    """Let a DAG go on under another id; no run of it is in memory."""
    board.changes.append(DagRenamed(old, new, board.now))
    board.dags[new] = board.dags.pop(old)
    board.agenda.rename(old, new)
    board.alarm.rename(old, new)
    board.crowded.pop(old, None)


def remember(board: Board, spec: DagSpec, before: DagSpec | None) -> None:
    """Keep who has whose history, as its newest version says; `before` is the version until now."""
    if before is not None and before.renamed_from and board.heirs.get(before.renamed_from) == before.id:
        del board.heirs[before.renamed_from]
    if spec.renamed_from is not None:
        board.heirs[spec.renamed_from] = spec.id
