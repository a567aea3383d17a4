"""Lists are read page by page: none shows a row twice, and what somebody may not see is not there."""

import pytest
from msgspec.structs import replace

from segue.engine.core import Engine
from segue.model.acts import CancelRun, MarkAlert, MarkTask, PauseDags, SetPool, SetSecret, TriggerRun
from segue.model.alerts import Alert
from segue.model.backfills import BackfillRow
from segue.model.changes import (
    AlertMarked,
    AlertRaised,
    Answered,
    BackfillMade,
    DagRenamed,
    Expanded,
    PoolSet,
    RunsForgotten,
    SlotMoved,
    StateChanged,
)
from segue.model.errors import Conflict
from segue.model.events import Origin, Request
from segue.model.ids import Instant, RunKey
from segue.model.images import Version
from segue.model.pages import (
    AlertQuery,
    AttemptQuery,
    AuditQuery,
    EventQuery,
    SlotQuery,
    place_of_alert,
    place_of_run,
)
from segue.model.sealing import mark_sealed
from segue.model.spec import DagSpec, TaskSpec
from segue.model.state import SlotState
from segue.model.value import encode
from segue.model.views import RunQuery
from tests.contract.stores import (
    NOW,
    RUN,
    A,
    R,
    T,
    attempt,
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
FAR = Instant(NOW + 10**9)
DAGS = ("daily", "hourly", "weekly")


def run_of(dag, number):
    return RunKey(dag, f"k{number}", 1)


@pytest.fixture
def many(store):
    """Runs 1 to 12 of three DAGs in turn: every second one has failed, the ninth and later run."""
    for dag in DAGS:
        write(store, defined(Version(1, DagSpec(dag, (TaskSpec("extract"),)), "s", "c"), dag))
    for number in range(12):
        run = run_of(DAGS[number % 3], number)
        kind = "manual" if number == 5 else "scheduled"
        write(store, created(run, created=Instant(NOW + number), kind=kind, backfill=7 if number > 9 else None))
        write(store, moved(run, R.QUEUED, R.RUNNING, started=Instant(NOW + number)))
        if number < 8:
            end = R.FAILED if number % 2 else R.SUCCESS
            why = (("extract", "no disk" if number == 3 else "ConnectionError: shop"),) if number % 2 else ()
            write(store, moved(run, R.RUNNING, end, ended=Instant(NOW + 100 + number * number), culprits=why))
    return store.reader


def numbers(views):
    return [view.number for view in views]


ALL = list(range(12, 0, -1))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (RunQuery(), ALL),
        (RunQuery(sort="oldest"), ALL[::-1]),
        (RunQuery(states=(R.FAILED,)), [8, 6, 4, 2]),
        (RunQuery(states=(R.FAILED, R.RUNNING)), [12, 11, 10, 9, 8, 6, 4, 2]),
        (RunQuery(dags=frozenset(("daily", "hourly"))), [11, 10, 8, 7, 5, 4, 2, 1]),
        (RunQuery(dags=frozenset(("daily",)), states=(R.SUCCESS,)), [7, 1]),
        (RunQuery(dag="*ly", dags=frozenset(("weekly", "yearly"))), [12, 9, 6, 3]),
        (RunQuery(dag="hourly", dags=frozenset(("weekly",))), []),
        (RunQuery(dags=frozenset()), []),
        (RunQuery(since=Instant(NOW + 3), until=Instant(NOW + 6)), [6, 5, 4]),
        (RunQuery(since=Instant(NOW + 3), until=Instant(NOW + 6), states=(R.FAILED,)), [6, 4]),
        (RunQuery(since=FAR), []),
        (RunQuery(kinds=("manual",)), [6]),
        (RunQuery(backfill=7, dags=frozenset(("hourly",))), [11]),
        (RunQuery(backfill=7, states=(R.FAILED,)), []),
        (RunQuery(error="Connection*"), [8, 6, 2]),
        (RunQuery(error="*[ds]isk"), [4]),
        (RunQuery(error="?"), []),
        (RunQuery(sort="longest"), [8, 7, 6, 5, 4, 3, 2, 1]),
        (RunQuery(sort="longest", states=(R.SUCCESS,), dag="h*"), [5]),
    ],
)
def test_a_list_of_runs_is_the_same_in_pages_of_any_size(many, query, found):
    assert numbers(many.runs(query)) == found
    for limit in (1, 3):
        seen, pages = None, []
        while page := many.runs(replace(query, limit=limit, seen=seen)):
            assert len(page) <= limit
            pages += numbers(page)
            seen = place_of_run(page[-1], query.sort)
        assert pages == found


def test_marks_are_the_newest_runs_of_each_dag(many):
    marks = many.marks(count=2)
    assert {dag: numbers(found) for dag, found in marks.items()} == {
        "daily": [10, 7], "hourly": [11, 8], "weekly": [12, 9],
    }  # fmt: skip
    assert list(many.marks(frozenset(("weekly", "other")), 1)) == ["weekly"]
    mark = marks["daily"][1]
    assert (mark.run, mark.state, mark.kind, mark.ended) == (run_of("daily", 6), R.SUCCESS, "scheduled", NOW + 136)


# ---------------------------------------------------------------------------------------------------------------- grid
def test_a_grid_has_a_letter_for_every_task_that_moved(store):
    begun_run(store, *queued(), Expanded(RUN, "load", 3, 1, NOW), *queued("load", 1))
    write(store, *succeeded(), task(T.PENDING, T.SKIPPED, "load", 2), created(RunKey("daily", "later", 1)))
    page = store.reader.grid("daily")
    later, first = page.runs
    assert (later.mark.number, later.tasks, later.codes, later.items) == (2, (), "", ())
    assert dict(zip(first.tasks, first.codes, strict=True)) == {"extract": "s", "load": "p"}
    assert first.items == (("load", ((T.QUEUED, 1), (T.SKIPPED, 1))),)
    assert page.next is None


def test_a_grid_is_read_in_pages(many):
    page = many.grid("daily", limit=3)
    assert [run.mark.number for run in page.runs] == [10, 7, 4]
    last = many.grid("daily", page.next, 3)
    assert ([run.mark.number for run in last.runs], last.next) == ([1], None)
    assert many.grid("nothing").runs == ()


# ------------------------------------------------------------------------------------------------------------ attempts
def test_an_attempt_is_found_by_its_number(store):
    begun_run(store, *queued())
    write(store, attempt(A.QUEUED, A.LOST, cause="signal", signal=9), task(T.QUEUED, T.UP_FOR_RETRY, losses=1))
    write(store, *queued(number=2, old=T.UP_FOR_RETRY))
    first, second = store.reader.attempts(RUN, "extract", None)
    assert 0 < first.id < second.id
    assert store.reader.find_attempt(first.id) == first
    assert store.reader.find_attempt(second.id + 1) is None


def test_attempts_of_a_dag_are_listed_by_time(store):
    begun_run(store, *queued(), *queued("load", 1), *queued("load", 2))
    later = Instant(NOW + 50)
    write(store, attempt(A.QUEUED, A.FAILED, name="load", index=1), attempt(None, A.QUEUED, 1, "report", at=later))
    other = RunKey("hourly", "k", 1)
    write(store, created(other), attempt(None, A.QUEUED, run=other))

    def listed(**facts):
        query = AttemptQuery(**{"dag": "daily", "since": NOW, "until": FAR} | facts)
        return [(one.key.task, one.key.index) for one in store.reader.attempt_page(query)]

    assert sorted(listed(), key=str) == [("extract", None), ("load", 1), ("load", 2), ("report", None)]
    assert listed()[0] == ("report", None)
    assert listed(until=later, states=(A.FAILED,)) == [("load", 1)]
    assert listed(task="load", limit=1) == [listed(task="load")[0]]
    assert listed(since=Instant(NOW + 60)) == listed(dag="nothing") == []
    newest = store.reader.attempt_page(AttemptQuery("daily", NOW, FAR, limit=1))[0]
    assert listed(before=newest.id) == listed()[1:]


# -------------------------------------------------------------------------------------------------------------- events
@pytest.mark.parametrize(
    "query",
    [
        EventQuery(),
        EventQuery(dags=frozenset(("daily",))),
        EventQuery(dags=frozenset(("daily", "weekly"))),
        EventQuery(dags=frozenset()),
        EventQuery(kinds=("version", "task")),
        EventQuery(dags=frozenset(("hourly",)), kinds=("run",)),
        EventQuery(run=run_of("hourly", 4)),
        EventQuery(run=run_of("hourly", 4), dags=frozenset(("daily",))),
    ],
)
def test_events_are_the_same_forwards_and_backwards_in_pages_of_any_size(many, query):
    fits = [
        event.seq
        for event in many.events(limit=1000)
        if (query.dags is None or event.dag in query.dags)
        and (not query.kinds or event.kind in query.kinds)
        and query.run in (None, event.run)
    ]
    for limit in (2, 1000):
        for start, field, expected in ((0, "after", fits), (None, "before", fits[::-1])):
            pages, at = [], start
            while True:
                page = many.event_page(replace(query, limit=limit, **{field: at}))
                pages += [event.seq for event in page.events]
                at = page.next
                if at is None:
                    break
            assert pages == expected
    assert bool(fits) == (query.dags != frozenset() and query.run is None or query.dags is None)


# ------------------------------------------------------------------------------------------------- slots, alerts, rest
def test_slots_are_listed_the_newest_first(store):
    days = [(Instant(day * 10), Instant(day * 10 + 10)) for day in range(6)]
    states = [SlotState.FRESH, SlotState.FAILED] * 3
    write(store, created(), *(SlotMoved("daily", *one, RUN, 1, NOW) for one in zip(days, states, strict=True)))

    def listed(**facts):
        return [view.slot for view in store.reader.slot_page(SlotQuery("daily", **facts))]

    assert listed() == days[::-1]
    assert listed(limit=2, before=days[3]) == [days[2], days[1]]
    assert listed(states=(SlotState.FAILED,), first=Instant(20)) == [days[5], days[3]]
    assert listed(stop=Instant(10)) == [days[0]]


def test_alerts_are_listed_the_newest_first(store):
    for number in range(4):
        alert = Alert(f"{DAGS[number % 2]}@{number}", "failed", NOW, DAGS[number % 2])
        write(store, AlertRaised(alert, Instant(NOW + number // 2)))
    write(store, AlertMarked("daily@0", "failed", NOW, "slack", "sent", "", NOW))

    def listed(**facts):
        return [view.alert.thing for view in store.reader.alert_page(AlertQuery(**facts))]

    assert listed() == ["daily@2", "hourly@3", "daily@0", "hourly@1"]
    views = store.reader.alert_page(AlertQuery())
    for at, view in enumerate(views):
        assert listed(before=place_of_alert(view)) == listed()[at + 1 :]
    assert listed(dags=frozenset(("hourly",)), limit=1) == ["hourly@3"]
    assert listed(open_only=True) == ["daily@2", "hourly@3", "hourly@1"]
    assert listed(since=Instant(NOW + 1)) == ["daily@2", "hourly@3"]
    assert listed(kinds=("held",)) == []


def test_versions_of_a_dag_are_listed_the_newest_first(store):
    for number in (1, 2):
        write(store, defined(Version(number, DagSpec("daily"), f"s{number}", "c", "b")))
    write(store, replace(defined(Version(3, DagSpec("daily"), "s3", "c", "b")), label="v42"))
    found = store.reader.versions("daily")
    assert [view.label for view in found] == ["v42", None, None]
    assert [(view.number, view.spec_digest, view.created) for view in found] == [
        (3, "s3", NOW), (2, "s2", NOW), (1, "s1", NOW),
    ]  # fmt: skip
    assert [view.number for view in store.reader.versions("daily", before=3, limit=1)] == [2]
    write(store, DagRenamed("daily", "nightly", NOW))
    assert [view.number for view in store.reader.versions("nightly")] == [3, 2, 1]
    assert store.reader.versions("daily") == []


# --------------------------------------------------------------------------------------------------------------- audit
def answered(name, act, ok=True, **facts):
    return Answered(name, facts.pop("actor", "ann"), type(act).__name__, ok, "done", NOW, asked=act, **facts)


def test_every_request_has_one_row_that_says_what_it_did(store):
    write(store, created(), answered("a", MarkTask(RUN, "load[3]", "success", "seen"), run=RUN, was="failed"))
    write(
        store, answered("b", SetPool("warehouse", 4), was="2"), answered("c", CancelRun(RUN), ok=False, was="running")
    )
    c, b, a = store.reader.audit(AuditQuery())
    assert (a.act, a.target, a.dag, a.run, a.task) == ("MarkTask", f"{RUN} load[3]", "daily", str(RUN), "load[3]")
    assert (a.old, a.new, a.reason, a.request, a.actor, a.ok, a.at) == (
        "failed", "success", "seen", "a", "ann", True, NOW,
    )  # fmt: skip
    assert (b.target, b.dag, b.run, b.old, b.new, b.answer) == ("warehouse", "", "", "2", "4", "done")
    assert (c.ok, c.old, c.new, c.run) == (False, "", "", str(RUN))


def test_no_secret_stands_in_the_audit(store):
    params = encode({"day": 3, "password": "hush-1", "sealed": mark_sealed(b"hush-2"), "to": "db://me:hush-3@host"})
    write(
        store,
        answered("a", SetSecret("secret", "token", b"hush-4", "k1", b"hush-5")),
        answered("b", TriggerRun("daily", "k", params=params, reason="see db://me:hush-6@host")),
    )
    rows = store.reader.audit(AuditQuery())
    assert "hush" not in repr(rows)
    assert (rows[1].target, rows[1].new) == ("secret token", "set")
    assert dict(rows[0].what)["params.day"] == "3"


def test_what_letters_became_is_no_row_of_the_audit(store):
    write(store, answered("a", MarkAlert("daily", "failed", NOW, "slack", "sent")))
    write(store, Answered("b", "ann", "any", True, "", NOW))
    assert store.reader.audit(AuditQuery()) == []
    assert store.reader.answer_to("a").ok


def test_a_selection_has_a_row_before_those_of_its_requests(store):
    origin = Origin("too slow", "sel-1", "state:failed tag:retail")
    write(store, created(), answered("a", CancelRun(RUN), run=RUN, origin=origin))
    write(store, answered("b", PauseDags(("daily",)), origin=origin))
    b, a, parent = store.reader.audit(AuditQuery())
    assert (parent.request, parent.target, parent.reason, parent.parent) == (
        "sel-1", "state:failed tag:retail", "too slow", "",
    )  # fmt: skip
    assert [(row.parent, row.reason) for row in (a, b)] == [("sel-1", "too slow")] * 2
    assert (b.dag, b.target) == ("daily", "daily")


def test_the_audit_is_searched(store):
    write(store, created(), answered("a", CancelRun(RUN), run=RUN), answered("b", SetPool("x", 1), actor="bob"))
    write(store, answered("c", PauseDags(("weekly",)), ok=False))

    def found(**facts):
        return [row.request for row in store.reader.audit(AuditQuery(**facts))]

    assert found() == ["c", "b", "a"]
    assert found(dags=frozenset(("daily", "weekly"))) == ["c", "a"]
    assert (found(actor="bob"), found(acts=("CancelRun",)), found(run=str(RUN))) == (["b"], ["a"], ["a"])
    assert (found(ok=False), found(since=FAR), found(until=NOW)) == (["c"], [], [])
    assert found(limit=1, before=store.reader.audit(AuditQuery(limit=1))[0].seq) == ["b"]


def test_the_audit_outlives_runs_and_keeps_the_id_they_had(store):
    begun_run(store, answered("a", CancelRun(RUN), run=RUN))
    write(store, moved(RUN, R.RUNNING, R.SUCCESS, ended=NOW), DagRenamed("daily", "nightly", NOW))
    write(store, RunsForgotten((RunKey("nightly", *RUN[1:]),), NOW))
    assert store.reader.answer_to("a") is None
    assert [(row.request, row.dag, row.run) for row in store.reader.audit(AuditQuery())] == [("a", "daily", str(RUN))]


def test_an_answer_that_is_not_written_leaves_no_row_of_the_audit(store):
    with pytest.raises(Conflict):
        write(store, answered("a", CancelRun(RUN)), moved(RUN, R.RUNNING, R.SUCCESS))
    assert store.reader.audit(AuditQuery()) == []


def test_a_request_is_found_with_its_answer(store):
    write(store, created(), answered("a", CancelRun(RUN), run=RUN))
    view = store.reader.request("a")
    assert (view.request, view.act, view.actor, view.ok, view.answered, view.run) == (
        "a", "CancelRun", "ann", True, NOW, RUN,
    )  # fmt: skip
    assert store.reader.request("b") is None


# ---------------------------------------------------------------------------------------------------------------- load
def test_load_counts_what_has_not_ended(store):
    begun_run(
        store, *queued(at=Instant(NOW + 5)), Expanded(RUN, "load", 3, 1, NOW), *queued("load", 1), PoolSet("a", 2, NOW)
    )
    other = RunKey("daily", "old", 1)
    write(store, created(other), task(T.PENDING, T.SKIPPED, run=other))
    load = store.reader.load(NOW)
    assert (load.runs, load.ended) == (((R.QUEUED, 1), (R.RUNNING, 1)), ())
    assert (load.tasks, load.queued, load.oldest) == (((T.QUEUED, 2), (T.SKIPPED, 1)), 2, NOW)
    assert [pool.name for pool in load.pools] == ["a"]
    write(store, moved(other, R.QUEUED, R.FAILED, ended=Instant(NOW + 9), culprits=(("extract", "no"),)))
    load = store.reader.load(Instant(NOW + 9))
    assert (load.runs, load.ended, load.queued) == (((R.RUNNING, 1),), ((R.FAILED, 1),), 2)
    assert store.reader.load(FAR).ended == ()
    assert [mark.run for mark in store.reader.ends(NOW)] == [other]
    assert store.reader.ends(FAR) == []


def test_pulses_are_the_newest_attempts(store):
    begun_run(store, *queued())
    write(store, *succeeded())
    write(store, *queued("report"))
    newest, oldest = store.reader.pulses()
    assert (newest.dag, newest.state, newest.began) == ("daily", A.QUEUED, None)
    assert (oldest.state, oldest.created, oldest.began, oldest.ended) == (A.SUCCESS, NOW, NOW + 1, NOW + 2)
    assert store.reader.pulses(1) == [newest]


def test_backfills_are_listed_the_newest_first(store):
    for number, (dag, state) in enumerate((("daily", "running"), ("hourly", "running"), ("daily", "proposed")), 1):
        write(store, BackfillMade(BackfillRow(number, dag, b"s", 1), state, NOW))

    def listed(*asked, **facts):
        return [view.row.id for view in store.reader.backfills(*asked, **facts)]

    assert (listed(), listed("daily"), listed(before=3)) == ([3, 2, 1], [3, 1], [2, 1])
    assert (listed(dags=frozenset(("hourly",))), listed(None, 1, dags=frozenset(DAGS))) == ([2], [3])
    assert (listed(states=("running",)), listed(states=("proposed", "done")), listed(states=("done",))) == (
        [2, 1], [3], [],
    )  # fmt: skip


def test_what_an_engine_is_asked_is_known_alike_in_every_store(store):
    begun_run(store, *queued())
    asked = [Request("r1", "dana", CancelRun(RUN)), Request("r2", "dana", PauseDags(("daily",)))]
    snapshot, known = store.reader.rehearsal(frozenset(("daily",)), asked)
    whole = store.writer.snapshot([RUN])
    assert (snapshot.dags, snapshot.runs) == (tuple(dag for dag in whole.dags if dag.dag == "daily"), whole.runs)
    assert [one.facts for one in known] == [store.writer.facts(one.act, one.id) for one in asked]
    answers = [one for one in Engine(snapshot).step(NOW, known).changes if isinstance(one, Answered)]
    assert [(one.ok, one.text) for one in answers] == [(True, f"{RUN} is being cancelled"), (True, "daily is paused")]
    nobody, _ = store.reader.rehearsal(frozenset(("hourly",)), [])
    assert (nobody.runs, nobody.dags) == ((), ())


def test_what_tasks_keep_is_listed(store):
    names = (("b", 2, "x"), ("b", None, "y"), ("a", 0, "z"))
    write(store, created(), *(StateChanged(RUN, *one, "1", NOW) for one in names))
    assert store.reader.kept(RUN) == [("a", 0, "z", "1"), ("b", None, "y", "1"), ("b", 2, "x", "1")]
    assert store.reader.kept(RunKey("daily", "other", 1)) == []
