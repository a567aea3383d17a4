from __future__ import annotations

from collections.abc import Sequence

from segue.model.access import Subject
from segue.store.readers import Reader

__all__ = ["Subjects"]


class Subjects:
    """The DAGs as grants know them; what a version says of tags and owner is read once."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, Subject]] = {}

    def all(self, reader: Reader) -> Sequence[Subject]:
        """Every DAG, also those that no file declares any more."""
        found = {}
        for view in reader.dags():
            version, subject = self._known.get(view.dag, (-1, None))
            if subject is None or version != view.version:
                spec = reader.spec(view.dag, view.version)
                subject = Subject(view.dag, spec.location, spec.tags, spec.owner or "")
            found[view.dag] = (view.version, subject)
        self._known = found
        return [subject for _, subject in found.values()]

    def one(self, reader: Reader, dag: str) -> Subject | None:
        """One DAG, None where there is none of that id."""
        return next((subject for subject in self.all(reader) if subject.dag == dag), None)
