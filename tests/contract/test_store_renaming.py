"""What every store does when a DAG gets another id."""

import pytest

from segue.model.acts import RetryRun
from segue.model.changes import Answered, DagRenamed, GuardEased, SlotMoved, StateChanged, VersionAdded
from segue.model.definition import Definition
from segue.model.errors import Conflict
from segue.model.ids import RunKey
from segue.model.images import Eased, Version
from segue.model.spec import DagSpec
from segue.model.state import SlotState
from segue.model.views import RunQuery
from segue.store.audit import compare, validate_state
from tests.contract.stores import (
    NOW,
    RUN,
    SLOT,
    SPEC,
    VERSION,
    R,
    T,
    begun_run,
    created,
    defined,
    moved,
    queued,
    stores,
    succeeded,
    task,
    write,
)

store = stores()
SALES = RunKey("sales", RUN.key, 1)
AGAIN = RunKey("daily", RUN.key, 2)
RENAMED = DagRenamed("daily", "sales", NOW)
NEW = Version(2, DagSpec("sales", SPEC.tasks, renamed_from="daily"), "spec-2", "code-1", "bundle-2")
OTHER = RunKey("daily_too", RUN.key, 1)


@pytest.fixture(autouse=True)
def whole(store):
    yield
    assert validate_state(store.reader) == []
    assert compare(store.reader) == []


def history(store):
    """A run of `daily`, another that took its result over, and a DAG with a similar id."""
    slot = {"slot": SLOT}
    begun_run(store, *queued(), StateChanged(RUN, "extract", None, "job", "7", NOW), *succeeded())
    write(
        store, created(AGAIN, **slot), moved(AGAIN, R.QUEUED, R.RUNNING, placed=True),
        task(T.PENDING, T.SUCCESS, run=AGAIN, reused_from=RUN),
        SlotMoved("daily", SLOT, SlotState.FRESH, AGAIN, 1, NOW),
        GuardEased("daily", "extract", "empty", "monday", NOW),
        Answered("ask", "ann", "TriggerRun", True, "done", NOW, RUN),
    )  # fmt: skip
    write(
        store, defined(Version(1, DagSpec("daily_too"), "s", "c", "b"), "daily_too"), created(OTHER, **slot),
        SlotMoved("daily_too", SLOT, SlotState.RUNNING, OTHER, 1, NOW),
    )  # fmt: skip


def rename(store):
    write(store, RENAMED, VersionAdded("sales", NEW, "here", NOW))


def test_runs_tasks_and_attempts_are_found_under_the_new_id(store):
    history(store)
    numbers = {view.run: view.number for view in store.reader.runs()}
    rename(store)
    assert store.reader.find(str(RUN)) is None
    assert store.reader.find("sales@latest").run == AGAIN._replace(dag="sales")
    detail = store.reader.run(SALES)
    assert (detail.run.number, [view.task for view in detail.tasks]) == (numbers[RUN], ["extract"])
    assert [one.key.run for one in detail.attempts] == [SALES]
    assert [one.key.run for one in store.reader.attempts(SALES, "extract", None)] == [SALES]
    assert store.results.result(SALES, "extract", None).inline == b"\x01"
    assert store.reader.answer_to("ask").run == SALES
    assert [view.run.dag for view in store.reader.runs(RunQuery())] == ["daily_too", "sales", "sales"]


def test_printed_ids_of_runs_follow(store):
    history(store)
    rename(store)
    (row,) = store.reader.run(AGAIN._replace(dag="sales")).tasks
    assert row.reused_from == "sales@2026-04-01"
    (slot,) = store.reader.slots("sales")
    assert (slot.dag, slot.last_run, slot.last_good_run) == ("sales", "sales@2026-04-01.2", "sales@2026-04-01.2")
    assert store.reader.slots("daily") == []
    (similar,) = store.reader.slots("daily_too")
    assert (similar.last_run, similar.last_good_run) == ("daily_too@2026-04-01", None)


def test_its_log_is_told_under_the_new_id_and_says_that_it_was_renamed(store):
    history(store)
    rename(store)
    events = store.reader.events()
    assert {event.dag for event in events} == {"sales", "daily_too"}
    (said,) = [event for event in events if event.kind == "renamed"]
    assert (said.dag, said.old, said.new, str(said.why)) == ("sales", "daily", "sales", "renamed from daily")
    assert store.reader.events(run=RUN) == []
    assert {event.run for event in store.reader.events(run=SALES)} == {SALES}


def test_what_an_engine_begins_with_speaks_of_the_new_id(store):
    history(store)
    rename(store)
    store.reopen()
    snapshot = store.writer.snapshot(None)
    (sales,) = [image for image in snapshot.dags if image.dag == "sales"]
    assert (sales.version.number, sales.highest, sales.eased) == (2, 2, (Eased("extract", "empty", "monday"),))
    image = next(image for image in snapshot.runs if image.row.run == SALES)
    assert (image.spec.id, image.spec.tasks, image.tasks[0].kept) == ("daily", SPEC.tasks, (("job", "7"),))
    facts = store.writer.facts(RetryRun(SALES), "x")
    assert (facts.next_n, facts.version.number, facts.run.row.run) == (3, 2, SALES)


def test_a_dag_keeps_all_ids_that_it_had(store):
    history(store)
    rename(store)
    last = Version(3, DagSpec("orders", SPEC.tasks, renamed_from="sales"), "spec-3", "code-1", "bundle-2")
    write(store, DagRenamed("sales", "orders", NOW), VersionAdded("orders", last, "here", NOW))
    views = {view.dag: view for view in store.reader.dags()}
    assert (views["orders"].former, views["orders"].version) == (("daily", "sales"), 3)
    assert views["daily_too"].former == ()
    assert store.reader.find("orders@2026-04-01").number == 1


def test_a_version_is_known_under_the_id_that_is_given_up(store):
    history(store)
    same = Definition(DagSpec("sales", renamed_from="daily"), VERSION.spec_digest, VERSION.code_digest, "b")
    assert store.writer.known(same).number == 1
    rename(store)
    assert store.writer.known(same).number == 1
    assert store.writer.known(Definition(NEW.spec, "no such", "", "b")).number is None


def test_an_id_that_was_given_up_can_be_used_again_and_starts_empty(store):
    history(store)
    rename(store)
    write(store, defined(), created(request="anew"))
    write(store, *queued(), moved(RUN, R.QUEUED, R.RUNNING))
    assert [view.task for view in store.reader.run(RUN).tasks] == ["extract"]
    assert [row.state for row in store.reader.run(SALES).tasks] == [T.SUCCESS]


def test_what_the_same_transaction_wrote_before_is_renamed_too(store):
    begun_run(store)
    write(store, GuardEased("daily", "extract", "empty", "", NOW), *queued(), RENAMED)
    assert {event.dag for event in store.reader.events()} == {"sales"}
    assert [view.state for view in store.reader.run(SALES).tasks] == [T.QUEUED]


@pytest.mark.parametrize("names", [("nobody", "sales"), ("daily", "daily_too")])
def test_what_is_not_there_cannot_be_renamed_nor_into_what_is(store, names):
    history(store)
    with pytest.raises(Conflict):
        write(store, DagRenamed(*names, NOW))
    assert [view.dag for view in store.reader.dags()] == ["daily", "daily_too"]


def test_a_renaming_that_is_not_committed_leaves_everything(store):
    history(store)
    with pytest.raises(Conflict):
        write(store, RENAMED, task(T.RUNNING, T.SUCCESS, run=SALES))
    assert store.reader.find(str(RUN)).run == RUN
    write(store, *queued("load", 0))
    assert len(store.reader.run(RUN).tasks) == 2
