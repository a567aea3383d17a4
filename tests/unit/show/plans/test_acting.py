"""What an act on runs is about to do: the runs it means, the tasks it touches, what had failed."""

from dataclasses import dataclass, field

import pytest

from segue.model.acts import MoveBackfill, RetryRun
from segue.model.backfills import BackfillRow, pack_slots
from segue.model.errors import UsageError
from segue.model.ids import Instant, RunKey
from segue.model.images import RunRow
from segue.model.spec import DagSpec, TaskSpec
from segue.model.state import RunState, TaskState
from segue.model.views import BackfillView, RunDetail, RunView, TaskView
from segue.show.plans.acting import CANCEL, REJECT, RELEASE, RERUN, RETRY, chosen_runs, held_tasks, plan_of, plan_runs
from segue.show.plans.backfilling import acts_on, failed_runs
from segue.show.plans.rerunning import newer_code
from segue.show.reading import Selection

R, T = RunState, TaskState
SPEC = DagSpec("d", (TaskSpec("a"), TaskSpec("b", after=("a",)), TaskSpec("c", after=("b",))))
DAY = (Instant(0), Instant(1))


@dataclass
class Home:
    """What `Reading` gives, the newest run first."""

    views: list[RunView] = field(default_factory=list)
    details: dict[RunKey, RunDetail] = field(default_factory=dict)
    interrupted: set[int] = field(default_factory=set)
    newer: set[int] = field(default_factory=set)

    def run(self, number, state, *tasks, **facts):
        row = RunRow(RunKey("d", f"k{number}", 1), f"r{number}", 1, slot=DAY, created=Instant(number))
        view = RunView(number, row, state, **facts)
        self.views.insert(0, view)
        entries = tuple(TaskView(name, None, one) for name, one in zip("abc", tasks, strict=False))
        self.details[view.run] = RunDetail(view, SPEC, entries)
        return view

    def runs(self, selection):
        return [view for view in self.views if view.state in selection.states]

    def runs_of(self, backfill, states=()):
        return [view for view in self.views if not states or view.state in states]

    def backfill(self, number):
        return BackfillView(BackfillRow(number, "d", pack_slots([DAY]), 1), "running", 1)

    def find(self, name):
        return next(view for view in self.views if str(view.run) == name)

    def detail(self, view):
        return self.details[view.run]

    def state(self, view):
        return "interrupted" if view.number in self.interrupted else view.state

    def superseded(self, view):
        return view.number in self.newer


def numbers(views):
    return [view.number for view in views]


# ---------------------------------------------------------------------------------------------------------------- runs
def test_a_retry_means_what_stands_and_has_not_gone_well_and_of_an_interval_the_newest():
    home = Home(interrupted={4}, newer={1})
    for number, state in enumerate((R.FAILED, R.FAILED, R.RUNNING, R.RUNNING, R.HELD, R.SUCCESS, R.CANCELLED), 1):
        home.run(number, state)
    assert numbers(chosen_runs(home, RETRY, Selection())) == [7, 5, 4, 2]
    assert numbers(chosen_runs(home, CANCEL, Selection())) == [5, 4, 3], "also what an older run of an interval does"
    assert numbers(chosen_runs(home, RERUN, Selection())) == [7, 6, 5, 2]
    assert numbers(chosen_runs(home, RELEASE, Selection())) == [5, 4, 3]


def test_a_selection_with_states_means_these_and_no_others():
    home = Home()
    home.run(1, R.FAILED)
    home.run(2, R.CANCELLED)
    assert numbers(chosen_runs(home, RETRY, Selection(states=(R.CANCELLED,)))) == [2]


@pytest.mark.parametrize(("verb", "tasks"), [(RETRY, 4), (RERUN, 6), (CANCEL, 1), (REJECT, 1)])
def test_a_plan_counts_the_tasks_that_the_deed_touches(verb, tasks):
    home = Home()
    home.run(1, R.FAILED, T.SUCCESS, T.FAILED, T.UPSTREAM_FAILED, culprits=(("b", "boom"),))
    home.run(2, R.HELD, T.CANCELLED, T.SKIPPED, T.HELD, culprits=(("c", "boom"),))
    plan = plan_runs(home, verb, home.views)
    assert (numbers(plan.runs), plan.tasks, plan.causes, plan.since) == ([2, 1], tasks, (("boom", 2),), 1)


def test_a_run_that_is_named_is_meant_whatever_its_state():
    home = Home(newer={1})
    home.run(1, R.SUCCESS)
    assert numbers(plan_of(home, RETRY, "d@k1", Selection()).runs) == [1]


# ---------------------------------------------------------------------------------------------------------------- held
def test_held_tasks_are_named_by_themselves_or_by_item_or_not_at_all():
    view = Home().run(1, R.HELD)
    items = [TaskView("a", None, T.HELD), TaskView("b", None, T.PENDING, expanded=3)]
    items += [TaskView("b", 0, T.HELD), TaskView("b", 1, T.SUCCESS), TaskView("b", 2, T.HELD)]
    detail = RunDetail(view, SPEC, tuple(items))
    assert held_tasks(detail, None) == ["a", "b[0]", "b[2]"]
    assert held_tasks(detail, "b") == ["b[0]", "b[2]"]
    assert held_tasks(detail, "b[2]") == ["b[2]"]
    with pytest.raises(UsageError, match=r"b\[1\] of d@k1 is not held: a, b\[0\], b\[2\] are"):
        held_tasks(detail, "b[1]")
    with pytest.raises(UsageError, match="d@k1 has no held task"):
        held_tasks(RunDetail(view, SPEC, ()), None)


# ----------------------------------------------------------------------------------------------------------- backfills
def test_of_a_backfill_is_run_again_what_failed_or_was_cancelled_and_nothing_has_followed():
    home = Home(newer={1})
    for number, state in enumerate((R.FAILED, R.FAILED, R.CANCELLED, R.SUCCESS), 1):
        home.run(number, state)
    assert numbers(failed_runs(home, 3)) == [2, 3]
    assert acts_on(home, "retry", 3) == [RetryRun(home.views[2].run), RetryRun(home.views[1].run)]
    newest = acts_on(home, "retry", 3, newest=True)
    assert newest == [MoveBackfill(3, "again", newest=True, slots=pack_slots([DAY]))]


def test_where_nothing_of_a_backfill_failed_nothing_is_run_again():
    home = Home()
    home.run(1, R.SUCCESS)
    with pytest.raises(UsageError, match="nothing to retry: no interval of backfill 3 has failed"):
        acts_on(home, "retry", 3)


# ---------------------------------------------------------------------------------------------------------- newer code
def test_newer_code_has_what_failed_and_is_another_function_now():
    home = Home()
    view = home.run(1, R.FAILED, culprits=(("a", "boom"), ("b[2]", "boom"), ("b[3]", "boom"), ("gone", "boom")))
    old = DagSpec("d", (TaskSpec("a", function="one"), TaskSpec("b", function="one"), TaskSpec("gone"), TaskSpec("c")))
    new = DagSpec("d", (TaskSpec("a", function="one"), TaskSpec("b", function="two"), TaskSpec("c", function="two")))
    assert newer_code(RunDetail(view, old, ()), new) == ("b",)
