"""S92: success rate, failures by kind, MTTR, p50/p95/p99 durations, queue wait, concurrent tasks, CPU and memory of
workers, queue depth. S88: workers, utilisation, queue backlog, cost.
"""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from segue.model.changes import AttemptMoved, PoolSet, RunMoved
from segue.model.ids import AttemptKey, Instant, RunKey
from segue.show.doors import Health
from segue.show.sampling import Sampling
from segue.show.views.metrics import metrics
from segue.show.views.resources import resources
from segue.show.vitals import NO_MACHINE, Hand, Turns, Usage
from tests.contract.stores import NOW, WHY, A, R, T, attempt, created, defined, moved, stores, task, write

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
THEN = Instant(NOW + HOUR)

store = stores()


class Machine:
    """Two workers, one of which is on another machine."""

    def usage(self, pids):
        return {11: Usage(0.75, 200_000_000)}


HEALTH = Health(
    True, "segue up, process 7", turned_at=Instant(NOW + HOUR - 2 * SECOND), workers=4, alive=2, ready=5,
    turns=Turns((0.001, 0.01), (90, 9, 1), 0.25),
    crew=(Hand(12), Hand(11, "finance", "daily@live/extract#1", 3)),
)  # fmt: skip


def ran(store, key: str, end: int, took: int, *, waited: int = 0, cause: str = "", dag: str = "daily") -> RunKey:
    """A run of one attempt that has ended, so many microseconds after NOW."""
    run, ended = RunKey(dag, key, 1), Instant(NOW + end)
    began = Instant(ended - took)
    one = AttemptKey(run, "extract", None, 1)
    good = not cause
    write(
        store, created(run, created=NOW), RunMoved(run, R.QUEUED, R.RUNNING, began, WHY, started=began, placed=True),
        attempt(None, A.QUEUED, run=run, at=Instant(began - waited), fence=b"f" * 16),
        AttemptMoved(one, A.QUEUED, A.SUCCESS if good else A.FAILED, ended, began=began, cause=cause, cpu=took // 2),
        task(T.PENDING, T.SUCCESS if good else T.FAILED, run=run, attempt=1, at=ended),
        RunMoved(run, R.RUNNING, R.SUCCESS if good else R.FAILED, ended, WHY, ended=ended),
    )  # fmt: skip
    return run


def sample_of(store, window=HOUR):
    return Sampling().sample(store.reader, THEN, window)


@pytest.fixture
def lived(store):
    """An hour: five good runs, two failures of two kinds, and one run in flight with a task that waits."""
    write(store, defined(), PoolSet("warehouse", 4, NOW))
    for number in range(1, 4):
        ran(store, f"good-{number}", number * MINUTE, number * SECOND, waited=number * 100_000)
    ran(store, "bad-1", 10 * MINUTE, SECOND, cause="ValueError")
    ran(store, "bad-2", 12 * MINUTE, SECOND, cause="timeout")
    ran(store, "mended", 30 * MINUTE, 10 * SECOND)
    ran(store, "later", 40 * MINUTE, SECOND)
    live = RunKey("daily", "live", 1)
    write(store, created(live), moved(live, R.QUEUED, R.RUNNING, placed=True, started=NOW))
    write(
        store, attempt(None, A.QUEUED, run=live, at=Instant(NOW + 50 * MINUTE)),
        task(T.PENDING, T.QUEUED, run=live, attempt=1),
        attempt(None, A.QUEUED, run=live, name="report", at=Instant(NOW + 50 * MINUTE)),
        attempt(A.QUEUED, A.RUNNING, run=live, name="report", began=Instant(NOW + 55 * MINUTE)),
        task(T.PENDING, T.QUEUED, "report", run=live, attempt=1),
        task(T.QUEUED, T.RUNNING, "report", run=live, attempt=1),
    )  # fmt: skip
    return store


def told(store, health: Health = HEALTH, machine=None) -> dict:
    """Every sample by name and labels."""
    text = metrics(store.reader, sample_of(store), health, machine or Machine(), THEN)
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_the_success_rate_and_the_time_to_mend_are_told(lived):
    found = told(lived)
    assert found["segue_run_success_ratio",] == pytest.approx(5 / 7)
    assert found["segue_dag_run_success_ratio", "daily"] == pytest.approx(5 / 7)
    assert found["segue_mttr_seconds",] == 20 * 60, "from the first of two failures to the next good run"
    assert found["segue_dag_mttr_seconds", "daily"] == 20 * 60


def test_failures_are_told_by_kind(lived):
    found = told(lived)
    assert found["segue_task_failures", "daily", "ValueError"] == 1
    assert found["segue_task_failures", "daily", "timeout"] == 1
    assert (found["segue_task_attempts", "daily", "failed"], found["segue_task_attempts", "daily", "success"]) == (2, 5)


def test_percentiles_of_durations_and_of_the_queue_wait_are_told(lived):
    found = told(lived)
    spans = [found["segue_task_duration_seconds", "daily", of] for of in ("0.5", "0.95", "0.99")]
    assert spans == [1.0, 10.0, 10.0]
    assert found["segue_run_duration_seconds", "daily", "0.95"] == 10.0
    assert found["segue_queue_wait_seconds", "0.95"] == 5 * 60, "the task that runs now had to wait"
    assert found["segue_queue_wait_seconds", "0.5"] == pytest.approx(0.1, abs=0.11)


def test_queue_and_running_tasks_are_told(lived):
    found = told(lived)
    assert (found["segue_queue_depth",], found["segue_queue_ready",]) == (1, 5)
    assert found["segue_queue_oldest_seconds",] == 10 * 60
    assert found["segue_tasks_running",] == 1
    assert (found["segue_runs", "running"], found["segue_runs", "success"], found["segue_runs", "held"]) == (1, 5, 0)
    assert found["segue_pool_slots", "warehouse"] == 4


def test_workers_and_turns_are_told(lived):
    found = told(lived)
    assert (found["segue_workers",], found["segue_workers_busy",]) == (4, 1)
    assert found["segue_worker_cpu_cores", "1"] == 0.75
    assert found["segue_worker_memory_bytes", "1"] == 200_000_000
    assert ("segue_worker_cpu_cores", "2") not in found, "nothing is known of a worker elsewhere"
    buckets = [found["segue_scheduler_turn_seconds_bucket", end] for end in ("0.001", "0.01", "+Inf")]
    assert buckets == [90, 99, 100]
    assert (found["segue_scheduler_turn_seconds_count",], found["segue_scheduler_turn_seconds_sum",]) == (100, 0.25)
    assert (found["segue_scheduler_leads",], found["segue_scheduler_last_turn_age_seconds",]) == (1, 2)


def test_an_empty_store_without_an_owner_is_told_as_well(store):
    found = told(store, Health(False), NO_MACHINE)
    assert (found["segue_scheduler_leads",], found["segue_queue_depth",]) == (0, 0)
    assert not any(name.startswith(("segue_mttr", "segue_run_success")) for name, *_ in found)


def test_of_very_many_dags_and_kinds_only_the_first_have_lines_of_their_own(store):
    write(store, defined())
    for number in range(230):
        dag = f"dag_{number}"
        write(store, defined(dag=dag))
        ran(store, "x", MINUTE, SECOND, cause=f"Error{number}", dag=dag)
    found = told(store)
    kinds = {labels[1] for name, *labels in found if name == "segue_task_failures"}
    dags = {labels[0] for name, *labels in found if name == "segue_task_attempts"}
    assert len(kinds) == 21 and "other" in kinds
    assert len(dags) == 201 and "(others)" in dags
    assert found["segue_task_attempts", "(others)", "failed"] == 30


# -------------------------------------------------------------------------------------------------------------- S88
def test_resources_are_workers_what_they_run_backlog_and_cost(lived):
    found = resources(lived.reader, sample_of(lived, 24 * HOUR), HEALTH, Machine(), THEN, price=3.6)
    assert (found.leads, found.workers, found.busy, found.utilisation) == (True, 4, 1, 0.25)
    busy, idle = found.crew
    assert (busy.pid, busy.location, busy.run_id, busy.task, busy.attempt) == (
        11,
        "finance",
        "daily@live",
        "extract",
        1,
    )
    assert (busy.queued, busy.cpu, busy.memory) == (3, 0.75, 200_000_000)
    assert (idle.busy, idle.run_id, idle.cpu) == (False, None, None)
    assert (found.queued, found.ready, found.oldest_seconds) == (1, 5, 600)
    assert [(pool.name, pool.slots, pool.used) for pool in found.pools] == [("warehouse", 4, 0)]
    [cost] = found.costs
    spent = 1 + 2 + 3 + 1 + 1 + 10 + 1 + 5 * 60  # the one that runs has cost something too
    assert (cost.dag_id, cost.attempts, cost.worker_seconds) == ("daily", 8, spent)
    assert cost.cost == pytest.approx(spent / 1000) == found.cost
    assert found.complete and found.window_seconds == 24 * 3600


def test_what_may_not_be_seen_is_counted_and_not_named(lived):
    found = resources(
        lived.reader, sample_of(lived, 24 * HOUR), HEALTH, Machine(), THEN, 3.6, allowed=frozenset({"other"})
    )  # fmt: skip
    assert found.costs == () and found.cost == 0
    assert found.busy == 1 and found.crew[0].busy and found.crew[0].run_id is None


def test_a_short_window_counts_only_what_lies_in_it(lived):
    found = resources(lived.reader, sample_of(lived, 25 * MINUTE), HEALTH, Machine(), THEN, 3.6)
    assert found.costs[0].worker_seconds == 1 + 5 * 60
    found = resources(lived.reader, sample_of(lived, 2 * MINUTE), HEALTH, Machine(), THEN, 3.6)
    assert found.costs[0].worker_seconds == 2 * 60, "what began before it costs what lies in it"
