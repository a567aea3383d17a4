from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, Final

from segue.cli.afar import acting, backfills, looking, setting
from segue.client import Client
from segue.model.errors import UsageError

__all__ = ["TOKEN", "URL", "carry_out"]

URL, TOKEN = "SEGUE_URL", "SEGUE_TOKEN"

_VERBS: Final[Mapping[str, Callable[[Client, dict[str, Any]], int]]] = {
    "runs": looking.runs,
    "show": looking.show,
    "why": looking.why,
    "logs": looking.logs,
    "slots": looking.slots,
    "next": looking.next_fires,
    "diff": looking.diff,
    "alerts": setting.alerts,
    "trigger": acting.trigger,
    "retry": acting.retry,
    "rerun": acting.rerun,
    "cancel": acting.cancel,
    "mark": acting.mark,
    "release": acting.release,
    "reject": acting.reject,
    "pause": acting.pause,
    "unpause": acting.unpause,
    "backfill": backfills.backfill,
    "backfills": backfills.backfills,
    "drain": setting.drain,
    "pool": setting.pool,
    "secret": setting.secret,
    "connection": setting.connection,
    "deploy": setting.deploy,
}


def carry_out(verb: str, words: dict[str, Any], url: str) -> int:
    """Carry a verb out on a server; gives the exit code.

    Args:
        verb: its name.
        words: its options, as its own module declares them.
        url: of the server.

    Raises:
        UsageError: it works on the machine of the home only, or there is no token.
    """
    if verb not in _VERBS:
        raise UsageError(f"`segue {verb}` works on the machine of the home: there is no asking {url} for it")
    if words.get("home"):
        raise UsageError(f"--home and {URL} name two places: unset one")
    token = os.environ.get(TOKEN, "")
    if not token:
        raise UsageError(f"{url} wants a token: `segue token add NAME` on its machine makes one, put it into {TOKEN}")
    with Client(url, token) as client:
        return _VERBS[verb](client, words)
