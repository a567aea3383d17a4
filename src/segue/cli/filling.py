"""Following a backfill, driven here or elsewhere, and telling how it ended."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rich.text import Text

from segue.app.acting import owner_here
from segue.app.clock import SystemClock
from segue.app.control_client import OwnerGone
from segue.app.home import Home
from segue.app.owner import Foreground
from segue.app.reading import open_reading
from segue.cli.output import Code, console, print_json, say_errors
from segue.cli.progress import BackfillScreen
from segue.model.acts import Act
from segue.model.errors import Refused
from segue.model.state import RunState
from segue.model.views import BackfillView
from segue.show.backfilling import is_over
from segue.show.plans.backfilling import failed_runs
from segue.show.views.backfills import backfill_item

__all__ = ["follow_here", "follow_there", "told"]

_PACE = 0.2


def follow_here(driver: Foreground, acts: Sequence[Act], number: int | None = None, *, as_json: bool) -> int:
    """Have it done by this process, and stay until the backfill has ended.

    Args:
        driver: the owner of the home.
        acts: what is asked for.
        number: of the backfill, where there is one already.
        as_json: print one JSON object at the end and nothing else.
    """
    screen = None if as_json else BackfillScreen(console(), driver.clock.now)
    if screen is not None:
        if number is not None:
            with open_reading(Home(driver.settings.home)) as reading:
                screen.resume(reading.backfill(number), reading.runs_of(number))
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
    code = told(Home(driver.settings.home), number or max(driver.session.backfills), as_json=as_json, ended=True)
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
        if not as_json:
            console().print(f"backfill {number} goes on without you: `segue backfills cancel {number}` ends it")
        return Code.CANCELLED
    finally:
        if screen is not None:
            screen.stop()
    return told(home, number, as_json=as_json, ended=True)


def told(home: Home, number: int, *, as_json: bool, ended: bool = False) -> int:
    """Say how a backfill stands; where it has ended, the exit code says how."""
    with open_reading(home) as reading:
        view = reading.backfill(number)
        failed = len(failed_runs(reading, number))
    if as_json:
        print_json({"backfill": backfill_item(view, SystemClock().now())})
    elif ended:
        _summary(view, failed)
    else:
        console().print(f"  segue backfills {number} --follow   shows how far it is", style="dim")
    held = dict(view.runs).get(RunState.HELD, 0)
    return Code.GOOD if not ended else Code.FAILED if failed else Code.HELD if held else Code.GOOD


def _summary(view: BackfillView, failed: int) -> None:
    screen, number, runs = console(), view.row.id, dict(view.runs)
    counts = {"good": runs.get(RunState.SUCCESS, 0), "failed": failed, "held": runs.get(RunState.HELD, 0)}
    said = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count) or "no run was needed"
    left = view.row.total - view.made
    if left:
        said += f"; {left:,} interval{'' if left == 1 else 's'} not begun"
    screen.print(Text.assemble((f"backfill {number} is {view.state}", "bold"), f": {said}"))
    if failed:
        screen.print(Text.assemble("the world was broken:  ", (f"segue backfills retry {number}", "bold")))
        screen.print(
            Text.assemble("the code was broken:   ", (f"segue backfills retry {number} --code newest", "bold"))
        )
    if counts["held"]:
        screen.print("`segue runs --state held` names what is held, `segue why RUN` says what helps", style="dim")
