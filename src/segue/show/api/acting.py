"""Acts on runs: retry, rerun, cancel, mark, release, reject."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, TypeAlias

from fastapi import Response

from segue.model.access import Role
from segue.model.acts import Act, CancelRun, MarkTask, RejectTask, ReleaseTask, RerunRun, RetryRun, RunAct
from segue.model.api.acts import CancelRuns, MarkRuns, RejectRuns, ReleaseRuns, RerunRuns, RetryRuns, SelectRuns
from segue.model.api.outcomes import Cause, Outcome, Refusal, Reuse, RunPlan, Why
from segue.model.errors import UsageError
from segue.model.moment import iso_utc
from segue.model.spec import DagSpec
from segue.model.views import RunDetail, RunView
from segue.show.api.asking import ANSWERS, Errand, ask, check_reason, errand, example_of, origin_of, rehearsed
from segue.show.api.reaching import Reach, Reached, check_choice
from segue.show.api.routing import Routes
from segue.show.api.visiting import Visit, Visiting
from segue.show.diffing import Side, difference_of
from segue.show.plans.acting import (
    CANCEL,
    MARK,
    REJECT,
    RELEASE,
    RERUN,
    RETRY,
    Verb,
    chosen_runs,
    held_tasks,
    plan_runs,
)
from segue.show.plans.rerunning import newer_code, preview
from segue.show.reading import Reading
from segue.show.selecting import read_selection

__all__ = ["ACTING"]

ACTING: Final = Routes("act on runs")
_RUN: Final = "daily_orders@2026-04-01"
_ACTS: Final = {
    "needs": Role.OPERATOR, "responses": ANSWERS, "response_model": Outcome | RunPlan,
    "example": example_of(_RUN, f"{_RUN} goes on", _RUN),
}  # fmt: skip

_Body: TypeAlias = RetryRuns | RerunRuns | CancelRuns | MarkRuns | ReleaseRuns | RejectRuns
_Wanted: TypeAlias = Callable[[RunView], Sequence[tuple[str, Act]]]
_SHOWN: Final = 1_000  # runs that a plan names
_COMPARED: Final = 20  # runs of which a plan says what a rerun takes over


@ACTING.post("/runs/retry", asks=RetryRuns(select=SelectRuns("orders_*", ("failed",), "02:00"), dry_run=True), **_ACTS)
def retry_runs(visit: Visiting, body: RetryRuns) -> Response:
    """Go on with runs: again what failed or was interrupted, with the same code."""
    return _act(visit, RETRY, body, lambda view: [("", RetryRun(view.run, body.tasks, body.only, body.force))])


@ACTING.post("/runs/rerun", asks=RerunRuns((_RUN,), failed=True), **_ACTS)
def rerun_runs(visit: Visiting, body: RerunRuns) -> Response:
    """Run intervals anew with the newest code, all tasks or only what failed; the old runs stay as they are."""
    return _act(
        visit, RERUN, body, lambda view: [("", RerunRun(view.run, None, body.replace, body.failed, body.tasks))]
    )


@ACTING.post("/runs/cancel", asks=CancelRuns((_RUN,)), **_ACTS)
def cancel_runs(visit: Visiting, body: CancelRuns) -> Response:
    """Stop runs: what waits at once, what works by TERM, a grace period, then KILL."""
    return _act(visit, CANCEL, body, lambda view: [("", CancelRun(view.run, body.now))])


@ACTING.post("/runs/mark", asks=MarkRuns("load", "success", "loaded by hand", (_RUN,)), **_ACTS)
def mark_runs(visit: Visiting, body: MarkRuns) -> Response:
    """Set a task of runs by hand; what lies below it is decided again."""
    check_reason(body.reason, needed=True)
    return _act(visit, MARK, body, lambda view: [(body.task, MarkTask(view.run, body.task, body.state, body.reason))])


@ACTING.post("/runs/release", asks=ReleaseRuns("a bank holiday", (_RUN,)), **_ACTS)
def release_runs(visit: Visiting, body: ReleaseRuns) -> Response:
    """Let held tasks go: publish what they staged, without running their code again."""
    check_reason(body.reason, needed=True)
    acts = _held(visit, body.task, lambda view, task: ReleaseTask(view.run, task, body.reason, body.from_now_on))
    return _act(visit, RELEASE, body, acts)


@ACTING.post("/runs/reject", asks=RejectRuns("half of the rows are missing", (_RUN,)), **_ACTS)
def reject_runs(visit: Visiting, body: RejectRuns) -> Response:
    """Fail held tasks: what they staged is thrown away."""
    check_reason(body.reason, needed=True)
    return _act(
        visit, REJECT, body, _held(visit, body.task, lambda view, task: RejectTask(view.run, task, body.reason))
    )


def _held(visit: Visit, task: str | None, act: Callable[[RunView, str], Act]) -> _Wanted:
    def acts(view: RunView) -> Sequence[tuple[str, Act]]:
        with visit.reading() as reading:
            return [(label, act(view, label)) for label in held_tasks(reading.detail(view), task)]

    return acts


def _act(visit: Visit, verb: Verb, body: _Body, acts: _Wanted) -> Response:
    with visit.reading() as reading:
        reached = _reached(visit, reading, verb, body)
    errands, refused = _errands(visit, reached, acts)
    if body.dry_run:
        dags = {view.run.dag for view in reached.objects}
        return rehearsed(visit, errands, refused, dags, partial(_plan, visit, verb, reached.objects, body))
    reason = getattr(body, "reason", "")
    return ask(visit, errands, refused, origin_of(visit, reason, reached.selection))


def _errands(visit: Visit, reached: Reached[RunView], acts: _Wanted) -> tuple[list[Errand], list[Refusal]]:
    """The oldest run first."""
    errands, refused = [], list(reached.refused)
    for view in reached.objects[::-1]:
        try:
            errands += [
                errand(visit, f"{view.run}/{label}" if label else str(view.run), act) for label, act in acts(view)
            ]
        except UsageError as why:  # it has nothing that is held: of a selection it was not meant
            if not reached.selection:
                refused.append(Refusal(str(view.run), str(why)))
    return errands, refused


# ---------------------------------------------------------------------------------------------------------------- which
def _reached(visit: Visit, reading: Reading, verb: Verb, body: _Body) -> Reached[RunView]:
    check_choice(body.runs, body.select is not None, "runs")
    reach = Reach(visit)
    if body.select is None:
        return reach.named("run", body.runs, reading.find, _dag_of)
    words, text = _words(body.select)
    if not text:
        raise UsageError("body.select selects nothing: give dag, states, since, tag or error (`dag`: `*` means all)")
    selection = read_selection(words, body.select.states, visit.now, visit.doors.house.zone, body.select.kinds)
    return reach.selected(chosen_runs(reading, verb, selection), _dag_of, lambda view: str(view.run), text)


def _dag_of(view: RunView) -> str:
    return view.run.dag


def _words(select: SelectRuns) -> tuple[dict[str, str | None], str]:
    """The words of a selection, and all of them in one line."""
    backfill = None if select.backfill is None else str(select.backfill)
    words = {
        "dag": select.dag, "since": select.since, "until": select.until, "tag": select.tag, "owner": select.owner,
        "error": select.error, "backfill": backfill,
    }  # fmt: skip
    shown = [f"{name} {word}" for name, word in words.items() if word is not None]
    several = {"states": select.states, "kinds": select.kinds}
    return words, ", ".join([*shown, *(f"{name} {','.join(some)}" for name, some in several.items() if some)])


# ----------------------------------------------------------------------------------------------------------------- plan
def _plan(  # noqa: PLR0913  # the last three are what was found out
    visit: Visit, verb: Verb, views: Sequence[RunView], body: _Body,
    good: Sequence[Errand], refused: tuple[Refusal, ...], _: Sequence[str],
) -> RunPlan:  # fmt: skip
    meant = {one.act.run for one in good if isinstance(one.act, RunAct)}
    with visit.reading() as reading:
        plan = plan_runs(reading, verb, [view for view in views if view.run in meant])
        few = plan.runs[:_COMPARED]
        reuse: tuple[Reuse, ...] = ()
        newer: tuple[Why, ...] = ()
        if isinstance(body, RerunRuns) and (body.failed or body.tasks):
            reuse = tuple(_reuse(visit, reading.detail(view), _newest(reading, view), body) for view in few)
        if isinstance(body, RetryRuns):
            found = {name: Why(name, "has newer code") for view in few for name in _mended(reading, view)}
            newer = tuple(found.values())
    return RunPlan(
        verb.name, tuple(str(view.run) for view in plan.runs[:_SHOWN]), len(plan.runs), plan.tasks,
        iso_utc(plan.since) if plan.runs else None, tuple(Cause(text, count) for text, count in plan.causes[:_SHOWN]),
        refused, reuse, newer,
    )  # fmt: skip


def _newest(reading: Reading, view: RunView) -> DagSpec:
    return reading.dag(view.run.dag)[1]


def _mended(reading: Reading, view: RunView) -> tuple[str, ...]:
    return newer_code(reading.detail(view), _newest(reading, view)) if view.culprits else ()


def _reuse(visit: Visit, detail: RunDetail, newest: DagSpec, body: RerunRuns) -> Reuse:
    run = str(detail.run.run)
    plan = preview(detail, newest, body.failed, body.tasks, visit.now, visit.doors.house.results)
    diff = difference_of(Side(run, detail.spec, ""), Side("newest", newest, "")).tasks
    return Reuse(
        run, plan.reused, tuple(Why(task, str(why)) for task, why in plan.runs), plan.new, plan.gone, plan.changed,
        tuple(Why(task, what) for task, what in diff),
    )  # fmt: skip
