"""The coming time, played with the real planner and engine."""

from dataclasses import replace

from msgspec import structs

from segue.engine.month import Faults, Play, Wish, play
from segue.model.ids import Instant
from segue.model.images import DagImage, Version
from segue.model.limits import Limits
from segue.model.moment import DAY, HOUR, parse_moment
from segue.model.spec import DagSpec, MapSpec, Over, RetrySpec, Rules, TaskSpec
from segue.model.state import RunState
from segue.model.timing import Foretold, Timing
from segue.schedule.declare import cron, daily, hourly, weekly
from segue.schedule.planner import generation_of

MINUTE = 60_000_000
START = parse_moment("2026-04-01T12:00", "UTC")
S = RunState


def chain(name, *tasks, schedule=None, timing=Timing(), foretold=Foretold(), **options):  # noqa: B008
    before = (None, *(task.id for task in tasks))
    linked = [structs.replace(task, data=(up,) if up else ()) for task, up in zip(tasks, before, strict=False)]
    data = (daily() if schedule is None else schedule).to_data()
    spec = DagSpec(name, tuple(linked), schedule=data, **options)
    return DagImage(name, Version(1, spec), timing=timing, foretold=foretold)


def one(name, minutes=None, **options):
    return chain(name, TaskSpec("all"), **options), {} if minutes is None else {"all": [minutes * MINUTE]}


def played(*cast, days=10, **options):
    images, spans = zip(*cast, strict=True)
    of = {image.dag: some for image, some in zip(images, spans, strict=True)}
    return play(Play(images, START, Instant(START + days * DAY), of, **options))


def lasted(month, dag="d"):
    return [run.ended - run.started for run in month.dags[dag].runs if run.ended is not None]


# ----------------------------------------------------------------------------------------------------------- the plain
def test_every_interval_that_falls_due_gets_its_run_in_the_turn_in_which_it_does():
    month = played(one("d", 30, schedule=daily(at="02:00")))
    dag = month.dags["d"]
    assert [run.row.run.key for run in dag.runs] == [f"2026-04-{day:02}" for day in range(1, 11)]
    assert all(run.started == run.row.due and run.state is S.SUCCESS for run in dag.runs)
    assert lasted(month) == [30 * MINUTE] * 10
    assert (dag.overlaps, dag.longest_wait, dag.missing, dag.skipped, dag.late, dag.peak) == (0, 0, 0, 0, (), 1)
    assert (dag.lasted(50), dag.unfinished, month.attempts, month.guessed) == (30 * MINUTE, 0, 10, ())


def test_a_month_of_many_dags_is_played_to_its_end():
    cast = [one(f"d{n}", 20, schedule=daily(at=f"{n:02}:00")) for n in range(15)]
    cast += [one(f"h{n}", 5, schedule=hourly(at=":10")) for n in range(5)]
    month = played(*cast, days=30)
    assert all(len(month.dags[f"d{n}"].runs) >= 29 for n in range(15))
    assert all(len(month.dags[f"h{n}"].runs) == 30 * 24 - 1 for n in range(5))
    assert not any(dag.late or dag.missing for dag in month.dags.values())


def test_hours_tell_how_busy_the_workers_were_and_how_many_tasks_waited():
    cast = [one(f"d{n}", 90) for n in range(4)]
    month = played(*cast, days=1, workers=2)
    by_hour = {hour.start: (hour.busy, hour.depth) for hour in month.hours}
    midnight = parse_moment("2026-04-02", "UTC")
    assert [by_hour[midnight + n * HOUR] for n in (-1, 0, 1, 2, 3)] == [(0, 0), (1, 2), (1, 2), (1, 0), (0, 0)]
    assert len(month.hours) == 24


def test_a_task_of_which_nothing_is_known_is_named_and_lasts_what_is_said():
    month = played(one("d"), unknown=5 * MINUTE)
    assert month.guessed == (("d", "all"),)
    assert lasted(month)[0] == 5 * MINUTE


def test_a_dag_that_runs_by_hand_or_once_has_nothing_missing():
    by_hand = DagImage("d", Version(1, DagSpec("d", (TaskSpec("all"),))))
    once = chain("once", TaskSpec("all"), schedule=cron("@once"))
    month = played((by_hand, {}), (once, {}))
    assert (month.dags["d"].runs, month.dags["d"].missing, month.dags["d"].lasted(50)) == ((), 0, 0)
    assert [run.row.run.key for run in month.dags["once"].runs] == ["once"]
    assert month.dags["once"].missing == 0


# ----------------------------------------------------------------------------------------------- overlaps and deadlines
def test_a_run_that_lasts_past_the_next_one_makes_it_wait_and_never_overlaps():
    month = played(one("d", 90, schedule=hourly(), deadline=2 * HOUR), days=1)
    dag = month.dags["d"]
    assert dag.peak == 1
    assert dag.overlaps >= 10
    assert dag.longest_wait >= 5 * HOUR
    ends = [run.ended or month.hours[-1].start for run in dag.runs]
    assert all(run.started is None or run.started >= end for run, end in zip(dag.runs[1:], ends, strict=False))
    assert dag.missing + dag.unfinished >= 5
    first, late = dag.late[0], [one.key for one in dag.late]
    assert (first.task, first.ended - first.deadline) == (None, 30 * MINUTE)
    assert len(late) == len(set(late)) >= 15


def test_what_falls_due_while_the_limit_is_reached_is_skipped_where_the_dag_says_so():
    dag = played(one("d", 90, schedule=hourly(), overlap="skip"), days=1).dags["d"]
    assert (len(dag.runs), dag.skipped, dag.missing) == (12, 11, 0)


def test_more_runs_at_once_where_the_dag_allows_them():
    dag = played(one("d", 90, schedule=hourly(), max_active_runs=2), days=1).dags["d"]
    assert (dag.peak, dag.overlaps) == (2, 0)


def test_a_deadline_of_a_task_is_missed_by_that_task():
    image = chain("d", TaskSpec("first", Rules(deadline=10 * MINUTE)), TaskSpec("last"))
    dag = played((image, {"first": [20 * MINUTE], "last": [MINUTE]}), days=2).dags["d"]
    assert [(late.key, late.task, late.ended - late.deadline) for late in dag.late] == [
        ("2026-04-01", "first", 10 * MINUTE), ("2026-04-02", "first", 10 * MINUTE),
    ]  # fmt: skip


def test_a_deadline_that_is_still_to_come_at_the_end_is_not_missed():
    assert played(one("d", 13 * 60, deadline=20 * HOUR), days=1).dags["d"].late == ()
    (late,) = played(one("d", 13 * 60, deadline=2 * HOUR), days=1).dags["d"].late
    assert late.ended is None


def test_a_start_half_a_year_ago_never_opens_more_runs_than_its_limit():
    image, spans = one("d", 30, start=parse_moment("2025-10-01", "UTC"), catchup=True)
    generation, start = generation_of(image.version.spec), parse_moment("2025-10-01", "UTC")
    begun = Timing(generation, start, parse_moment("2026-04-01", "UTC"), Instant(START - DAY))
    dag = played((structs.replace(image, timing=begun), spans)).dags["d"]
    assert dag.peak == 1
    fresh = played((image, spans)).dags["d"]
    assert (fresh.peak, fresh.proposed) == (1, 182)


# ---------------------------------------------------------------------------------------------------- what attempts do
def test_durations_are_drawn_from_history_by_the_seed_and_nothing_else():
    image, spans = one("d"), {"all": [n * MINUTE for n in range(1, 40)]}
    month = played((image[0], spans))
    assert lasted(played((image[0], spans))) == lasted(month)
    assert lasted(played((image[0], spans), seed=1)) != lasted(month)
    assert set(lasted(month)) <= set(spans["all"])
    assert len(set(lasted(month))) > 3
    assert set(lasted(played((image[0], spans), steady=True))) == {20 * MINUTE}


def test_a_slow_task_takes_so_many_times_as_long():
    cast = one("d", 10), one("e", 10)
    month = played(*cast, faults=Faults(slow=(Wish("e/all", 3.0),)))
    assert (set(lasted(month, "d")), set(lasted(month, "e"))) == ({10 * MINUTE}, {30 * MINUTE})
    assert set(lasted(played(*cast, faults=Faults(slow=(Wish("a*", 3.0),))), "d")) == {30 * MINUTE}


def test_what_always_fails_fails_its_runs_after_its_retries():
    image = chain("d", TaskSpec("load", Rules(RetrySpec(2, delay=MINUTE))), TaskSpec("other"))
    month = played((image, {"load": [MINUTE], "other": [MINUTE]}), faults=Faults(fail=(Wish("load", 1.0),)))
    dag = month.dags["d"]
    assert dag.count(S.FAILED) == len(dag.runs) == 10
    assert month.attempts == 30
    assert dag.late == ()


def test_a_fault_of_the_last_days_spares_those_before():
    month = played(one("d", 60), faults=Faults(fail=(Wish("d/all", 1.0, 3 * DAY),)))
    assert [run.state for run in month.dags["d"].runs] == [S.SUCCESS] * 7 + [S.FAILED] * 3


def test_what_dies_is_lost_on_its_way_and_runs_again():
    month = played(one("d", 60), days=30, faults=Faults(kill=(Wish("*", 0.3),)))
    dag = month.dags["d"]
    assert dag.count(S.SUCCESS) >= 25
    assert month.attempts > len(dag.runs) + 3
    assert any(length % HOUR for length in lasted(month))


def test_what_lasts_longer_than_its_timeout_fails_then():
    image = chain("d", TaskSpec("all", Rules(timeout=10 * MINUTE)))
    for minutes in (11, 60):
        month = played((image, {"all": [minutes * MINUTE]}))
        assert month.dags["d"].count(S.FAILED) == 10
        assert set(lasted(month)) == {10 * MINUTE}
    month = played((image, {"all": [10 * MINUTE]}))
    assert (month.dags["d"].count(S.FAILED), set(lasted(month))) == (0, {10 * MINUTE})


def test_a_run_that_reaches_its_timeout_is_stopped_and_its_attempt_ends():
    month = played(one("d", 120, timeout=HOUR))
    assert month.dags["d"].count(S.FAILED) == 10
    assert set(lasted(month)) == {HOUR}
    assert month.dags["d"].unfinished == 0


def test_hooks_take_their_place_among_the_attempts():
    image = chain("d", TaskSpec("all", Rules(hooks=("success",))))
    assert played((image, {"all": [MINUTE]}), days=3).attempts == 6


def test_pools_and_limits_of_the_settings_count():
    cast = [one(f"d{n}", 60) for n in range(3)]
    narrow = [(structs.replace(image, version=_in_pool(image.version)), spans) for image, spans in cast]
    month = played(*narrow, days=1, limits=Limits((("source", 1),)))
    starts = sorted(run.ended for dag in month.dags.values() for run in dag.runs)
    assert [later - starts[0] for later in starts] == [0, HOUR, 2 * HOUR]


def _in_pool(version):
    (task,) = version.spec.tasks
    return structs.replace(
        version, spec=structs.replace(version.spec, tasks=(structs.replace(task, rules=Rules(pool="source")),))
    )


# ------------------------------------------------------------------------------------------------------------- shapes
def test_a_map_has_as_many_items_as_it_had_on_average():
    over = MapSpec("zip", (Over("x", "lists"), Over("y", "others")))
    tasks = (TaskSpec("lists"), TaskSpec("others"), TaskSpec("load", data=("lists", "others"), mapped=over))
    image = DagImage("d", Version(1, DagSpec("d", tasks, schedule=daily().to_data())))
    spans = {"lists": [MINUTE] * 2, "others": [MINUTE] * 2, "load": [MINUTE] * 14}
    month = played((image, spans), days=1)
    assert month.dags["d"].count(S.SUCCESS) == 1
    assert month.attempts == 2 + 7


def test_a_product_over_results_has_that_many_items_in_all():
    over = MapSpec("product", (Over("x", "lists"), Over("y", "others")))
    tasks = (TaskSpec("lists"), TaskSpec("others"), TaskSpec("load", data=("lists", "others"), mapped=over))
    image = DagImage("d", Version(1, DagSpec("d", tasks, schedule=daily().to_data())))
    month = played((image, {"lists": [MINUTE], "others": [MINUTE], "load": [MINUTE] * 6}), days=1)
    assert month.attempts == 2 + 6


def test_a_list_written_in_the_file_needs_nobody_to_make_it():
    load = TaskSpec("load", mapped=MapSpec("zip", (Over("x", length=3),)))
    image = DagImage("d", Version(1, DagSpec("d", (load,), schedule=daily().to_data())))
    assert played((image, {"load": [MINUTE]}), days=1).attempts == 3


def test_a_branch_takes_all_its_ways():
    tasks = (TaskSpec("fork", kind="branch"), TaskSpec("left", data=("fork",)), TaskSpec("right", data=("fork",)))
    image = DagImage("d", Version(1, DagSpec("d", tasks, schedule=daily().to_data())))
    month = played((image, {}), days=1)
    assert (month.attempts, month.dags["d"].count(S.SUCCESS)) == (3, 1)


def test_a_task_that_looks_back_waits_until_the_slot_before_is_good():
    image = chain("d", TaskSpec("all", Rules(depends_on_past=True)), schedule=hourly(), max_active_runs=4)
    dag = played((image, {"all": [90 * MINUTE]}), days=1).dags["d"]
    starts = [run.started for run in dag.runs if run.started is not None]
    assert all(later - earlier >= 90 * MINUTE for earlier, later in zip(starts, starts[1:], strict=False))
    assert dag.count(S.SUCCESS) >= 14


def test_a_mapped_task_that_looks_back_waits_for_all_items_of_the_slot_before():
    load = TaskSpec("load", Rules(depends_on_past=True), mapped=MapSpec("zip", (Over("x", length=3),)))
    image = DagImage("d", Version(1, DagSpec("d", (load,), schedule=hourly().to_data(), max_active_runs=4)))
    dag = played((image, {"load": [50 * MINUTE]}), days=1, workers=2).dags["d"]
    starts = [run.started for run in dag.runs if run.started is not None]
    assert all(later - earlier >= 100 * MINUTE for earlier, later in zip(starts, starts[1:], strict=False))
    assert dag.count(S.SUCCESS) >= 10


def test_what_is_run_again_for_late_data_is_neither_late_nor_in_the_way():
    dag = played(one("d", 50, schedule=hourly(), lookback=1, deadline=HOUR), days=1).dags["d"]
    assert {run.row.kind for run in dag.runs} == {"scheduled", "lookback"}
    assert (dag.overlaps, dag.late, dag.missing) == (0, (), 0)


def test_slots_of_a_timetable_of_the_users_own_are_played_as_foretold():
    slots = tuple((START + n * DAY, START + n * DAY + HOUR, START + n * DAY + 2 * HOUR) for n in range(1, 4))
    spec = DagSpec("d", (TaskSpec("all"),), schedule=("custom", "shop:Market", "Market()"))
    image = DagImage("d", Version(1, spec), foretold=Foretold(slots, None))
    dag = played((image, {"all": [MINUTE]})).dags["d"]
    assert [run.row.slot for run in dag.runs] == [slot[:2] for slot in slots]
    assert dag.missing == 0


def at_rest_since(days, schedule):
    image, spans = one("d", 1, schedule=schedule)
    since = Instant(START - days * DAY)
    clock = Timing(generation_of(image.version.spec), since, since, Instant(since - DAY))
    return structs.replace(image, timing=clock), spans


def test_a_clock_that_stood_still_for_a_while_goes_on_from_there():
    dag = played(at_rest_since(30, weekly("mon", at="06:00")), days=14).dags["d"]
    assert (dag.missing, dag.proposed) == (0, 0)
    assert dag.runs[0].row.slot[0] < START - 14 * DAY


def test_what_was_missed_for_too_long_waits_for_a_person():
    dag = played(at_rest_since(30, cron("0 6 * * 1-5")), days=14).dags["d"]
    assert (dag.missing, dag.proposed) == (0, 20)


def test_a_play_is_a_value_and_can_be_changed_and_played_again():
    image, spans = one("d", 1)
    what = Play((image,), START, Instant(START + DAY), {"d": spans})
    assert play(replace(what, until=Instant(START + 2 * DAY))).attempts == 2
    assert play(what).attempts == 1
