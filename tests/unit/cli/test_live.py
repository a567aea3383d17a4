from rich.console import Console

from segue.app.picture import Picture
from segue.cli.live import LineScreen, LiveScreen, screen_for
from segue.model.changes import Expanded, RunCreated, RunMoved, TaskMoved
from segue.model.ids import Instant, RunKey
from segue.model.images import RunRow
from segue.model.spec import DagSpec, TaskSpec
from segue.model.state import RunState, TaskState
from segue.model.why import Why

S = TaskState
RUN = RunKey("d", "k", 1)
SPEC = DagSpec("d", (TaskSpec("a"), TaskSpec("m")), timezone="America/Los_Angeles")
NOON = 12 * 3600 * 1_000_000


DONE = Why("done")


def moved(task, old, new, at, index=None, why=DONE, **more):
    return TaskMoved(RUN, task, index, old, new, Instant(NOON + at), why, **more)


def run_moved(old, new, at, **more):
    return RunMoved(RUN, old, new, Instant(NOON + at), Why("culprits", ("a",)), **more)


def printed(*changes, spec=SPEC):
    console = Console(width=200, color_system=None, highlight=False)
    picture = Picture({"d": spec})
    screen = LineScreen(console, picture)
    picture.apply([RunCreated(RunRow(RUN, "r", 1), Instant(0))])
    with console.capture() as capture:
        screen.start()
        for change in changes:
            picture.apply([change])
            screen.committed([change])
        screen.stop()
    return [" ".join(line.split()) for line in capture.get().splitlines()]


def test_on_a_pipe_each_change_that_matters_is_a_line_in_the_zone_of_the_dag():
    assert printed(
        run_moved(RunState.QUEUED, RunState.RUNNING, 0, started=Instant(NOON)),
        moved("a", S.PENDING, S.QUEUED, 0),
        moved("a", S.QUEUED, S.SUCCESS, 2_000_000, began=Instant(NOON + 500_000)),
        run_moved(RunState.RUNNING, RunState.FAILED, 3_000_000, ended=Instant(NOON + 3_000_000)),
    ) == ["04:00:00 d@k ● running", "04:00:02 d@k a done 1.5 s", "04:00:03 d@k ✗ failed 3.0 s: a"]


def test_a_retry_is_a_line_with_its_reason():
    why = Why("retry", ("ValueError: boom", "2", "4", "30.0 s"))
    assert printed(moved("a", S.QUEUED, S.UP_FOR_RETRY, 0, why=why)) == [
        "04:00:00 d@k a ↻ retrying ValueError: boom; attempt 2 of 4 starts in 30.0 s"
    ]


def test_a_mapped_task_is_one_line_when_its_last_item_has_ended():
    items = [moved("m", S.QUEUED, S.SUCCESS, 0, k, began=Instant(NOON)) for k in range(50)]
    lines = printed(Expanded(RUN, "m", 50, 1, Instant(NOON)), *items)
    assert lines == ["04:00:00 d@k m 50 done 0 ms"]


def test_a_mapped_task_is_one_line_when_many_items_end_in_one_commit():
    console = Console(width=200, color_system=None, highlight=False)
    picture = Picture({"d": SPEC})
    picture.apply([RunCreated(RunRow(RUN, "r", 1), Instant(0)), Expanded(RUN, "m", 50, 1, Instant(NOON))])
    items = [moved("m", S.QUEUED, S.SUCCESS, 0, k, began=Instant(NOON)) for k in range(50)]
    with console.capture() as capture:
        picture.apply(items)
        LineScreen(console, picture).committed(items)
    assert len(capture.get().splitlines()) == 1


def test_an_item_that_fails_is_a_line_of_its_own():
    why = Why("failed", ("ValueError: boom",))
    lines = printed(Expanded(RUN, "m", 50, 1, Instant(NOON)), moved("m", S.QUEUED, S.FAILED, 0, 7, why=why))
    assert lines == ["04:00:00 d@k m[7] ✗ failed ValueError: boom"]


def test_of_thousands_of_tasks_every_tenth_part_is_a_line():
    many = DagSpec("d", tuple(TaskSpec(f"t{k}") for k in range(1_000)))
    ends = [moved(f"t{k}", S.QUEUED, S.SUCCESS, 0, began=Instant(NOON)) for k in range(1_000)]
    lines = printed(*ends, spec=many)
    assert len(lines) == 10 and lines[0].endswith("d@k 100 done, 900 waiting") and lines[-1].endswith("1,000 done")


def test_a_terminal_gets_a_live_frame_and_a_pipe_gets_lines():
    picture = Picture({})
    assert isinstance(screen_for(Console(force_terminal=True), picture, lambda: Instant(0)), LiveScreen)
    assert isinstance(screen_for(Console(force_terminal=False), picture, lambda: Instant(0)), LineScreen)


def test_the_live_frame_leaves_runs_that_ended_above_it():
    other = RunKey("d", "k2", 1)
    console = Console(width=100, force_terminal=True, color_system=None, legacy_windows=False)
    picture = Picture({"d": SPEC})
    picture.apply([RunCreated(RunRow(run, f"r{run.key}", 1), Instant(0)) for run in (RUN, other)])
    screen = LiveScreen(console, picture, lambda: Instant(NOON))
    end = run_moved(RunState.RUNNING, RunState.SUCCESS, 1, started=Instant(NOON - 5_000_000), ended=Instant(NOON))
    with console.capture() as capture:
        screen.start()
        picture.apply([end])
        screen.committed([end])
        screen.say("the disk is full")
        screen.stop()
    told = capture.get()
    assert "d@k  ✓ done  5.0 s" in told and "! the disk is full" in told
