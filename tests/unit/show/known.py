"""What `Reading` gives, made up: DAGs, where their clocks stand, how long their tasks took."""

from dataclasses import dataclass, field

from segue.model.errors import UsageError
from segue.model.spec import DagSpec
from segue.model.timing import Timing
from segue.model.views import DagView, RunDetail, RunView

__all__ = ["Known"]


@dataclass
class Known:
    """A home without a database."""

    specs: dict[str, DagSpec]
    timings: dict[str, Timing]
    spans: dict[str, dict[str, list[int]]]
    details: dict[str, RunDetail] = field(default_factory=dict)
    asked: int = 0

    def __post_init__(self) -> None:
        self.views = {
            name: DagView(name, 1, "", "", "", timing=self.timings.get(name, Timing())) for name in sorted(self.specs)
        }

    def dags(self) -> list[DagView]:
        return list(self.views.values())

    def dag(self, name: str) -> tuple[DagView, DagSpec]:
        if name not in self.views:
            raise UsageError(f"there is no DAG {name}")
        return self.views[name], self.specs[name]

    def newest(self, view: DagView) -> DagSpec:
        return self.specs[view.dag]

    def spec(self, view: RunView) -> DagSpec:
        return self.specs[view.run.dag]

    def detail(self, view: RunView) -> RunDetail:
        return self.details[str(view.run)]

    def durations(self, dag: str) -> dict[str, list[int]]:
        self.asked += 1
        return self.spans.get(dag, {})
