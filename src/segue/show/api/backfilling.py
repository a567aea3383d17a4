"""Backfills: made after a preview, paused, resumed, cancelled, and what failed in them again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Final

from fastapi import Response

from segue.model.access import Role
from segue.model.api.acts import AgainBackfills, BackfillMoves, MoveBackfills, NewBackfill, SelectBackfills
from segue.model.api.outcomes import BackfillPlan, Done, ObjectPlan, Outcome, Refusal
from segue.model.errors import NotFound, UsageError
from segue.model.views import BackfillView
from segue.show.api.asking import ANSWERS, Errand, ask, check_reason, errand, example_of, origin_of, rehearsed
from segue.show.api.reaching import MOST_SELECTED, Reach, Reached, check_choice
from segue.show.api.routing import Of, Routes, encoded
from segue.show.api.visiting import Visit, Visiting
from segue.show.backfilling import Wish, effects_object, effects_of, plan_backfill, read_only
from segue.show.plans.backfilling import acts_on, number_of
from segue.show.plans.triggering import params_of
from segue.show.reading import Reading

__all__ = ["BACKFILLING"]

BACKFILLING: Final = Routes("act on backfills")
_ACTS: Final = {
    "needs": Role.OPERATOR,
    "responses": ANSWERS,
    "response_model": Outcome | ObjectPlan,
    "example": example_of("3", "backfill 3 is paused"),
}
_OPEN: Final = ("proposed", "running", "paused")


@BACKFILLING.post(
    "/dags/{dag}/backfills",
    asks=NewBackfill("2026-04-01..2026-04-30", reason="the source was late"),
    needs=Role.OPERATOR,
    of=Of.DAG,
    responses=ANSWERS,
    response_model=Outcome | BackfillPlan,
)
def start_backfill(visit: Visiting, dag: str, body: NewBackfill) -> Response:
    """Run the intervals of a range: what is missing, unless `only` says more."""
    check_reason(body.reason)
    if not 1 <= body.cap <= 1_000:
        raise UsageError(f"body.cap is {body.cap}: between 1 and 1,000 runs at once")
    house = visit.doors.house
    with visit.reading() as reading:
        view, spec = reading.declared(dag)
        params = params_of(spec, body.params, visit.doors.safe.seal_param)
        wish = Wish(body.range, body.order, body.cap, read_only(",".join(body.only)), params, body.reason)
        plan = plan_backfill(spec, view.foretold, reading.slots(spec.id), wish, visit.now, _too_many)
        effects = effects_of(plan, reading.durations(spec.id), house.workers, house.reserve) if body.dry_run else None
    act = plan.act
    if effects is not None:
        told = BackfillPlan(**effects_object(plan, effects))
        errands = [errand(visit, spec.id, act)] if plan.slots else []
        return rehearsed(visit, errands, (), (spec.id,), lambda *_: told)
    if not plan.slots:
        return encoded(Outcome())

    def finish(done: Done) -> Done:
        with visit.reading() as fresh:
            return replace(done, backfill_id=str(number_of(fresh, act, done.request_id)))

    return ask(visit, [errand(visit, spec.id, act)], (), origin_of(visit, body.reason), finish)


def _too_many(count: int) -> None:
    raise UsageError(f"that are about {count:,} intervals: ask for a shorter range")


@BACKFILLING.post("/backfills/pause", asks=MoveBackfills(("3",)), **_ACTS)
def pause_backfills(visit: Visiting, body: MoveBackfills) -> Response:
    """Make no further runs of backfills; those that are under way finish."""
    return _move(visit, "pause", body)


@BACKFILLING.post("/backfills/resume", asks=AgainBackfills(("3",)), **_ACTS)
def resume_backfills(visit: Visiting, body: AgainBackfills) -> Response:
    """Go on with backfills, also with those that were only proposed."""
    return _move(visit, "resume", body, body.newest)


@BACKFILLING.post("/backfills/cancel", asks=MoveBackfills(select=SelectBackfills("orders_*")), **_ACTS)
def cancel_backfills(visit: Visiting, body: MoveBackfills) -> Response:
    """End backfills and cancel their runs."""
    return _move(visit, "cancel", body)


@BACKFILLING.post("/backfills/again", asks=AgainBackfills(("3",), newest=True), **_ACTS)
def repeat_backfills(visit: Visiting, body: AgainBackfills) -> Response:
    """Run again what failed in backfills."""
    return _move(visit, "retry", body, body.newest)


def _move(visit: Visit, verb: str, body: BackfillMoves, newest: bool = False) -> Response:
    errands: list[Errand] = []
    with visit.reading() as reading:
        reached = _reached(visit, reading, body)
        refused = list(reached.refused)
        for view in reached.objects:
            number = str(view.row.id)
            try:
                acts = acts_on(reading, verb, view.row.id, newest=newest)
                errands += [errand(visit, _part(number, act), act) for act in acts]
            except UsageError as why:
                refused.append(Refusal(number, str(why)))
    if body.dry_run:
        return rehearsed(
            visit, errands, refused, {view.row.dag for view in reached.objects},
            lambda good, left, _: ObjectPlan(verb, tuple(one.object for one in good), left),
        )  # fmt: skip
    return ask(visit, errands, refused, origin_of(visit, "", reached.selection))


def _part(number: str, act: object) -> str:
    """A backfill, or a run of it."""
    run = getattr(act, "run", None)
    return number if run is None else str(run)


def _reached(visit: Visit, reading: Reading, body: BackfillMoves) -> Reached[BackfillView]:
    check_choice(body.backfills, body.select is not None, "backfills")
    reach, select = Reach(visit), body.select
    if select is None:
        return reach.named("backfill", body.backfills, lambda text: _find(reading, text), _dag_of)
    words = ", ".join([*([f"dag {select.dag}"] if select.dag else []), *select.states])
    if not words:
        raise UsageError("body.select selects nothing: give dag or states (`dag`: `*` means all)")
    found = [view for view in reading.backfills(None, MOST_SELECTED) if _fits(view, select.dag, select.states)]
    return reach.selected(found, _dag_of, lambda view: str(view.row.id), words)


def _fits(view: BackfillView, dag: str | None, states: Sequence[str]) -> bool:
    return (dag is None or fnmatchcase(view.row.dag, dag)) and view.state in (states or _OPEN)


def _find(reading: Reading, text: str) -> BackfillView:
    if not text.isdecimal() or len(text) > 18:
        raise NotFound(f"there is no backfill {text}: its id is a number")
    return reading.backfill(int(text))


def _dag_of(view: BackfillView) -> str:
    return view.row.dag
