from __future__ import annotations

import signal
from collections.abc import Callable

import msgspec

from segue.model.events import Cancelled, Failure, LostCause, Outcome
from segue.run.wire import Gone, Report

__all__ = ["cause_of", "judged"]


def judged(report: Report, verdict: Outcome | Report) -> Report:
    """What a stopped attempt has come to: a result that came before the end is believed, except after a timeout.

    Args:
        report: what the worker says.
        verdict: why it was stopped, or what was judged before.
    """
    if isinstance(verdict, Report):
        return verdict
    if not isinstance(verdict, Cancelled):
        return msgspec.structs.replace(report, outcome=verdict)
    if isinstance(report.outcome, Cancelled | Failure):
        return msgspec.structs.replace(report, outcome=Cancelled(begun=report.began is not None))
    return report


def cause_of(gone: Gone, ours: bool, out_of_memory: Callable[[], bool]) -> LostCause:
    """Whose doing it was that a worker died with an attempt.

    Args:
        gone: how it died.
        ours: we stopped it, or its fork server died.
        out_of_memory: asked only where somebody else sent the kill.
    """
    if ours:
        return LostCause.WORKER
    if gone.signal is None:
        return LostCause.EXIT
    if gone.signal == signal.SIGKILL and out_of_memory():
        return LostCause.MEMORY
    return LostCause.SIGNAL
