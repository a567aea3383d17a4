"""Acts that concern no run: pools, connections, secrets, the clocks of DAGs, what is deployed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from segue.app.acting import ask_owner, owner_here
from segue.app.actor import actor_here, new_id
from segue.app.clock import SystemClock
from segue.app.database import database_of
from segue.app.home import Home, own
from segue.app.settings import Settings, machine_memory
from segue.engine.core import Engine
from segue.model.acts import Act
from segue.model.changes import Answered
from segue.model.errors import Refused
from segue.model.events import Request
from segue.run.loop import informed

__all__ = ["run_errands"]


def run_errands(settings: Settings, acts: Sequence[Act], warn: Callable[[str], None]) -> list[str]:
    """Have acts carried out through the owner of the home, or as its owner for a moment; sentences of what was done.

    Raises:
        Refused: one of them was, with the reason.
    """
    home = Home(settings.home)
    if (owner := owner_here(home)) is not None:
        with owner:
            answers = ask_owner(owner, acts)
        said, refusals = answers.texts, answers.refusals
    else:
        replies = _alone(settings, acts, warn)
        said = [reply.text for reply in replies if reply.ok]
        refusals = [reply.text for reply in replies if not reply.ok]
    if refusals:
        raise Refused(refusals[0])
    return said


def _alone(settings: Settings, acts: Sequence[Act], warn: Callable[[str], None]) -> list[Answered]:
    with own(settings, warn) as owner:
        now = SystemClock().now()
        store = database_of(Home(settings.home)).writer(now, owner)
        try:
            lease = store.lease()
            engine = Engine(store.snapshot(()), settings.limits(machine_memory()))
            asked = [informed(store, Request(new_id(), actor_here(), act)) for act in acts]
            changes = engine.step(now, asked).changes
            with store.transaction(lease.epoch) as transaction:
                transaction.apply(changes)
        finally:
            store.close()
    return [change for change in changes if isinstance(change, Answered)]
