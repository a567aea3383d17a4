"""The slots beside a slot, as a time table has them."""

from __future__ import annotations

from typing import TypeAlias

from segue.model.ids import Instant
from segue.model.interval import slot_key
from segue.model.spec import DagSpec
from segue.model.timing import SlotAsk
from segue.schedule.planner import Clock
from segue.schedule.slots import slot_before

__all__ = ["Span", "ask_for", "due_of", "span_after", "span_before"]

Span: TypeAlias = tuple[Instant, Instant]
"""A slot: its first instant, and the first one after it."""


def span_before(clock: Clock, slot: Span) -> Span | None:
    """The slot that ends where this one starts; None where this one is the first."""
    guess = clock.first(Instant(2 * slot[0] - slot[1]))  # most slots are as long as the one before
    if guess is not None and guess.end == slot[0]:
        return guess.start, guess.end
    found = slot_before(clock.timetable, clock.bounds, slot[0])
    return None if found is None else (found.start, found.end)


def span_after(clock: Clock, slot: Span, now: Instant) -> Span | None:
    """The slot that starts where this one ends, if it is due."""
    found = clock.first(slot[1])
    return None if found is None or found.start != slot[1] or found.due > now else (found.start, found.end)


def due_of(clock: Clock, slot: Span) -> Instant:
    """When a slot falls, or fell, due; the end of one that the time table does not have any more."""
    found = clock.first(slot[0])
    return slot[1] if found is None or (found.start, found.end) != slot else found.due


def ask_for(dag: str, spec: DagSpec, slot: Span) -> SlotAsk:
    """The question what is known about a slot."""
    return SlotAsk(dag, slot_key(*slot, spec.timezone), slot)
