from __future__ import annotations

import msgspec

from segue.model.ids import hook_id
from segue.run.executors.worker import Attempt
from segue.run.wire import Work

__all__ = ["pack"]

_encode = msgspec.msgpack.Encoder().encode


def pack(attempt: Attempt, fresh: int, briefed: bool) -> bytes:
    """Encode what a worker is told of an attempt.

    Args:
        attempt: the attempt.
        fresh: see `Work`.
        briefed: the worker knows the run already.
    """
    launch, key, user = attempt.launch, attempt.launch.key, attempt.what == "user"
    work = Work(
        token=attempt.token,
        run=key.run,
        task=key.task if attempt.of is None else hook_id(key.task, "cancel"),
        index=key.index,
        number=key.number,
        kind=launch.task.kind if user else "task",
        data=launch.task.data if user else (),
        inputs=launch.inputs if user else (),
        picks=launch.picks if user else (),
        round=launch.round,
        tries=launch.tries,
        fresh=fresh,
        ask=attempt.asks,
        brief=None if briefed else launch.brief,
        what=attempt.what,
        hooked=attempt.hooked,
        state=tuple(attempt.kept.items()) if attempt.kept else (),
        empty=launch.empty if user else "ok",
        staged=launch.staged,
        reveals=bool(attempt.reuse.connections or attempt.reuse.secrets or attempt.reuse.params),
        step=launch.step,
        steps=launch.steps,
    )
    return _encode(work)
