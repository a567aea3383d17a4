from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Edge", "GraphPage", "Grid", "GridColumn", "GridRow", "Group", "Node"]


@dataclass(frozen=True, slots=True)
class Node:
    """One task of a graph.

    Attributes:
        state: in the run that is laid over it, empty where there is none; of a mapped task what matters most in it.
        counts: of a mapped task, how many items stand in each state.
        blast: it lies downstream of what has failed or is held.
        why: the sentence of its state.
        started_at: when it began, as long as it runs.
    """

    id: str
    kind: str
    group: str = ""
    mapped: bool = False
    role: str | None = None
    state: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    seconds: float | None = None
    blast: bool = False
    why: str = ""
    started_at: str | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """From one task to another: *data*, or *order* alone."""

    source: str
    target: str
    sort: str


@dataclass(frozen=True, slots=True)
class Group:
    """A group of tasks; `parent` is the group it lies in, empty for none."""

    id: str
    parent: str
    tasks: int


@dataclass(frozen=True, slots=True)
class GraphPage:
    """The graph of a DAG, nodes upstream first, with the state of a run where one is asked for.

    Attributes:
        digest: the same for the same nodes, edges and groups: a layout may be kept under it.
    """

    dag_id: str
    version: int
    digest: str
    run_id: str | None = None
    state: str = ""
    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    groups: tuple[Group, ...] = ()


@dataclass(frozen=True, slots=True)
class GridRow:
    """One row of a grid; `gone`: only older versions have this task."""

    task_id: str
    group: str = ""
    kind: str = "task"
    mapped: bool = False
    gone: bool = False


@dataclass(frozen=True, slots=True)
class GridColumn:
    """One run of a grid.

    Attributes:
        codes: the state of each row in order, one letter of `Grid.letters` each; `.`: it has no such task.
        items: of mapped tasks, row number and how many items stand in each state.
    """

    run_id: str
    number: int
    state: str
    kind: str
    key: str
    created_at: str
    started_at: str | None
    seconds: float | None
    version: int
    codes: str
    items: tuple[tuple[int, dict[str, int]], ...] = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """Runs × tasks, the newest run first.

    Attributes:
        letters: the state that each letter of `codes` means.
        next: the cursor of older runs, None at the end.
    """

    dag_id: str
    letters: dict[str, str]
    rows: tuple[GridRow, ...] = ()
    columns: tuple[GridColumn, ...] = ()
    next: str | None = None
