"""For tests of pipelines: run a DAG in process, repeat it, kill it, simulate trouble, make contexts and clocks.

Each name is loaded when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segue.testing.clock import FakeClock
    from segue.testing.contexts import context
    from segue.testing.drill import Drill, kill_drill
    from segue.testing.result import Result
    from segue.testing.running import execute_dag, run
    from segue.testing.simulation import Simulated, simulate
    from segue.testing.twice import Twice, run_twice

_HOMES = {
    "segue.testing.clock": ("FakeClock",),
    "segue.testing.contexts": ("context",),
    "segue.testing.drill": ("Drill", "kill_drill"),
    "segue.testing.result": ("Result",),
    "segue.testing.running": ("execute_dag", "run"),
    "segue.testing.simulation": ("Simulated", "simulate"),
    "segue.testing.twice": ("Twice", "run_twice"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Drill",
    "FakeClock",
    "Result",
    "Simulated",
    "Twice",
    "context",
    "execute_dag",
    "kill_drill",
    "run",
    "run_twice",
    "simulate",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'segue.testing' has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
