"""Pools that a person sets; those of the settings stand below them."""

from __future__ import annotations

from collections.abc import Callable

from segue.app.acting import ask_owner, owner_here
from segue.app.clock import SystemClock
from segue.app.home import Home, own
from segue.app.owner import actor_here, machine_memory, new_id
from segue.app.settings import Settings
from segue.engine.core import Engine
from segue.model.changes import Answered
from segue.model.errors import Refused
from segue.model.events import Request, SetPool
from segue.store.sqlite import open_writer

__all__ = ["set_pool"]


def set_pool(settings: Settings, act: SetPool, warn: Callable[[str], None]) -> str:
    """Give a pool slots, or remove it: through the owner of the home, or as its owner for a moment.

    Raises:
        Refused: with the reason.
    """
    home = Home(settings.home)
    if (owner := owner_here(home)) is not None:
        with owner:
            answers = ask_owner(owner, [act])
        if answers.refusals:
            raise Refused(answers.refusals[0])
        return answers.texts[0]
    with own(settings, warn):
        now = SystemClock().now()
        store = open_writer(home.database, now)
        try:
            lease = store.lease()
            request = Request(new_id(), actor_here(), act)
            engine = Engine(store.snapshot(()), settings.limits(machine_memory()))
            changes = engine.step(now, [request]).changes
            with store.transaction(lease.epoch) as transaction:
                transaction.apply(changes)
        finally:
            store.close()
    [answer] = [change for change in changes if isinstance(change, Answered)]
    if not answer.ok:
        raise Refused(answer.text)
    return answer.text
