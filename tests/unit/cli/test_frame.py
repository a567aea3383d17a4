import pytest
from rich.console import Console

from segue.app.picture import Picture
from segue.cli.frame import live_frame, run_frame
from segue.model.changes import Expanded, RunCreated, RunMoved, TaskMoved
from segue.model.ids import Instant, RunKey
from segue.model.images import RunRow
from segue.model.spec import DagSpec, RetrySpec, Rules, TaskSpec
from segue.model.state import RunState, TaskState
from segue.model.why import Why

S = TaskState
SECOND = 1_000_000
NOW = Instant(60 * SECOND)


def lines_of(renderable, width=100):
    console = Console(width=width, color_system=None, highlight=False)
    with console.capture() as capture:
        console.print(renderable)
    return [line.rstrip() for line in capture.get().splitlines()]


def run_of(spec, n=1):
    return RunKey(spec.id, f"k{n}", 1)


def started(spec, *changes, n=1):
    run = run_of(spec, n)
    return [
        RunCreated(RunRow(run, f"r{n}", 1), Instant(0)),
        RunMoved(run, RunState.QUEUED, RunState.RUNNING, Instant(SECOND), Why("dispatched"), started=Instant(SECOND)),
        *changes,
    ]


DONE = Why("done")


def moved(spec, task, old, new, at, index=None, why=DONE, **more):
    return TaskMoved(run_of(spec), task, index, old, new, Instant(at * SECOND), why, **more)


def picture_of(spec, *changes):
    picture = Picture({spec.id: spec})
    picture.apply(started(spec, *changes))
    return picture


SMALL = DagSpec("small", (TaskSpec("extract"), TaskSpec("clean", Rules(RetrySpec(3))), TaskSpec("load")))
MANY = DagSpec("many", tuple(TaskSpec(f"t{k}") for k in range(5_000)))


def test_a_small_run_shows_every_task_in_order_with_words():
    picture = picture_of(
        SMALL,
        moved(SMALL, "extract", S.QUEUED, S.SUCCESS, 10, began=Instant(8 * SECOND)),
        moved(SMALL, "clean", S.QUEUED, S.RUNNING, 50, tries=1),
    )
    head, *rows = lines_of(live_frame(picture, NOW, 20))
    assert head == "small@k1  ● running  59.0 s  1 of 3 done"
    assert [row.split() for row in rows] == [
        ["✓", "extract", "done", "2.0", "s"],
        ["●", "clean", "running", "10.0", "s", "attempt", "2", "of", "4"],
        ["·", "load", "waiting"],
    ]


def test_a_delay_says_when_it_ends_and_why():
    why = Why("failed", ("ConnectionError: refused",))
    picture = picture_of(
        SMALL,
        moved(SMALL, "clean", S.QUEUED, S.UP_FOR_RETRY, 50, why=why, tries=1, not_before=Instant(72 * SECOND)),
    )
    assert "↻ clean" in lines_of(live_frame(picture, NOW, 20))[2]
    assert "again in 12.0 s: ConnectionError: refused" in lines_of(live_frame(picture, NOW, 20))[2]


def test_a_mapped_task_is_one_line_with_counts():
    done = [moved(SMALL, "clean", S.QUEUED, S.SUCCESS, 9, k, began=Instant(5)) for k in range(37)]
    busy = [moved(SMALL, "clean", S.QUEUED, S.RUNNING, 9, k) for k in (37, 38)]
    picture = picture_of(SMALL, Expanded(run_of(SMALL), "clean", 50, 1, Instant(1)), *done, *busy)
    frame = lines_of(live_frame(picture, NOW, 20))
    assert len(frame) == 4
    assert "clean    37/50 done, 2 running" in frame[2]


@pytest.mark.parametrize("height", [4, 8, 22])
def test_thousands_of_tasks_fit_in_the_height_and_what_is_left_out_is_counted(height):
    changes = [moved(MANY, f"t{k}", S.QUEUED, S.SUCCESS, 9, began=Instant(5)) for k in range(3_000)]
    changes += [moved(MANY, f"t{k}", S.QUEUED, S.RUNNING, 9) for k in (3_000, 3_001)]
    changes += [moved(MANY, "t4000", S.QUEUED, S.FAILED, 9, why=Why("failed", ("boom",)))]
    frame = lines_of(live_frame(picture_of(MANY, *changes), NOW, height))
    assert len(frame) <= height
    assert frame[0].endswith("3,001 of 5,000 done")
    assert "waiting" in frame[-1] and frame[-1].lstrip().startswith("…")


def test_what_runs_and_what_failed_is_shown_before_what_ended_well():
    changes = [moved(MANY, f"t{k}", S.QUEUED, S.SUCCESS, 9, began=Instant(5)) for k in range(3_000)]
    changes += [moved(MANY, "t4999", S.QUEUED, S.RUNNING, 9), moved(MANY, "t7", S.SUCCESS, S.FAILED, 9)]
    frame = lines_of(live_frame(picture_of(MANY, *changes), NOW, 8))
    shown = [line.split()[1] for line in frame[1:-1]]
    assert "t4999" in shown and "t7" in shown
    assert shown == sorted(shown, key=lambda name: int(name[1:]))


def test_many_runs_fit_in_the_height():
    picture = Picture({"small": SMALL})
    for n in range(40):
        picture.apply(started(SMALL, n=n))
    frame = lines_of(live_frame(picture, NOW, 24))
    assert len(frame) <= 24
    assert "more running" in frame[-1]


def test_runs_that_wait_for_their_turn_are_counted():
    picture = picture_of(SMALL)
    picture.apply([RunCreated(RunRow(run_of(SMALL, n), f"r{n}", 1), Instant(0)) for n in (2, 3)])
    assert lines_of(live_frame(picture, NOW, 24))[-1] == "0 of 3 runs done, 2 waiting"


def test_a_long_reason_is_cut_and_steers_nothing():
    why = Why("failed", ("boom \x1b[2J " + "x" * 500,))
    picture = picture_of(SMALL, moved(SMALL, "clean", S.QUEUED, S.FAILED, 50, why=why))
    frame = lines_of(run_frame(picture.runs[run_of(SMALL)], NOW, 10), width=60)
    assert len(frame) == 4 and all(len(line) <= 60 for line in frame)
    assert "\x1b" not in "".join(frame)


GROUPED = DagSpec(
    "grouped",
    (
        TaskSpec("begin"),
        TaskSpec("core.extract", group="core"),
        TaskSpec("core.load.rows", group="core.load"),
        TaskSpec("core.load.index", group="core.load"),
        TaskSpec("end"),
    ),
)


def test_a_group_is_one_line_while_there_is_nothing_to_say_about_it():
    picture = picture_of(GROUPED)
    names = [line.split()[1] for line in lines_of(run_frame(picture.runs[run_of(GROUPED)], NOW, 10))[1:]]
    assert names == ["begin", "core", "end"]


def test_a_group_is_opened_where_something_moves_and_its_quiet_groups_stay_folded():
    picture = picture_of(
        GROUPED,
        moved(GROUPED, "core.extract", S.QUEUED, S.RUNNING, 5),
        moved(GROUPED, "core.load.rows", S.QUEUED, S.SUCCESS, 5, began=Instant(SECOND)),
        moved(GROUPED, "core.load.index", S.QUEUED, S.SUCCESS, 9, began=Instant(SECOND)),
    )
    lines = lines_of(run_frame(picture.runs[run_of(GROUPED)], NOW, 10))[1:]
    assert [line.split()[1] for line in lines] == ["begin", "core.extract", "core.load", "end"]
    assert "2/2 done" in lines[2] and "8.0 s" in lines[2]
