"""Which of the objects that a body names the caller may act on.

What may be seen and not acted on is refused by name; what may not be seen is as if it did not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from segue.model.access import Role, Subject
from segue.model.api.outcomes import Refusal
from segue.model.errors import Forbidden, NotFound, SegueError, UsageError
from segue.show.access.deciding import decide
from segue.show.api.visiting import Visit

__all__ = ["MOST_NAMED", "MOST_SELECTED", "Reach", "Reached", "check_choice"]

MOST_NAMED: Final = 1_000
"""Objects that one body may name."""

MOST_SELECTED: Final = 10_000
"""Objects that one selection may mean."""

_Object = TypeVar("_Object")


@dataclass(frozen=True, slots=True)
class Reached(Generic[_Object]):
    """Objects that may be acted on, and what is left out of those that were meant.

    Args:
        objects: with the names by which they were meant.
        refused: those that are left out, and why.
        selection: its words, empty where objects were named.
    """

    objects: tuple[_Object, ...]
    refused: tuple[Refusal, ...] = ()
    selection: str = ""


@dataclass(frozen=True, slots=True)
class Reach:
    """How far the caller reaches; the DAGs are read once.

    Args:
        visit: of the caller.
        role: that acting needs.
    """

    visit: Visit
    role: Role = Role.OPERATOR
    _subjects: dict[str, Subject] = field(default_factory=dict)

    def barred(self, dag: str) -> NotFound | Forbidden | None:
        """Why a DAG cannot be acted on; None: it can."""
        if decide(self.visit.principal, self.role, None):
            return None
        if not self._subjects:
            with self.visit.read() as reader:
                self._subjects.update({one.dag: one for one in self.visit.subjects.all(reader)})
        return self.visit.barred(self.role, dag, self._subjects.get(dag))

    def named(
        self, what: str, names: Sequence[str], find: Callable[[str], _Object], dag_of: Callable[[_Object], str]
    ) -> Reached[_Object]:
        """The objects of these names.

        Args:
            what: they are, in one word.
            names: as the body has them.
            find: gives an object; raises NotFound where there is none.
            dag_of: the DAG that an object belongs to.

        Raises:
            NotFound: there is none of them, as far as the caller can see.
            Forbidden: none of them may be acted on.
        """
        found: list[_Object] = []
        barred: dict[str, SegueError] = {}
        for name in dict.fromkeys(names):
            try:
                one = find(name)
            except NotFound as why:
                barred[name] = why if self.visit.seen() is None else NotFound(f"there is no {what} {name}")
                continue
            why_not = self.barred(dag_of(one))
            if isinstance(why_not, NotFound):
                barred[name] = NotFound(f"there is no {what} {name}")
            elif why_not is not None:
                barred[name] = why_not
            elif one not in found:
                found.append(one)
        if not found:
            raise next((why for why in barred.values() if isinstance(why, Forbidden)), next(iter(barred.values())))
        self._note(barred)
        return Reached(tuple(found), tuple(Refusal(name, str(why)) for name, why in barred.items()))

    def selected(
        self,
        objects: Iterable[_Object],
        dag_of: Callable[[_Object], str],
        name_of: Callable[[_Object], str],
        words: str,
    ) -> Reached[_Object]:
        """What of a selection may be acted on.

        Args:
            objects: that the selection means.
            dag_of: the DAG that an object belongs to.
            name_of: its name.
            words: of the selection.

        Raises:
            Forbidden: some may be seen, and none acted on.
            UsageError: they are too many.
        """
        found: list[_Object] = []
        barred: dict[str, SegueError] = {}
        for one in objects:
            why = self.barred(dag_of(one))
            if why is None:
                found.append(one)
            elif isinstance(why, Forbidden):
                barred[name_of(one)] = why
        if barred and not found:
            raise next(iter(barred.values()))
        if len(found) > MOST_SELECTED:
            raise UsageError(f"{words} means {len(found):,} objects, {MOST_SELECTED:,} are the most: narrow it down")
        self._note(barred)
        return Reached(tuple(found), tuple(Refusal(name, str(why)) for name, why in barred.items()), words)

    def _note(self, barred: dict[str, SegueError]) -> None:
        """Of what is refused inside of an answer that is otherwise good only this knows."""
        visit = self.visit
        for name, why in barred.items():
            visit.doors.gate.deny(visit.actor, name, str(why), visit.now, visit.address)


def check_choice(names: Sequence[str], selected: bool, what: str) -> None:
    """Refuse a body that names objects and selects them too, or does neither.

    Args:
        names: of objects.
        selected: whether a selection is given.
        what: the key of the names.

    Raises:
        UsageError: it does, or it names too many.
    """
    if bool(names) is selected:
        raise UsageError(f"say which: either `{what}`, a list of names, or `select`")
    if len(names) > MOST_NAMED:
        raise UsageError(f"`{what}` names {len(names):,}, {MOST_NAMED:,} are the most: `select` can mean more")
