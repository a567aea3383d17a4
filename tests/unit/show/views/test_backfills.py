"""One backfill, interval by interval, over runs and durations that are made up."""

from dataclasses import dataclass, field

from segue.model.backfills import BackfillRow, pack_slots
from segue.model.ids import Instant, RunKey
from segue.model.images import RunRow
from segue.model.masking import HIDDEN
from segue.model.moment import HOUR, parse_moment
from segue.model.sealing import SEALED
from segue.model.spec import DagSpec, TaskSpec
from segue.model.state import RunState
from segue.model.value import encode
from segue.model.views import BackfillView, RunView
from segue.show.views.backfills import backfill_whole

ZONE = "Europe/Berlin"
SPEC = DagSpec("daily", (TaskSpec("load"),), timezone=ZONE)
DAYS = [
    (parse_moment(f"2026-03-{day}", ZONE), parse_moment(f"2026-03-{day + 1}", ZONE))
    for day in (28, 29, 30)  # clocks go forward on the 29th
]


@dataclass
class Home:
    """What `Reading` gives, the newest run first."""

    runs: list[RunView] = field(default_factory=list)
    spans: tuple[int, ...] = ()

    def runs_of(self, number):
        assert number == 3
        return self.runs

    def durations(self, dag):
        return {"load": self.spans}

    def state(self, run):
        return str(run.state)


def run(number, slot, state, **facts):
    row = RunRow(RunKey("daily", "k", number), f"r{number}", 1, slot=slot, backfill=3)
    return RunView(number, row, state, **facts)


def whole(home, now=HOUR, ended=None, runs=(), slots=DAYS, **facts):
    row = BackfillRow(3, "daily", pack_slots(slots), len(slots), **facts)
    made = sum(count for _, count in runs)
    return backfill_whole(home, BackfillView(row, "running", made, runs, ended), SPEC, Instant(now), workers=8)


def test_an_interval_shows_its_newest_run_and_is_named_by_the_day_of_the_dag():
    failed = run(1, DAYS[0], RunState.FAILED, culprits=(("load", "boom"),))
    again = run(3, DAYS[0], RunState.SUCCESS, started=Instant(0), ended=Instant(2_000_000))
    told = whole(Home([again, run(2, DAYS[1], RunState.FAILED, culprits=(("load", "late"),)), failed]))
    assert [(one.key, one.state, one.run_id, one.seconds) for one in told.slots] == [
        ("2026-03-28", "success", "daily@k.3", 2.0),
        ("2026-03-29", "failed", "daily@k.2", None),
        ("2026-03-30", "waiting", None, None),
    ]
    assert told.failed == (("load", "late"),), "the first interval is mended"


def test_hours_at_a_clock_change_are_named_with_the_offset_they_have():
    start = parse_moment("2026-03-29T01:00", ZONE)
    hours = [(Instant(start + n * HOUR), Instant(start + (n + 1) * HOUR)) for n in range(2)]
    assert [one.key for one in whole(Home(), slots=hours).slots] == [
        "2026-03-29T01:00+01:00", "2026-03-29T03:00+02:00",
    ]  # fmt: skip


def test_whether_it_catches_up_goes_by_its_own_cap():
    assert whole(Home(spans=(23 * HOUR,)), cap=1).verdict == "will never catch up: 23 h per day at cap 1"
    assert whole(Home(spans=(12 * HOUR,)), cap=4).verdict == "catches up 8 days per day"


def test_its_pace_is_that_of_the_time_it_took():
    two = ((RunState.SUCCESS, 2),)
    assert whole(Home(), 4 * HOUR, runs=two).pace == 0.5
    assert whole(Home(), 40 * HOUR, ended=4 * HOUR, runs=two).pace == 0.5
    assert whole(Home(), 4 * HOUR).pace is None


def test_of_its_secret_params_only_the_names_are_told():
    told = whole(Home(), params=encode({"region": "eu", "token": SEALED + b"canary"}))
    assert told.params == {"region": "'eu'", "token": HIDDEN}
