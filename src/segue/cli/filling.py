"""Following a backfill, driven here or elsewhere, and telling how it ended."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rich.text import Text

from segue.app.acting import ask_owner, owner_here
from segue.app.backfilling import backfill_object, is_over
from segue.app.clock import SystemClock
from segue.app.control_client import OwnerGone
from segue.app.home import Home
from segue.app.owner import Foreground
from segue.app.reading import open_reading
from segue.cli.output import Code, console, print_json, say_errors
from segue.cli.progress import BackfillScreen, progress_text
from segue.model.acts import Act, MoveBackfill, StartBackfill
from segue.model.errors import Refused
from segue.model.state import RunState

__all__ = ["follow_here", "follow_there", "number_of", "told"]

_PACE = 0.2


def number_of(home: Home, act: StartBackfill, request: str) -> int:
    """The number of the backfill that a request has begun, or that did the same already."""
    with open_reading(home) as reading:
        views = reading.backfills(act.dag)
        made = (view.row.id for view in views if view.row.request == request)
        same = (view.row.id for view in views if view.state == "running" and view.row.slots == act.slots)
        return next(made, None) or next(same)


def follow_here(driver: Foreground, acts: Sequence[Act], *, as_json: bool) -> int:
    """Have it done by this process, and stay until the backfill has ended."""
    screen = None if as_json else BackfillScreen(console(), driver.clock.now)
    if screen is not None:
        driver.session.listeners.append(screen.committed)
        driver.session.complaint = screen.say
        screen.start()
    try:
        for act in acts:
            driver.ask(act)
        driver.run()
    finally:
        if screen is not None:
            screen.stop()
    if driver.session.refusals:
        return say_errors([Refused(text) for text in driver.session.refusals], as_json)
    code = told(Home(driver.settings.home), max(driver.session.backfills), as_json=as_json, ended=True)
    return Code.CANCELLED if driver.session.interrupts else code


def follow_there(home: Home, number: int, *, as_json: bool) -> int:
    """Stay until a backfill that another process runs has ended; Ctrl-C leaves it to that.

    Raises:
        OwnerGone: it has ended before the backfill, and no other has come.
    """
    screen = None if as_json else BackfillScreen(console(), SystemClock().now)
    if screen is not None:
        screen.start()
    try:
        with open_reading(home) as reading:
            while not is_over(view := reading.backfill(number)):
                if screen is not None:
                    screen.show(view)
                owner = owner_here(home)
                if owner is None:
                    raise OwnerGone(f"the owner of this home has ended: `segue up` goes on with backfill {number}")
                owner.close()
                time.sleep(_PACE)
            if screen is not None:
                screen.show(view)
    except KeyboardInterrupt:
        return Code.CANCELLED
    finally:
        if screen is not None:
            screen.stop()
    return told(home, number, as_json=as_json, ended=True)


def told(home: Home, number: int, *, as_json: bool, ended: bool = False) -> int:
    """Say how a backfill stands; where it has ended, the exit code says how."""
    now = SystemClock().now()
    with open_reading(home) as reading:
        view = reading.backfill(number)
    runs = dict(view.runs)
    bad, held = runs.get(RunState.FAILED, 0) + runs.get(RunState.CANCELLED, 0), runs.get(RunState.HELD, 0)
    if as_json:
        print_json({"backfill": backfill_object(view, now)})
    elif ended:
        _summary(number, view.state, runs)
    else:
        console().print(f"  segue backfills {number} --follow   shows how far it is", style="dim")
    if not ended:
        return Code.GOOD
    return Code.FAILED if bad else Code.HELD if held else Code.GOOD


def _summary(number: int, state: str, runs: dict[RunState, int]) -> None:
    screen = console()
    counts = ", ".join(f"{count:,} {name}" for name, count in runs.items() if count) or "no run was needed"
    screen.print(Text.assemble((f"backfill {number} is {state}", "bold"), f": {counts}"))
    if runs.get(RunState.FAILED):
        screen.print(Text.assemble("the world was broken:  ", (f"segue backfills retry {number}", "bold")))
        screen.print(
            Text.assemble("the code was broken:   ", (f"segue backfills retry {number} --code newest", "bold"))
        )
    if runs.get(RunState.HELD):
        screen.print("some are held: `segue runs --state held` names them, `segue why RUN` says what helps")
