"""What `next`, `forecast` and `simulate` print."""

import pytest
from rich.console import Console

from segue.app.past import Past, Played
from segue.cli.forecast import tell_dag, tell_dags
from segue.cli.next import told_clocks
from segue.cli.output import about, minute
from segue.cli.past import tell_past
from segue.cli.simulate import tell_month
from segue.engine.month import Faults, Play, play
from segue.model.ids import Instant
from segue.model.images import DagImage, Version
from segue.model.moment import DAY, parse_moment
from segue.model.spec import DagSpec, MapSpec, Over, Rules, TaskSpec
from segue.model.state import RunState
from segue.model.timing import Timing
from segue.schedule.declare import daily, hourly
from segue.show.outlook import clocks_of, forecasts_of
from tests.unit.show.known import Known

ZONE = "America/Los_Angeles"
MINUTE = 60_000_000
NOW = parse_moment("2026-04-20T13:20", ZONE)
SEEN = Timing(enabled=Instant(NOW - 9 * DAY))
TASKS = (
    TaskSpec("extract"), TaskSpec("prices"), TaskSpec("join", data=("extract", "prices")),
    TaskSpec("load", Rules(deadline=80 * MINUTE), data=("join",), mapped=MapSpec("zip", (Over("x", "join"),))),
    TaskSpec("publish", after=("load",)),
)  # fmt: skip
SPANS = {
    "extract": [30 * MINUTE] * 8 + [60 * MINUTE] * 2,
    "prices": [5 * MINUTE] * 10,
    "join": [10 * MINUTE] * 10,
    "load": [10 * MINUTE] * 80,
}


def orders(**options):
    return DagSpec("orders", TASKS, schedule=daily(at="02:00").to_data(), timezone=ZONE, **options)


def clicks():
    return DagSpec("clicks", (TaskSpec("all"),), schedule=hourly(at=":10").to_data())


def home(*specs, **timings):
    timed = {spec.id: timings.get(spec.id, SEEN) for spec in specs}
    return Known({spec.id: spec for spec in specs}, timed, {"orders": SPANS, "clicks": {"all": [70 * MINUTE] * 5}})


def printed(tell, *given, width=110, **more):
    console = Console(width=width, color_system=None, highlight=False)
    with console.capture() as capture:
        tell(console, *given, **more)
    return [line.rstrip() for line in capture.get().splitlines()]


def test_next_is_a_table_in_each_dags_own_zone():
    lines = printed(told_clocks, clocks_of(home(orders(), clicks()), NOW), NOW, whole=False)
    assert lines == [
        "  due                         in  DAG     covers",
        "  2026-04-20 21:10Z          50m  clicks  2026-04-20T20:00",
        "  2026-04-21 02:00-07:00  12h40m  orders  2026-04-20",
    ]


def test_a_day_with_many_runs_of_a_dag_is_one_line():
    lines = printed(told_clocks, clocks_of(home(clicks()), NOW, days=2), NOW, whole=True)
    assert [line.split()[-2:] for line in lines[1:]] == [
        ["clicks", "2026-04-20T20:00"], ["clicks", "2026-04-20T21:00"], ["clicks", "2026-04-20T22:00"],
        ["24", "intervals"], ["21", "intervals"],
    ]  # fmt: skip
    assert "2026-04-21 00:10Z .. 23:10" in lines[4]


def test_what_does_not_run_by_itself_stands_below():
    specs = (
        orders(),
        clicks(),
        DagSpec("tool"),
        DagSpec("old", schedule=daily().to_data()),
        DagSpec("new", schedule=daily().to_data()),
    )
    timings = {
        "clicks": Timing(enabled=NOW, paused=True, until=Instant(NOW + DAY)),
        "orders": Timing(enabled=NOW, paused=True),
        "old": Timing(retired=True), "new": Timing(),
    }  # fmt: skip
    lines = printed(told_clocks, clocks_of(home(*specs, **timings), NOW), NOW, whole=False)
    assert [line.split() for line in lines[1:]] == [
        ["2026-04-21", "00:00Z", "3h40m", "new", "2026-04-20", "not", "seen"],
        ["2026-04-21", "21:10Z", "1d00h", "clicks", "2026-04-21T20:00", "after", "its", "pause"],
        [], ["‖", "paused", "orders"], ["·", "by", "hand", "tool"], ["▫", "retired", "old"],
        [],
        ["no", "scheduler", "has", "planned", "for", "what", "is", "*not", "seen*", "yet:", "`segue", "up`", "does"],
    ]  # fmt: skip


def test_what_waits_for_room_is_counted():
    clock = Timing("", parse_moment("2026-04-17", ZONE), parse_moment("2026-04-20", ZONE), SEEN.enabled)
    lines = printed(told_clocks, clocks_of(home(orders(), orders=clock), NOW), NOW, whole=False)
    assert lines[1].endswith("3 due already, waiting for room")
    idle = printed(told_clocks, clocks_of(home(orders()), NOW - DAY, days=1), NOW, whole=True)
    assert len(idle) == 2


def test_a_forecast_of_one_dag_shows_its_tasks_on_a_line_of_time():
    lines = printed(tell_dag, forecasts_of(home(orders(deadline_at=3 * 60)), NOW, "orders")[0])
    assert lines == [
        "orders  median 1 h 00 min, p90 1 h 30 min, from 10 good runs",
        "",
        "  task     median    p90  items",
        "  extract     30m  1h00m         █████████████░░░░░░░░░░░░░░",
        "  prices       5m     5m         ██",
        "  join        10m    10m                      █████░░░░░░░░░░░░░",
        "  load        10m    10m      8                    █████████░░░░░░░░░░░░░",
        "  publish       –      –",
        "",
        "  critical path  extract → join → load",
        "  unknown        publish: never succeeded, counted as nothing",
        "  next run       due 2026-04-21 02:00-07:00, ends about 03:00, at p90 03:30",
        "  deadline       2026-04-21 03:00-07:00  ~ at risk",
        "  deadline       load 2026-04-21 03:20-07:00  ~ at risk",
    ]


def test_a_forecast_of_all_says_what_is_at_risk_and_what_queues_up():
    lines = printed(tell_dags, forecasts_of(home(orders(), clicks(), DagSpec("tool", (TaskSpec("x"),))), NOW))
    assert lines == [
        "  DAG     median    p90  next due                ends about  deadline",
        "  clicks   1h10m  1h10m  2026-04-20 21:10Z       22:20",
        "  orders   1h00m  1h30m  2026-04-21 02:00-07:00  03:00       ~ at risk (load)",
        "  tool         –      –",
        "",
        "  ! clicks takes longer than its interval of 1h00m: its runs queue up",
    ]


def test_without_history_a_forecast_says_so():
    lines = printed(tell_dag, forecasts_of(Known({"orders": orders()}, {"orders": SEEN}, {}), NOW)[0])
    assert lines == ["orders  no task of it has succeeded yet: nothing to go by"]


def test_a_play_prints_a_line_for_each_dag_what_was_late_and_when_workers_were_busy():
    spec = DagSpec("clicks", (TaskSpec("all"),), schedule=hourly().to_data(), deadline=80 * MINUTE)
    quiet = DagSpec("quiet", (TaskSpec("all"), TaskSpec("new")), schedule=daily().to_data())
    images = tuple(DagImage(one.id, Version(1, one)) for one in (spec, quiet))
    start = parse_moment("2026-04-01T12:00", "UTC")
    spans = {"clicks": {"all": [90 * MINUTE]}, "quiet": {"all": [MINUTE]}}
    what = Play(images, start, Instant(start + 2 * DAY), spans, 1, faults=Faults())
    lines = printed(tell_month, what, play(what), "UTC", width=120)
    assert lines[0] == "  2026-04-01 12:00Z to 2026-04-03 12:00Z, 1 worker, seed 0"
    head, first, second = (line.split() for line in lines[2:5])
    assert head == ["DAG", "runs", "late", "failed", "waited", "longest", "missing", "median", "p90"]
    assert (first[0], int(first[2]) > 30, first[3], first[-2:]) == ("clicks", True, "·", ["1h30m", "1h30m"])
    assert second[:7] == ["quiet", "2", "·", "·", "·", "·", "·"]
    assert lines[6] == "  ✗ late  clicks@2026-04-01T12:00  ended 10m after 2026-04-01 14:20Z"
    assert sum("✗ late" in line for line in lines) == 10
    assert any(line.startswith("    … ") and line.endswith(" more") for line in lines)
    hours, busy, waiting, days = lines[-7:-3]
    assert hours.split() == ["0", "3", "6", "9", "12", "15", "18", "21"]
    assert busy.startswith("  in use     █") and waiting.startswith("  waiting    ")
    assert days.endswith("04-01 to 04-03")
    assert lines[-2:] == ["  clicks: 2 not ended", "  never succeeded, taken to last a minute: quiet/new"]


def test_a_past_prints_how_many_runs_of_each_dag_stand_where():
    start = parse_moment("2026-04-01T12:00", "UTC")
    what = Past((), start, Instant(start + 2 * DAY), {}, 3, 4)
    runs = {"clicks": {RunState.SUCCESS: 1_047, RunState.QUEUED: 1}, "quiet": {RunState.FAILED: 1}}
    lines = printed(tell_past, what, Played(runs, 2_000, 9_000), "UTC")
    assert lines[0] == "  2026-04-01 12:00Z to 2026-04-03 12:00Z, 4 workers, seed 3"
    assert [line.split() for line in lines[2:]] == [
        ["DAG", "runs", "queued", "success", "failed"],
        ["clicks", "1,048", "1", "1,047", "·"],
        ["quiet", "1", "·", "·", "1"],
    ]


def test_a_quiet_play_says_that_nothing_waits():
    spec = DagSpec("quiet", (TaskSpec("all"),), schedule=daily().to_data())
    start = parse_moment("2026-04-01T12:00", "UTC")
    what = Play((DagImage("quiet", Version(1, spec)),), start, Instant(start + DAY), {"quiet": {"all": [MINUTE]}})
    lines = printed(tell_month, what, play(what), "UTC")
    assert not any("late " in line for line in lines[3:])
    assert next(line for line in lines if "  waiting  " in line).endswith("none ever")


@pytest.mark.parametrize(
    ("length", "shown"),
    [
        (350_000, "350ms"),
        (45_400_000, "45s"),
        (17 * MINUTE, "17m"),
        (144 * MINUTE, "2h24m"),
        (27 * 60 * MINUTE, "1d03h"),
    ],
)
def test_a_duration_is_short_where_there_is_little_room(length, shown):
    assert about(length) == shown


def test_an_instant_shows_seconds_only_where_it_has_some():
    assert minute(parse_moment("2026-04-01T02:00", ZONE), ZONE) == "2026-04-01 02:00-07:00"
    assert minute(parse_moment("2026-04-01T02:00:07", "UTC")) == "2026-04-01 02:00:07Z"
    assert minute(None) == ""
