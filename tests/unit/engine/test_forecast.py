"""How long a run takes, whether a backfill catches up, whether a deadline holds."""

from segue.engine.forecast import estimate, is_longer, outlook, quantile, risks
from segue.model.duration import microseconds
from segue.model.ids import Instant
from segue.model.moment import DAY, HOUR
from segue.model.spec import DagSpec, MapSpec, Over, Rules, TaskSpec

SECOND = 1_000_000
MINUTE = 60 * SECOND
PLAIN = Rules()


def dag(*tasks, **options):
    return DagSpec("d", tasks, **options)


def chain(*names, **options):
    before = (None, *names)
    return dag(*(TaskSpec(name, data=(up,) if up else ()) for name, up in zip(names, before, strict=False)), **options)


def mapped(name, *over, rules=PLAIN, mode="zip", data=()):
    return TaskSpec(name, rules, data=data, mapped=MapSpec(mode, over))


# ---------------------------------------------------------------------------------------------------------- one run
def test_a_run_lasts_as_long_as_its_longest_path():
    spec = dag(
        TaskSpec("extract"), TaskSpec("quick", data=("extract",)), TaskSpec("slow", data=("extract",)),
        TaskSpec("join", data=("quick", "slow")),
    )  # fmt: skip
    spans = {"extract": [MINUTE], "quick": [SECOND], "slow": [5 * MINUTE], "join": [2 * MINUTE]}
    found = estimate(spec, spans)
    assert found.path == ("extract", "slow", "join")
    assert found.median == found.p90 == 8 * MINUTE
    assert [(one.task, one.ends) for one in found.tasks] == [
        ("extract", MINUTE), ("quick", MINUTE + SECOND), ("slow", 6 * MINUTE), ("join", 8 * MINUTE),
    ]  # fmt: skip


def test_the_high_estimate_takes_every_task_slow_and_may_take_another_path():
    spec = dag(TaskSpec("steady"), TaskSpec("moody"), TaskSpec("end", data=("steady", "moody")))
    spans = {"steady": [4 * MINUTE] * 10, "moody": [MINUTE] * 8 + [9 * MINUTE] * 2, "end": [MINUTE] * 10}
    found = estimate(spec, spans)
    assert (found.median, found.p90) == (5 * MINUTE, 10 * MINUTE)
    assert found.path == ("steady", "end")


def test_a_run_lasts_no_less_than_all_its_work_takes_with_the_workers_there_are():
    spec = dag(*(TaskSpec(f"t{n}") for n in range(8)))
    spans = {f"t{n}": [MINUTE] for n in range(8)}
    assert estimate(spec, spans, workers=4).median == 2 * MINUTE
    assert estimate(spec, spans, workers=8).median == MINUTE
    assert estimate(dag(*spec.tasks, max_active_tasks=1), spans, workers=8).median == 8 * MINUTE
    assert estimate(spec, spans).work == 8 * MINUTE


def test_tasks_that_have_never_succeeded_count_as_nothing_and_are_named():
    found = estimate(chain("extract", "load"), {"extract": [MINUTE]})
    assert (found.median, found.unknown, found.known) == (MINUTE, ("load",), True)
    nothing = estimate(chain("extract", "load"), {})
    assert (nothing.median, nothing.unknown, nothing.known) == (0, ("extract", "load"), False)


def test_a_dag_without_tasks_takes_no_time():
    found = estimate(dag(), {})
    assert (found.median, found.p90, found.path, found.known) == (0, 0, (), False)


def test_a_mapped_task_runs_in_waves_of_as_many_items_as_it_had_on_average():
    spec = dag(TaskSpec("lists"), mapped("load", Over("x", "lists"), data=("lists",)))
    spans = {"lists": [SECOND] * 2, "load": [MINUTE] * 20}
    found = estimate(spec, spans, workers=4)
    assert found.tasks[1].items == 10
    assert found.median == SECOND + 3 * MINUTE


def test_a_list_written_in_the_file_says_how_many_items_there_are():
    pairs = mapped("zip", Over("x", length=6), Over("y", length=6))
    every = mapped("product", Over("x", length=2), Over("y", length=3), mode="product")
    empty = mapped("empty", Over("x", length=0))
    alone = mapped("alone", Over("x", "elsewhere"))
    found = estimate(dag(pairs, every, empty, alone), {})
    assert [one.items for one in found.tasks] == [6, 6, 1, 1]


def test_a_limit_of_the_task_makes_its_waves_narrower():
    narrow = mapped("load", Over("x", length=6), rules=Rules(max_active=2))
    assert estimate(dag(narrow), {"load": [MINUTE]}, workers=6).median == 3 * MINUTE


# --------------------------------------------------------------------------------------------------------- backfills
def pace(hours, **options):
    return outlook(estimate(chain("all"), {"all": [hours * HOUR]}), 365, **options)


def test_s62_one_hour_a_day_catches_up_twenty_four_days_per_day():
    found = pace(1, cap=1)
    assert (found.verdict, found.never) == ("catches up 24 days per day", False)
    assert found.finish == 365 * HOUR


def test_s62_twenty_three_hours_a_day_never_catch_up():
    found = pace(23, cap=1)
    assert (found.verdict, found.never) == ("will never catch up: 23 h per day at cap 1", True)


def test_s62_the_cap_decides_as_far_as_there_are_workers():
    assert pace(23, cap=4, workers=4).verdict == "catches up 4.17 days per day"
    assert pace(23, cap=4, workers=1).verdict == "will never catch up: 23 h per day on 1 worker"


def test_the_verdict_of_finer_intervals_speaks_of_days_too():
    hourly = estimate(chain("all"), {"all": [58 * MINUTE]})
    assert outlook(hourly, 24, 1, interval=HOUR).verdict == "will never catch up: 23 h 12 min per day at cap 1"
    quick = estimate(chain("all"), {"all": [10 * SECOND]})
    assert outlook(quick, 24, 4, interval=DAY).verdict == "catches up a year in 15 min 13 s"
    instant = estimate(chain("all"), {"all": [100]})
    assert outlook(instant, 24, 4, interval=DAY).verdict == "catches up a year in 1.0 s"


def test_a_backfill_ends_after_as_many_waves_as_the_cap_makes():
    one = estimate(chain("all"), {"all": [HOUR] * 8 + [2 * HOUR] * 2})
    found = outlook(one, 10, 4, workers=8)
    assert (found.finish, found.late) == (3 * HOUR, 6 * HOUR)
    assert outlook(one, 10, 4, workers=2).finish == 5 * HOUR
    assert outlook(one, 0, 4).finish == 0


def test_nothing_is_foretold_from_nothing():
    found = outlook(estimate(chain("all"), {}), 10, 4)
    assert (found.finish, found.never) == (0, False)
    assert found.verdict == "how long it takes is unknown: no task of it has succeeded yet"


# --------------------------------------------------------------------------------------------------------- deadlines
def test_the_risk_of_a_deadline_is_told_from_median_and_p90():
    usual = {"all": [HOUR] * 8 + [3 * HOUR] * 2}
    due = Instant(0)

    def of(deadline, spans=usual):
        spec = chain("all", deadline=microseconds(deadline))
        return [one.risk for one in risks(spec, estimate(spec, spans), due, due)]

    assert of("4h") == ["on time"]
    assert of("2h") == ["at risk"]
    assert of("30m") == ["late"]
    assert of("30m", {}) == ["unknown"]


def test_a_run_that_waits_for_the_one_before_comes_closer_to_its_deadline():
    spec = chain("all", deadline=2 * HOUR)
    (found,) = risks(spec, estimate(spec, {"all": [HOUR]}), Instant(0), Instant(90 * MINUTE))
    assert (found.task, found.deadline, found.median, found.risk) == (None, 2 * HOUR, 150 * MINUTE, "late")


def test_a_task_is_measured_by_its_own_deadline_and_its_own_end():
    first = TaskSpec("first", Rules(deadline=2 * MINUTE))
    spec = dag(first, TaskSpec("last", data=("first",)))
    (found,) = risks(spec, estimate(spec, {"first": [MINUTE], "last": [HOUR]}), Instant(0), Instant(0))
    assert (found.task, found.risk) == ("first", "on time")


# ------------------------------------------------------------------------------------------------ longer than usual
def test_a_quantile_is_one_of_the_durations():
    assert quantile([], 50) == 0
    assert (quantile([3, 1, 2], 50), quantile([3, 1, 2], 90), quantile([7], 50)) == (2, 3, 7)


def test_over_three_times_the_usual_is_longer_once_there_is_something_usual():
    assert is_longer(31 * SECOND, [10 * SECOND] * 3)
    assert not is_longer(30 * SECOND, [10 * SECOND] * 3)
    assert not is_longer(31 * SECOND, [10 * SECOND] * 2)


def test_less_than_a_second_is_no_news():
    assert not is_longer(999_999, [1_000] * 5)
    assert is_longer(1_001_000, [1_000] * 5)
