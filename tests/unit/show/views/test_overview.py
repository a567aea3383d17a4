from types import SimpleNamespace

import pytest
from msgspec import structs

from segue.model.alerts import Alert
from segue.model.ids import Instant, RunKey
from segue.model.images import RunRow
from segue.model.pages import RunMark
from segue.model.spec import DagSpec, TaskSpec
from segue.model.state import RunState, SlotState
from segue.model.views import AlertView, DagView, DeliveryView, RunView, SlotView
from segue.model.why import Why
from segue.schedule.declare import daily
from segue.show.reading import Reading
from segue.show.views.overview import Wanted, good_spans, overview_of

HOUR = 3_600_000_000
DAY = 24 * HOUR
NOW = Instant(100 * DAY + 12 * HOUR)


class Home:
    """What a reader gives, made up; and the owner, who drives everything."""

    def __init__(self, *specs, **facts):
        self.specs = {spec.id: spec for spec in specs}
        self.facts = facts
        self.views, self.ended, self.alerts, self.drives, self.ledger = [], {}, [], None, []

    def run(self, dag, state, number=1, *, started=NOW, culprits=(), why=None, **facts):
        row = RunRow(RunKey(dag, f"k{number}", 1), f"r{number}", 1, created=Instant(NOW - HOUR), **facts)
        ended = NOW if state is RunState.FAILED else None
        self.views.append(
            RunView(number, row, state, culprits=culprits, why=why, started=Instant(started), ended=ended)
        )

    def took(self, dag, *hours):
        good = RunState.SUCCESS
        self.ended[dag] = [
            RunMark(at, RunKey(dag, f"g{at}", 1), good, "manual", None, NOW, Instant(0), Instant(many * HOUR), 1)
            for at, many in enumerate(hours)
        ]  # fmt: skip

    # -------------------------------------------------------------------------------------------------- as a reader
    def dags(self):
        return [DagView(name, 1, "", "", "", **self.facts.get(name, {})) for name in sorted(self.specs)]

    def spec(self, dag, number):
        return self.specs[dag]

    def marks(self, dags, count):
        return {dag: self.ended.get(dag, []) for dag in dags}

    def runs(self, query):
        return [
            view for view in self.views
            if view.state in query.states and (query.dags is None or view.run.dag in query.dags)
        ]  # fmt: skip

    def ledgers(self, *_):
        return {}

    def slots(self, dag, first, stop):
        return [row for row in self.ledger if row.dag == dag and first <= row.slot[0] < stop]

    def find(self, name):
        return next((view for view in self.views if str(view.run) == name), None)

    def alert_page(self, query):
        return [one for one in self.alerts if query.dags is None or one.alert.dag in query.dags]

    # --------------------------------------------------------------------------------------------------- as an owner
    def driven(self):
        return self.drives

    def told(self, seen=None, unread=(), **wanted):
        return overview_of(Reading(self, "here", self), seen, NOW, Wanted(**wanted), unread)

    def sorts(self):
        return [(one.sort, one.text) for one in self.told().attention]


def dag(name="d", **options):
    return DagSpec(name, (TaskSpec("a"), TaskSpec("b", after=("a",))), **options)


def test_where_all_is_well_there_is_nothing_to_do():
    told = Home(dag()).told()
    assert (told.attention, told.coming, told.counts) == ((), (), {})


def test_what_has_passed_its_deadline_is_late():
    home = Home(dag(deadline=HOUR))
    home.run("d", RunState.RUNNING, due=NOW - 2 * HOUR)
    home.run("d", RunState.QUEUED, 2, due=NOW - HOUR // 2)
    assert home.sorts() == [("late", "its deadline has passed")]


def test_a_deadline_that_is_just_reached_has_not_passed():
    home = Home(dag(deadline=HOUR))
    home.run("d", RunState.RUNNING, due=NOW - HOUR)
    assert home.sorts() == []


def test_what_is_held_is_not_told_a_second_time_as_late():
    home = Home(dag(deadline=HOUR))
    home.run("d", RunState.HELD, due=NOW - 2 * HOUR, why=Why("parked", ("0 rows",)))
    assert home.sorts() == [("held", "held: 0 rows")]


def test_what_takes_three_times_as_long_as_good_runs_is_late():
    home = Home(dag())
    home.took("d", 1, 1, 1)
    home.run("d", RunState.RUNNING, started=NOW - 3 * HOUR)
    home.run("d", RunState.RUNNING, 2, started=NOW - 4 * HOUR)
    ((sort, text),) = home.sorts()
    assert sort == "late" and text.startswith("4.0 × its usual")


def test_a_run_that_nobody_drives_is_interrupted():
    home = Home(dag())
    home.drives = frozenset()
    home.run("d", RunState.RUNNING)
    assert home.sorts()[0] == ("interrupted", "no owner drives it")
    assert home.told().counts == {"interrupted": 1}


def test_a_held_run_needs_somebody_unless_it_only_waits_for_the_slot_before():
    home = Home(dag())
    home.run("d", RunState.HELD, why=Why("parked", ("0 rows",)))
    home.run("d", RunState.HELD, 2, why=Why("waits_past", ("waits for yesterday",)))
    assert home.sorts() == [("held", "held: 0 rows")]


def test_of_a_dag_that_fails_over_and_over_the_newest_three_are_told():
    home = Home(dag())
    for number in range(9, 2, -1):
        home.run("d", RunState.FAILED, number, culprits=(("a", "boom"),))
    told = home.told().attention
    assert [one.run_id for one in told] == ["d@k9", "d@k8", "d@k7"]
    assert told[0].affected == 1


def test_a_failure_that_a_newer_good_run_follows_is_over():
    home = Home(dag())
    home.run("d", RunState.FAILED, 1, culprits=(("a", "boom"),))
    home.took("d", 1, 1, 1)
    assert home.sorts() == []


def test_the_failure_of_an_interval_is_over_when_that_interval_has_a_newer_run_and_not_before():
    first, next_ = ((Instant(day * DAY), Instant((day + 1) * DAY)) for day in (97, 98))
    home = Home(dag())
    home.run("d", RunState.FAILED, 1, culprits=(("a", "boom"),), slot=first)
    home.run("d", RunState.SUCCESS, 2, slot=next_)
    home.took("d", 1, 1, 1)
    home.ledger = [SlotView("d", first, SlotState.FAILED, "d@k1", None, 1)]
    assert home.sorts() == [("failed", "boom")], "another day went well, this one did not"
    home.run("d", RunState.RUNNING, 3, slot=first)
    home.ledger = [SlotView("d", first, SlotState.FAILED, "d@k3", None, 1)]
    assert home.sorts() == []


def test_dags_that_are_broken_or_quarantined_say_why():
    home = Home(dag(), dag("q"), d={"error": "d.py:3: no"}, q={"quarantined": Why("guard", ("runs every second",))})
    assert home.sorts() == [("quarantined", "runs every second"), ("broken", "d.py:3: no")]


@pytest.mark.parametrize(("state", "count"), [("parked", 1), ("failed", 1), ("sent", 0), ("silenced", 0)])
def test_an_alert_of_which_nobody_could_be_told_stands_there_itself(state, count):
    home = Home(dag())
    alert = Alert("d@k1", "failed", NOW, "d", RunKey("d", "k1", 1), text="d@k1 failed")
    home.alerts = [AlertView(alert, NOW, deliveries=(DeliveryView("slack:#ops", state, 3, "no such channel", NOW),))]
    assert len(home.sorts()) == count
    assert all(text == "nobody was told that d@k1 failed: slack:#ops: no such channel" for _, text in home.sorts())


def test_of_an_alert_about_what_one_may_not_see_nothing_is_said():
    home = Home(dag(), dag("hidden"))
    told = DeliveryView("slack:#ops", "parked", 3, "no such channel", NOW)
    alert = Alert("hidden@k1", "failed", NOW, "hidden", RunKey("hidden", "k1", 1), text="hidden@k1 failed")
    home.alerts = [AlertView(alert, NOW, deliveries=(told,))]
    assert len(home.told().attention) == 1
    assert home.told(frozenset({"d"})).attention == ()


def test_what_needs_somebody_beyond_what_is_shown_is_counted():
    told = Home(*(dag(f"d{number}") for number in range(103)), **{f"d{n}": {"error": "no"} for n in range(103)}).told()
    assert (len(told.attention), told.attention_left_out) == (100, 3)


def test_the_worst_comes_first_and_of_one_sort_the_newest():
    home = Home(dag(), dag("late", deadline=1), d={"error": "no"})
    home.run("late", RunState.RUNNING, due=NOW - HOUR)
    home.run("d", RunState.HELD, 2, started=NOW - HOUR, why=Why("parked", ("old",)))
    home.run("d", RunState.HELD, 3, started=NOW, why=Why("parked", ("new",)))
    assert [one[0] for one in home.sorts()] == ["held", "held", "late", "broken"]
    assert home.sorts()[0][1] == "held: new"


# --------------------------------------------------------------------------------------------------------------- coming
def test_what_comes_says_how_long_it_takes_and_whether_it_is_in_time():
    home = Home(
        dag("calm", schedule=daily().to_data()), dag("tight", schedule=daily().to_data(), deadline=2 * HOUR),
        dag("slow", schedule=daily().to_data(), deadline=HOUR),
    )  # fmt: skip
    home.took("tight", 1, 1, 3)
    home.took("slow", 2, 2, 2)
    told = {one.dag_id: one for one in home.told(hours=48).coming}
    assert {name: (one.count, one.risk, one.expected_seconds) for name, one in told.items()} == {
        "calm": (2, "", None), "tight": (2, "at risk", 3600.0), "slow": (2, "late", 7200.0),
    }  # fmt: skip
    assert home.told(hours=6).coming == ()


def test_dags_beyond_those_that_are_shown_are_counted():
    told = Home(*(dag(f"d{number}") for number in range(5))).told(dags=3)
    assert (len(told.dags), told.dags_left_out) == (3, 2)


def test_only_good_runs_that_have_ended_tell_how_long_a_run_takes():
    mark = SimpleNamespace
    good, bad = RunState.SUCCESS, RunState.FAILED
    marks = [
        mark(state=good, started=1, ended=4),
        mark(state=bad, started=1, ended=9),
        mark(state=good, started=None, ended=3),
    ]
    assert good_spans(marks) == [3]


def test_an_interval_that_a_queued_run_waits_to_fill_is_not_missing():
    home = Home(dag(schedule=daily().to_data(), start=Instant(98 * DAY)))
    assert [sort for sort, _ in home.sorts()] == ["missing"]
    assert "2 intervals missing" in home.sorts()[0][1]
    home.run("d", RunState.QUEUED)
    home.views[-1] = structs.replace(
        home.views[-1], row=structs.replace(home.views[-1].row, slot=(Instant(99 * DAY), Instant(100 * DAY)))
    )
    assert "the interval 1970-04-09 is missing" in home.sorts()[0][1]


def test_a_file_that_could_not_be_read_is_told_beside_dags_whose_new_code_cannot():
    home = Home(dag(), d={"error": "line 3: no"})
    one, two = home.told(unread=[("my file.py", "my file.py:1: invalid syntax")]).attention
    assert (one.sort, one.dag_id, one.file) == ("broken", "d", "")
    assert (two.sort, two.dag_id, two.file, two.text) == ("broken", "", "my file.py", "my file.py:1: invalid syntax")
    assert two.command == "segue check 'my file.py'"
