"""`python -m bench.million`: what a page costs where a year of history lies: 1,000,000 task rows in a SQLite file.

The file is filled by SQL in bulk, as the writer would leave it: a DAG of 200 tasks, one with a map over 10,000 items,
a hundred small ones, and what has not ended. Every question of the reading side is asked as a web process asks it.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from segue.model.ids import Instant, RunKey
from segue.model.pages import AlertQuery, AttemptQuery, AuditQuery, EventQuery, SlotQuery, place_of_run
from segue.model.spec import DagSpec, TaskSpec, encode_spec
from segue.model.state import AttemptState, RunState, SlotState
from segue.model.views import RunQuery
from segue.model.why import Why
from segue.store.sqlite import SqliteReader, open_writer
from segue.store.sqlite.connection import open_driver

HOUR: Final = 3_600_000_000
START: Final = 1_740_000_000_000_000
NOW: Final = Instant(START + 9_000 * HOUR)
WIDE: Final = "wide"
MAPPED: Final = "mapped"
_encode: Final = msgspec.msgpack.encode
_WHY: Final = _encode(Why("done"))


def fill(path: Path, rows: int = 1_000_000) -> None:
    """Make a database of about so many task rows."""
    path.unlink(missing_ok=True)
    open_writer(path, Instant(START)).close()
    database = open_driver(path.absolute().as_uri())
    database.execute("PRAGMA synchronous=OFF")
    database.execute("PRAGMA cache_size=-200000")
    database.execute("BEGIN")
    scale = rows / 1_000_000
    runs = iter(range(1, 10**9))
    plans = [(WIDE, 200, int(1_000 * scale), 0), (MAPPED, 3, int(10 * scale), 10_000)]
    plans += [(f"small_{number:03}", 10, int(700 * scale), 0) for number in range(100)]
    _define(database, plans)
    # In turn by time, as schedules make them: the runs of one DAG lie apart.
    turns = sorted((number / count, dag, number) for dag, _, count, _ in plans for number in range(count))
    shapes = {dag: (tasks, items) for dag, tasks, _, items in plans}
    last = {dag: count - 1 for dag, _, count, _ in plans}
    for part, dag, number in turns:
        _add_run(database, next(runs), dag, number, shapes[dag], START + int(part * 8_900 * HOUR), number == last[dag])
    _rest(database)
    database.execute("COMMIT")
    database.close()


def _define(database: Any, plans: Iterable[tuple[str, int, int, int]]) -> None:
    for dag, tasks, _, _ in plans:
        spec = DagSpec(dag, tuple(TaskSpec(f"task_{number:03}") for number in range(tasks)), file=f"{dag}.py")
        database.execute("INSERT INTO dags (dag_id, location, file, version, bundle) VALUES (?,'','',1,'b')", (dag,))
        database.execute(
            "INSERT INTO versions (dag, spec_digest, code_digest, number, spec, created) VALUES (?,'s','c',1,?,?)",
            (dag, encode_spec(spec), START),
        )


def _add_run(
    database: Any, run: int, dag: str, number: int, shape: tuple[int, int], at: int, is_open: bool
) -> None:  # fmt: skip
    tasks, items = shape
    failed = number % 17 == 0
    state = "running" if is_open else "failed" if failed else "success"
    culprits = ((("task_001"), "ConnectionError: shop" if number % 3 else "disk full"),) if failed else ()
    database.execute(
        "INSERT INTO runs (id, dag, key, n, request_id, slot_start, slot_end, kind, class, version, bundle,"
        " environment, params, actor, reason, state, round, placed, why, culprits, due, created, started, ended,"
        " placed_at) VALUES (?,?,?,1,?,?,?,'scheduled',1,1,'b','',x'','','',?,1,0,?,?,?,?,?,?,?)",
        (
            run, dag, f"k{number}", f"r{run}", at - HOUR, at, state, _WHY, _encode(culprits), at, at, at,
            None if is_open else at + (number % 97 + 1) * 60_000_000, at,
        ),
    )  # fmt: skip
    rows = list(_tasks(tasks, items, failed, is_open))
    database.executemany(
        "INSERT INTO tasks (run, task_id, map_index, state, round, tries, losses, platform, why, number, expanded,"
        " marked, started, ended, digest, inline) VALUES (?,?,?,?,1,1,0,0,?,1,?,0,?,?,?,?)",
        ((run, *row, _WHY, expanded, at, at + 5, b"d" * 16, b"v" * 40) for *row, expanded in rows),
    )
    database.executemany(
        "INSERT INTO attempts (run, task_id, map_index, number, round, fence, state, cause, text, worker, peak_rss,"
        " cpu, created, started, ended) VALUES (?,?,?,1,1,?,?,?,'','w1',90000000,120000,?,?,?)",
        (
            (run, task, index, b"f" * 16, state if state in ("queued", "running", "failed") else "success",
             "OSError" if state == "failed" else "", at, at + 1_000, at + 60_000_000)
            for task, index, state, _ in rows
        ),
    )  # fmt: skip
    moves = [(at, "run", None, None, None, "queued"), (at, "run", None, None, "queued", "running")]
    for task, index, state, _ in rows:
        steps = ("pending", "queued", "running", state)
        moves += [(at + 9, "task", task, index, old, new) for old, new in zip(steps, steps[1:], strict=False)]
    database.executemany(
        "INSERT INTO events (at, epoch, kind, dag, run, task_id, map_index, old, new, why_code, actor)"
        " VALUES (?,1,?,?,?,?,?,?,?,'done','')",
        ((when, kind, dag, run, *rest) for when, kind, *rest in moves),
    )
    database.execute(
        "INSERT INTO slots (dag, slot_start, slot_end, last_run, state, version, scheduled) VALUES (?,?,?,?,?,1,1)",
        (dag, at - HOUR, at, f"{dag}@k{number}", "failed" if failed else "fresh"),
    )


def _tasks(count: int, items: int, failed: bool, is_open: bool) -> Iterator[tuple[str, int, str, int | None]]:
    for number in range(count):
        state = "failed" if failed and number == 1 else "queued" if is_open and number > count // 2 else "success"
        expanded = items if items and number == 1 else None
        yield f"task_{number:03}", -1, "pending" if expanded else state, expanded
        for index in range(expanded or 0):
            yield f"task_{number:03}", index, state, None


def _rest(database: Any) -> None:
    database.executemany(
        "INSERT INTO audit (at, actor, act, ok, target, dag, run, task, old, new, what, reason, request, parent,"
        " answer) VALUES (?,?,'CancelRun',1,?,?,?,'','','',?,'','','','done')",
        (
            (START + number * HOUR // 10, f"user{number % 9}", f"run {number}", f"small_{number % 100:03}",
             f"small_{number % 100:03}@k{number}", _encode(()))
            for number in range(50_000)
        ),
    )  # fmt: skip
    database.executemany(
        "INSERT INTO alerts VALUES (?,'failed',?,?,?,?,NULL,NULL,'','','','text',?,'',?,?,'',0)",
        (
            (f"small_{number % 100:03}@k{number}", START, START + number * HOUR, START, f"small_{number % 100:03}",
             _encode(()), _encode(()), _encode(()))
            for number in range(5_000)
        ),
    )  # fmt: skip


def questions(read: SqliteReader) -> dict[str, Callable[[], object]]:
    """What is asked, by name."""
    some = frozenset(f"small_{number:03}" for number in range(0, 100, 3))
    deep = place_of_run(read.runs(RunQuery(limit=1000))[-1])
    newest = read.last_event()
    day = (Instant(NOW - 1_000 * HOUR), Instant(NOW - 976 * HOUR))
    failed = (RunState.FAILED,)
    return {
        "grid, 365 runs x 200 tasks": lambda: read.grid(WIDE),
        "grid of a map of 10,000": lambda: read.grid(MAPPED),
        "runs": lambda: read.runs(),
        "runs, the 21st page": lambda: read.runs(RunQuery(seen=deep)),
        "runs, oldest first": lambda: read.runs(RunQuery(sort="oldest")),
        "runs, longest first": lambda: read.runs(RunQuery(sort="longest")),
        "runs, failed": lambda: read.runs(RunQuery(states=failed)),
        "runs of a DAG": lambda: read.runs(RunQuery(dag=WIDE)),
        "runs of a glob, failed": lambda: read.runs(RunQuery(dag="small_0*", states=failed)),
        "runs that 33 DAGs have": lambda: read.runs(RunQuery(dags=some)),
        "runs, cancelled (none)": lambda: read.runs(RunQuery(states=(RunState.CANCELLED,))),
        "runs of a day, failed": lambda: read.runs(RunQuery(since=day[0], until=day[1], states=failed)),
        "runs since half a year": lambda: read.runs(RunQuery(since=Instant(START + 4_000 * HOUR), states=failed)),
        "runs by error": lambda: read.runs(RunQuery(error="disk*")),
        "runs by error (none)": lambda: read.runs(RunQuery(error="*nothing*")),
        "runs by kind (none)": lambda: read.runs(RunQuery(kinds=("manual",))),
        "marks of all DAGs": lambda: read.marks(count=10),
        "attempts of a DAG and day": lambda: read.attempt_page(AttemptQuery(WIDE, *day)),
        "attempts of a DAG and day, failed": lambda: read.attempt_page(
            AttemptQuery(WIDE, *day, states=(AttemptState.FAILED,))
        ),
        "events": lambda: read.event_page(EventQuery()),
        "events of a DAG": lambda: read.event_page(EventQuery(frozenset((MAPPED,)))),
        "events that 33 DAGs have": lambda: read.event_page(EventQuery(some)),
        "events of a kind (none)": lambda: read.event_page(EventQuery(kinds=("quarantined",))),
        "events of a kind and DAG": lambda: read.event_page(EventQuery(frozenset((WIDE,)), ("run",))),
        "events, the tail": lambda: read.event_page(EventQuery(after=newest - 100)),
        "slots of a DAG": lambda: read.slot_page(SlotQuery(WIDE, (SlotState.FAILED,))),
        "alerts": lambda: read.alert_page(AlertQuery()),
        "alerts that 33 DAGs have": lambda: read.alert_page(AlertQuery(some)),
        "audit": lambda: read.audit(AuditQuery()),
        "audit that 33 DAGs have": lambda: read.audit(AuditQuery(some)),
        "audit of nobody": lambda: read.audit(AuditQuery(actor="nobody")),
        "versions": lambda: read.versions(WIDE),
        "load": lambda: read.load(Instant(NOW - 200 * HOUR)),
        "pulses": lambda: read.pulses(),
        "ends of a day": lambda: read.ends(day[0], 5_000),
        "one run of 200 tasks": lambda: read.run(RunKey(WIDE, "k500", 1)),
        "DAGs": lambda: read.dags(),
        "pools": lambda: read.pools(),
    }


def measure(read: SqliteReader, repeats: int, words: Iterable[str] = ()) -> Iterator[tuple[str, float, float, float]]:
    """Name, p50 and p99 of every question, and the processor's time of one, in milliseconds."""
    for name, ask in questions(read).items():
        if any(words) and not any(word in name for word in words):
            continue
        ask()
        spans = []
        busy = time.thread_time()
        for _ in range(repeats):
            began = time.perf_counter()
            ask()
            spans.append((time.perf_counter() - began) * 1_000)
        busy = (time.thread_time() - busy) * 1_000 / repeats
        yield name, statistics.median(spans), statistics.quantiles(spans, n=100, method="inclusive")[98], busy


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(prog="python -m bench.million", description=__doc__)
    parser.add_argument("path", type=Path, help="the file; filled where there is none")
    parser.add_argument("words", nargs="*", help="ask what has one of these words in its name (all)")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=50)
    chosen = parser.parse_args()
    if not chosen.path.exists():
        fill(chosen.path, chosen.rows)
    read = SqliteReader(chosen.path, time.monotonic, limit=10.0)  # what would be cut is to be seen
    print("| question | p50 | p99 | processor |\n|---|---|---|---|")
    for name, median, last, busy in measure(read, chosen.repeats, chosen.words):
        print(f"| {name} | {median:.1f} ms | {last:.1f} ms | {busy:.1f} ms |", flush=True)
    read.close()


if __name__ == "__main__":
    main()
