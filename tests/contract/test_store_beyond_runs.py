"""What every store does with guards, small values, hooks, pools, and what is sealed."""

import pytest

from segue.model.acts import CancelRun, RejectTask, ReleaseTask, RerunRun, SetPool, SetSecret, TriggerRun
from segue.model.changes import Answered, Collapsed, Expanded, GuardEased, PoolSet, SecretSet, Spawned, StateChanged
from segue.model.errors import Conflict
from segue.model.events import Value
from segue.model.ids import Instant, RunKey, hook_id
from segue.model.images import Eased, HookImage, Step, Version
from segue.model.spec import DagSpec, Rules, TaskSpec
from segue.model.views import EasedView, HeldView, PoolView, SealedRow
from segue.model.why import Why
from segue.store.audit import compare, validate_state
from tests.contract.stores import (
    NOW,
    RUN,
    SLOT,
    SPEC,
    VERSION,
    A,
    R,
    T,
    attempt,
    begun_run,
    created,
    defined,
    dump,
    moved,
    queued,
    stores,
    succeeded,
    task,
    write,
)

store = stores()
AGAIN = RunKey("daily", "2026-04-01", 2)
LATER = Instant(NOW + 7)


@pytest.fixture(autouse=True)
def whole(store):
    yield
    assert validate_state(store.reader) == []
    assert compare(store.reader) == []


def image_of(store, name="extract", index=None):
    (run,) = store.writer.snapshot(None).runs
    return next(image for image in run.tasks if (image.task, image.index) == (name, index))


def view_of(store, name="extract", index=None, run=RUN):
    return next(view for view in store.reader.run(run).tasks if (view.task, view.index) == (name, index))


def held(name="extract", index=None, **facts):
    """Its attempt ends, its guard holds it."""
    return (
        attempt(A.QUEUED, A.SUCCESS, 1, name, index, began=NOW, rows=0, source="etag"),
        task(
            T.QUEUED, T.HELD, name, index, began=NOW, attempt=1, at=LATER, why=Why("guard", ("0 rows",)),
            **{"result": Value(b"v", digest=b"d"), "staged": b"s"} | facts,
        ),
    )  # fmt: skip


def hook(old, new, number=1, task="", index=None, **facts):
    return attempt(old, new, number, hook_id(task, "failure"), index, kind="hook", **facts)


def said(store, kind):
    events = (event for event in store.reader.events() if event.kind == kind)
    return [(event.task, event.new, str(event.why), event.actor) for event in events]


def keeps(name, value, index=None, of="extract"):
    return StateChanged(RUN, of, index, name, value, NOW)


# -------------------------------------------------------------------------------------------------------------- guards
def test_a_held_task_keeps_its_value_and_what_it_staged(store):
    begun_run(store, *queued())
    write(store, *held())
    image, view = image_of(store), view_of(store)
    assert (image.state, image.inline, image.staged, image.attempt) == (T.HELD, b"v", b"s", None)
    assert image.reason == "0 rows"
    assert (view.staged, view.ended) == (b"s", None)
    (made,) = store.reader.attempts(RUN, "extract", None)
    assert (made.rows, made.source, made.kind) == (0, "etag", "user")
    assert store.results.result(RUN, "extract", None) is None


def test_what_an_attempt_reports_is_what_its_last_move_says(store):
    begun_run(store, *queued())
    write(store, attempt(A.QUEUED, A.RUNNING, began=NOW, rows=5, source="etag"), task(T.QUEUED, T.RUNNING))
    write(store, attempt(A.RUNNING, A.SUCCESS), task(T.RUNNING, T.SUCCESS))
    (made,) = store.reader.attempts(RUN, "extract", None)
    assert (made.rows, made.source) == (None, "")


def test_people_see_what_is_held_and_since_when(store):
    begun_run(store, *queued(), *queued("load", 3))
    write(store, *held(), *held("load", 3, staged=b""))
    assert store.reader.run(RUN).held == (
        HeldView("extract", None, "0 rows", LATER, True),
        HeldView("load", 3, "0 rows", LATER, False),
    )
    write(store, task(T.HELD, T.FAILED, why=Why("rejected", ("ann", "wrong day")), actor="ann"))
    assert [view.task for view in store.reader.run(RUN).held] == ["load"]


def test_what_is_held_again_is_held_since_then(store):
    begun_run(store, *queued())
    write(store, *held())
    write(store, task(T.HELD, T.PENDING), task(T.PENDING, T.HELD, at=Instant(NOW + 99)))
    assert store.reader.run(RUN).held[0].since == NOW + 99


def test_a_released_task_publishes_what_it_staged_under_the_same_key(store):
    begun_run(store, *queued())
    write(store, *held())
    value = Value(b"v", digest=b"d")
    write(
        store,
        attempt(None, A.QUEUED, 2, kind="publish", fence=b"g" * 16),
        task(
            T.HELD, T.QUEUED, attempt=2, result=value, staged=b"s", actor="ann", why=Why("released", ("ann", "holiday"))
        ),
    )  # fmt: skip
    image = image_of(store)
    assert (image.attempt.kind, image.attempt.number, image.staged, image.inline) == ("publish", 2, b"s", b"v")
    write(store, attempt(A.QUEUED, A.SUCCESS, 2, began=NOW), task(T.QUEUED, T.SUCCESS, began=NOW, result=value))
    assert (view_of(store).state, view_of(store).staged) == (T.SUCCESS, b"")
    assert store.results.result(RUN, "extract", None) == value
    assert store.reader.run(RUN).begun() == {("extract", None): 1}, "publishing is none of the task's attempts"


def test_the_log_tells_who_released_and_who_rejected_and_why(store):
    begun_run(store, *queued(), *queued("report"))
    write(store, *held(), *held("report"))
    write(
        store,
        task(T.HELD, T.SUCCESS, actor="ann", why=Why("released", ("ann", "holiday"))),
        task(T.HELD, T.FAILED, "report", actor="bob", why=Why("rejected", ("bob", "wrong day"))),
    )
    assert said(store, "task")[-6:] == [
        ("extract", "running", "its code began", ""),
        ("extract", "held", "0 rows", ""),
        ("report", "running", "its code began", ""),
        ("report", "held", "0 rows", ""),
        ("extract", "success", "ann released it: holiday", "ann"),
        ("report", "failed", "bob rejected it: wrong day", "bob"),
    ]


def test_what_is_released_from_now_on_is_kept_with_the_dag(store):
    write(store, defined())
    eased = [GuardEased("daily", "load", "empty", like, NOW, "ann") for like in ("sun", "sat")]
    write(store, *eased, GuardEased("daily", "load", "empty", "sat", LATER), GuardEased("other", "a", "empty", "", NOW))
    (dag,) = store.writer.snapshot([]).dags
    assert dag.eased == (Eased("load", "empty", "sat"), Eased("load", "empty", "sun"))
    assert store.reader.eased("daily") == [EasedView("daily", "load", "empty", like, NOW) for like in ("sat", "sun")]
    assert [view.dag for view in store.reader.eased()] == ["daily", "daily", "other"]
    assert said(store, "eased")[0] == (
        "load", "sun", "guard empty is released from now on, in slots like: sun", "ann",
    )  # fmt: skip


@pytest.mark.parametrize("act", [ReleaseTask(RUN, "extract", "why"), RejectTask(RUN, "extract", "why")])
def test_facts_of_a_release_or_rejection_hold_the_run_whole(store, act):
    begun_run(store, *queued())
    write(store, *held())
    facts = store.writer.facts(act, "x")
    assert [(image.task, image.state, image.staged) for image in facts.run.tasks] == [("extract", T.HELD, b"s")]
    assert facts.version == VERSION


# -------------------------------------------------------------------------------------------------------------- reuse
def test_a_rerun_knows_all_that_the_old_run_made(store):
    write(store, defined(), created(slot=SLOT), moved(RUN, R.QUEUED, R.RUNNING), Expanded(RUN, "load", 2, 1, NOW))
    write(store, *queued(), *queued("load", 0), *queued("load", 1))
    value = Value(None, b"ref", 2, b"digest", b"preview")
    write(store, attempt(A.QUEUED, A.SUCCESS), task(T.QUEUED, T.SUCCESS, result=value), *succeeded("load", 0))
    write(store, attempt(A.QUEUED, A.FAILED, 1, "load", 1), task(T.QUEUED, T.FAILED, "load", 1))
    write(store, moved(RUN, R.RUNNING, R.FAILED, culprits=(("load[1]", "no"),)))
    for act in (RerunRun(RUN, failed=True), RerunRun(RUN, cut=("report",))):
        facts = store.writer.facts(act, "x")
        made = {(image.task, image.index): image for image in facts.run.tasks}
        extract = made["extract", None]
        assert Value(extract.inline, extract.ref, extract.length, extract.digest, extract.preview) == value
        assert (made["load", 0].inline, made["load", 1].state, made["load", None].expanded) == (b"\x01", T.FAILED, 2)
        assert (facts.run.spec, facts.next_n, facts.version) == (SPEC, 2, VERSION)


def test_a_result_that_was_taken_over_names_its_run(store):
    value = Value(b"\x01", digest=b"d", preview=b"p")
    begun_run(store, task(T.PENDING, T.SUCCESS, result=value, reused_from=AGAIN))
    view = view_of(store)
    assert (view.reused_from, view.preview, view.number) == (str(AGAIN), b"p", 0)
    assert store.results.result(RUN, "extract", None) == Value(b"\x01", digest=b"d")
    write(store, task(T.SUCCESS, T.PENDING, round=2))
    assert (view_of(store).reused_from, view_of(store).preview) == (None, b"")


# ------------------------------------------------------------------------------------------------------- small values
def test_small_values_are_kept_across_attempts_and_rounds(store):
    begun_run(store, *queued())
    write(store, keeps("job", "7"), keeps("at", "é"))
    assert image_of(store).kept == (("at", "é"), ("job", "7"))
    write(store, *succeeded(), keeps("job", "8"))
    write(store, task(T.SUCCESS, T.PENDING, round=2), *queued(number=2, round=2))
    assert image_of(store).kept == (("at", "é"), ("job", "8"))


def test_each_item_keeps_its_own_values_until_the_list_is_made_anew(store):
    begun_run(store, Expanded(RUN, "load", 2, 1, NOW), *queued("load", 0), *queued("load", 1))
    write(store, *(keeps("job", str(item), item, "load") for item in (0, 1)))
    assert [image_of(store, "load", item).kept for item in (0, 1)] == [(("job", "0"),), (("job", "1"),)]
    write(store, *succeeded("load", 0), *succeeded("load", 1))
    write(store, Collapsed(RUN, "load", 2, NOW), Expanded(RUN, "load", 2, 2, NOW), *queued("load", 0, 2, round=2))
    assert image_of(store, "load", 0).kept == ()


def test_the_log_names_a_small_value_and_does_not_hold_it(store):
    begun_run(store, *queued())
    write(store, keeps("job", "a value"))
    assert said(store, "state") == [("extract", "job", "it keeps a new job", "")]
    assert "a value" not in repr(list(store.reader.events()))


def test_a_small_value_of_an_unknown_run_is_a_conflict(store):
    with pytest.raises(Conflict):
        write(store, keeps("job", "7"))


# --------------------------------------------------------------------------------------------------------------- hooks
def test_a_run_that_has_ended_is_driven_while_one_of_its_hooks_is_alive(store):
    begun_run(store, *queued())
    write(
        store,
        attempt(A.QUEUED, A.FAILED), task(T.QUEUED, T.FAILED, why=Why("failed", ("no",))),
        hook(None, A.QUEUED, task="extract", fence=b"h"),
        moved(RUN, R.RUNNING, R.FAILED, culprits=(("extract", "no"),)),
        hook(None, A.QUEUED, fence=b"h"),
    )  # fmt: skip
    (image,) = store.writer.snapshot(None).runs
    assert (image.row.run, image.state, [task.attempt for task in image.tasks]) == (RUN, R.FAILED, [None])
    assert image.hooks == (HookImage("!failure", None, 1, A.QUEUED), HookImage("extract!failure", None, 1, A.QUEUED))
    assert [one.row.run for one in store.writer.snapshot([RUN]).runs] == [RUN]
    assert [one.row.run for one in store.writer.snapshot([]).runs] == [RUN], "nobody asks for a run that has ended"
    write(store, hook(A.QUEUED, A.LOST), hook(None, A.QUEUED, 2, fence=b"h"), hook(A.QUEUED, A.SUCCESS, task="extract"))
    (image,) = store.writer.snapshot(None).runs
    assert [(one.task, one.number, one.state) for one in image.hooks] == [
        ("!failure", 2, A.QUEUED), ("extract!failure", 1, A.SUCCESS),
    ]  # fmt: skip
    write(store, hook(A.QUEUED, A.SUCCESS, 2, began=NOW))
    assert store.writer.snapshot(None).runs == ()


def test_hooks_are_attempts_of_their_own(store):
    begun_run(store, Expanded(RUN, "load", 2, 1, NOW), *queued("load", 1))
    write(store, attempt(A.QUEUED, A.SUCCESS, 1, "load", 1, began=NOW), task(T.QUEUED, T.SUCCESS, "load", 1))
    write(store, hook(None, A.QUEUED, task="load", index=1), hook(A.QUEUED, A.RUNNING, task="load", index=1, began=NOW))
    detail = store.reader.run(RUN)
    assert [(view.key.task, view.key.index, view.state) for view in detail.hooks] == [("load!failure", 1, A.RUNNING)]
    assert detail.begun() == {("load", 1): 1}
    (image,) = store.writer.snapshot(None).runs
    assert image.hooks == (HookImage("load!failure", 1, 1, A.RUNNING, NOW),)


def test_the_log_tells_what_became_of_a_hook(store):
    begun_run(store, *queued())
    write(store, attempt(A.QUEUED, A.FAILED), task(T.QUEUED, T.FAILED), hook(None, A.QUEUED, task="extract"))
    write(store, hook(A.QUEUED, A.RUNNING, task="extract", began=NOW))
    write(store, hook(A.RUNNING, A.FAILED, task="extract", cause="KeyError", text="no such channel"))
    told = [event for event in store.reader.events(run=RUN) if event.kind == "hook"]
    assert [(event.task, event.attempt, event.old, event.new) for event in told] == [
        ("extract!failure", 1, None, "queued"),
        ("extract!failure", 1, "queued", "running"),
        ("extract!failure", 1, "running", "failed"),
    ]
    assert [str(event.why or "") for event in told] == ["", "", "no such channel"]


# -------------------------------------------------------------------------------------------------------- ends of runs
def test_why_a_run_is_stopped_and_how_long_it_held_its_place_come_back(store):
    begun_run(store)
    write(
        store,
        moved(
            RUN, R.RUNNING, R.RUNNING, placed=True, cancel_at=NOW, klass=2, stop="timeout", stopped_by="ann", spent=5,
            placed_at=LATER,
        ),
    )  # fmt: skip
    (image,), (view,) = store.writer.snapshot(None).runs, store.reader.runs()
    for one in (image, view):
        assert (one.stop, one.stopped_by, one.spent, one.placed_at) == ("timeout", "ann", 5, LATER)
    assert (image.klass, image.row.klass, view.row.klass) == (2, 2, 2)
    write(store, moved(RUN, R.RUNNING, R.HELD))
    (image,) = store.writer.snapshot(None).runs
    assert (image.klass, image.stop, image.stopped_by, image.spent, image.placed_at) == (2, "", "", 0, None)


# --------------------------------------------------------------------------------------------------------------- pools
POOLED = DagSpec(
    "daily",
    (
        TaskSpec("extract", rules=Rules(pool="warehouse", slots=2)),
        TaskSpec("load", data=("extract",), mapped=SPEC.tasks[1].mapped, rules=Rules(pool="wide")),
        TaskSpec("report", data=("load",)),
    ),
)


def test_pools_are_what_was_set_last(store):
    write(store, PoolSet("warehouse", 4, NOW, "ann"), PoolSet("api", 1, NOW), PoolSet("gone", 1, NOW))
    write(store, PoolSet("warehouse", 6, NOW), PoolSet("gone", None, NOW), PoolSet("never", None, NOW))
    assert store.writer.snapshot([]).pools == (("api", 1), ("warehouse", 6))
    assert store.reader.pools() == [PoolView("api", 1), PoolView("warehouse", 6)]
    told = [(why, actor) for _, _, why, actor in said(store, "pool")]
    assert (told[0], told[-1]) == (("pool warehouse has 4 slots", "ann"), ("pool never is removed", ""))


def test_what_uses_a_pool_is_counted_from_what_is_alive(store):
    write(store, defined(Version(1, POOLED, "s", "c")), PoolSet("warehouse", 4, NOW), created(), created(AGAIN))
    assert store.reader.pools() == [PoolView("warehouse", 4)], "a run without its place waits for none"
    write(store, *(moved(run, R.QUEUED, R.RUNNING, placed=True) for run in (RUN, AGAIN)), *queued())
    assert store.reader.pools() == [PoolView("warehouse", 4, 2, 1), PoolView("wide", None, 0, 2)]
    write(store, *succeeded(), Expanded(RUN, "load", 3, 1, NOW), *queued("load", 1))
    assert store.reader.pools() == [PoolView("warehouse", 4, 0, 1), PoolView("wide", None, 1, 3)]


def test_facts_of_a_pool_or_a_secret_are_its_answer(store):
    for act in (SetPool("warehouse", 4), SetSecret("secret", "token", b"x", "k1")):
        facts = store.writer.facts(act, "x")
        assert (facts.run, facts.version, facts.answer) == (None, None, None)


def test_facts_of_a_request_that_was_answered_name_its_run_too(store):
    write(store, created(), Answered("x", "ann", "CancelRun", True, "is being cancelled", NOW, RUN, CancelRun(RUN)))
    write(store, Answered("y", "ann", "SetPool", False, "no", NOW, None, SetPool("p", 1)))
    assert store.writer.facts(CancelRun(RUN), "x").answer == (True, "is being cancelled", RUN)
    assert store.writer.facts(SetPool("p", 1), "y").answer == (False, "no", None)


# ---------------------------------------------------------------------------------------------------- what is sealed
def secret(name, sealed, key="k1", kind="secret", **facts):
    return SecretSet(kind, name, sealed, key, NOW, "ann", **facts)


def test_what_is_sealed_is_the_newest_and_only_ciphertext(store):
    write(store, secret("b", b"1"), secret("a", b"2"), secret("a", b"3", kind="connection"))
    write(store, secret("b", b"4", "k2"))
    assert store.reader.sealed_rows("secret") == [
        SealedRow("a", b"2", "k1", NOW, "ann"),
        SealedRow("b", b"4", "k2", NOW, "ann"),
    ]
    assert store.reader.sealed_rows("connection") == [SealedRow("a", b"3", "k1", NOW, "ann")]
    assert store.reader.sealed("secret", "b") == b"4"
    assert store.reader.sealed("connection", "b") is None
    write(store, secret("a", None))
    assert [row.name for row in store.reader.sealed_rows("secret")] == ["b"]
    assert store.reader.sealed("connection", "a") == b"3"


def test_a_value_that_was_written_meanwhile_stays(store):
    write(store, secret("a", b"1"))
    before = dump(store)
    write(store, secret("a", b"2", was=b"0"), secret("a", None, was=b"0"), secret("b", b"2", was=b"0"))
    assert (dump(store), store.reader.sealed("secret", "a"), store.reader.sealed("secret", "b")) == (before, b"1", None)
    write(store, secret("a", b"2", was=b"1"))
    assert store.reader.sealed("secret", "a") == b"2"
    write(store, secret("a", None, was=b"2"))
    assert store.reader.sealed_rows("secret") == []


def test_the_log_names_a_secret_and_never_holds_it(store):
    write(store, secret("a", b"ciphertext"), secret("a", None), secret("a", None))
    assert said(store, "secret") == [
        (None, "set", "secret a has a new value", "ann"),
        (None, "removed", "secret a is removed", "ann"),
    ]
    assert "ciphertext" not in repr(list(store.reader.events()))


def test_all_of_it_is_undone_with_its_transaction(store):
    begun_run(store, *queued())
    write(store, secret("a", b"1"), PoolSet("api", 1, NOW), keeps("job", "1"))

    def seen():
        rows = (store.reader.pools(), store.reader.eased(), store.reader.sealed_rows("secret"))
        return dump(store), store.writer.snapshot(None), *rows

    before = seen()
    with pytest.raises(Conflict):
        write(
            store, secret("a", b"2"), secret("b", b"2"), PoolSet("api", None, NOW), PoolSet("x", 1, NOW),
            GuardEased("daily", "load", "empty", "", NOW), keeps("job", "2"),
            keeps("other", "2"), task(T.RUNNING, T.HELD),
        )  # fmt: skip
    assert seen() == before


# ------------------------------------------------------------------------------------------------------------- flows
FLOW = Version(1, DagSpec("daily", (TaskSpec("daily", kind="flow"),)), "flow")


def begun_flow(store, *more):
    write(store, defined(FLOW), created(), moved(RUN, R.QUEUED, R.RUNNING, placed=True, started=NOW), *more)


def step(number, **facts):
    return Step(TaskSpec(f"load#{number}", Rules(allow_failure=True)), "flows:load", b"a", None, b"d", **facts)


def test_calls_of_a_flow_are_kept_in_their_order_and_become_tasks_of_the_run(store):
    second = step(2, handled=(1,))
    spawned = (Spawned(RUN, 1, step(1), NOW), Spawned(RUN, 2, second, NOW))
    begun_flow(store, *queued("daily"), *spawned)
    write(store, *queued("load#2"))
    (run,) = store.writer.snapshot(None).runs
    assert run.spawned == (step(1), second)
    assert run.spec == FLOW.spec
    assert [one.id for one in store.reader.run(RUN).spec.tasks] == ["daily", "load#1", "load#2"]
    assert [event.task for event in store.reader.events() if event.kind == "spawned"] == ["load#1", "load#2"]
    with pytest.raises(Conflict):
        write(store, Spawned(RUN, 2, step(2), NOW))


def test_a_body_that_waits_says_for_what_to_the_next_owner(store):
    spawned = Spawned(RUN, 1, step(1), NOW)
    waits = task(T.QUEUED, T.DEFERRED, "daily", began=NOW, attempt=1, followed=("load#1",))
    ended = attempt(A.QUEUED, A.SUCCESS, 1, "daily", began=NOW, cause="deferred")
    begun_flow(store, *queued("daily"), spawned, ended, waits)
    assert image_of(store, "daily").followed == ("load#1",)
    write(store, task(T.DEFERRED, T.QUEUED, "daily", attempt=2), attempt(None, A.QUEUED, 2, "daily"))
    assert image_of(store, "daily").followed is None


def test_the_run_that_a_request_has_made_is_found(store):
    write(store, defined(), created())
    (view,) = store.reader.runs()
    act = TriggerRun("daily", "any")
    assert store.writer.facts(act, "another").made is None
    assert store.writer.facts(act, view.row.request).made.row.run == RUN
