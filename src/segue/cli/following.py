"""Driving runs to their end on this terminal: the live view, then the summary and the exit code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from shlex import quote

from rich.console import Console
from rich.text import Text

from segue.app.clock import SystemClock
from segue.app.home import Home
from segue.app.owner import Foreground
from segue.app.picture import Picture
from segue.app.reading import open_reading
from segue.app.witness import Witness
from segue.cli.live import screen_for
from segue.cli.output import Code, console, plain, print_json, say_errors, state_text, table
from segue.model.duration import show_duration
from segue.model.errors import Refused
from segue.model.ids import RunKey
from segue.model.state import RunState
from segue.model.views import RunDetail
from segue.show.report import Culprit, Summary, summarise
from segue.show.views.runs import run_whole

__all__ = ["follow", "follow_there", "tell", "watch"]

_MANY = 8


def follow(
    driver: Foreground, prepare: Callable[[Foreground], None], *, as_json: bool, ranged: bool = False,
    judged: bool = True,
) -> Code:  # fmt: skip
    """Ask for something, show the runs it moves until they have ended, and tell how.

    Args:
        driver: the owner of the home.
        prepare: posts what is asked for.
        as_json: print one JSON object on the last line and nothing else.
        ranged: several runs were asked for: the object holds a list of them.
        judged: the exit code tells how the runs ended; else only whether it was done.
    """
    details = watch(driver, prepare, as_json=as_json)
    code = tell(details, driver.session.refusals, as_json=as_json, ranged=ranged, judged=judged)
    return Code.CANCELLED if driver.session.interrupts else code


def watch(driver: Foreground, prepare: Callable[[Foreground], None], *, as_json: bool) -> list[RunDetail]:
    """Ask for something, show the runs it moves until they have ended, and give them.

    Args:
        driver: the owner of the home.
        prepare: posts what is asked for.
        as_json: show nothing.
    """
    screen = None if as_json else screen_for(console(), driver.picture, driver.clock.now)
    if screen is not None:
        driver.session.listeners.append(screen.committed)
        driver.session.complaint = screen.say
        screen.start()
    try:
        prepare(driver)
        driver.run()
    finally:
        if screen is not None:
            screen.stop()
    return [driver.detail(str(run)) for run in driver.session.mine]


def follow_there(
    home: Home, runs: Sequence[RunKey], refusals: Sequence[str], *, as_json: bool, ranged: bool,
    ready: Callable[[], None],
) -> Code:  # fmt: skip
    """Show runs that another process drives until they have ended, and tell how.

    The first Ctrl-C cancels them, a second one leaves them to their owner.

    Args:
        home: whose owner drives them.
        runs: to be followed.
        refusals: what was asked for and not done.
        as_json: print one JSON object on the last line and nothing else.
        ranged: several runs were asked for: the object holds a list of them.
        ready: called when Ctrl-C may come, and raises the one that came since the runs were asked for.
    """
    picture, interrupts, cancelled = Picture({}), 0, False
    screen = None if as_json else screen_for(console(), picture, SystemClock().now)
    with open_reading(home) as reading:
        witness = Witness(home, reading, runs, picture, screen.committed if screen else lambda changes: None)
        if screen is not None:
            screen.start()
        try:
            while True:
                try:
                    ready()
                    if interrupts and not cancelled:  # in here: an owner that does not answer keeps nobody from leaving
                        cancelled = True
                        witness.cancel()
                    witness.follow()
                    break
                except KeyboardInterrupt as pressed:
                    interrupts += len(pressed.args) or 1
                    if interrupts > 1:
                        return Code.CANCELLED
        finally:
            if screen is not None:
                screen.stop()
    code = tell(witness.details(), refusals, as_json=as_json, ranged=ranged)
    return Code.CANCELLED if interrupts else code


def tell(
    details: Sequence[RunDetail], refusals: Sequence[str], *, as_json: bool, ranged: bool, judged: bool = True
) -> Code:
    """Tell what came of it and give the exit code."""
    if refusals:
        say_errors([Refused(text) for text in refusals], as_json)
    facts = [summarise(detail) for detail in details]
    if as_json and not refusals:
        objects = [run_whole(detail) for detail in details]
        print_json({"runs": objects} if ranged or not objects else objects[0])
    elif not as_json and details:
        _summary(console(), facts)
    states = {one.state for one in facts} if judged else set()
    failed = judged and any(one.culprits for one in facts)  # also in a run that is held: something failed in it
    if refusals or failed or RunState.FAILED in states or RunState.CANCELLED in states:
        return Code.FAILED
    return Code.HELD if RunState.HELD in states else Code.GOOD


# ------------------------------------------------------------------------------------------------------------- summary
def _summary(screen: Console, facts: Sequence[Summary]) -> None:
    rows = table("run", "state", ">took", ">tasks", ">retries", "slowest task")
    for one in facts:
        slowest = "" if one.slowest is None else f"{one.slowest[0]} ({show_duration(one.slowest[1])})"
        took = "" if one.length is None else show_duration(one.length)
        rows.add_row(
            Text(str(one.run), style="bold"), state_text(one.state), took, f"{sum(one.tasks.values()):,}",
            str(one.retries), plain(slowest),
        )  # fmt: skip
    screen.print()
    screen.print(rows)
    troubled = [one for one in facts if one.culprits or one.held or one.waits]
    for one in troubled[:_MANY]:
        _trouble(screen, one)
    if len(troubled) > _MANY:
        screen.print(f"\n… and {len(troubled) - _MANY} more that failed or are held: `segue runs --state failed,held`")
    failed = [one.run for one in troubled if one.culprits]
    if failed:
        again = str(failed[0]) if len(failed) == 1 else f"--state failed --dag {failed[0].dag}"
        screen.print()
        screen.print(Text.assemble("the world was broken:  ", (f"segue retry {again}", "bold")))
        screen.print(Text.assemble("the code was broken:   ", (f"segue rerun --failed {again}", "bold")))


def _trouble(screen: Console, one: Summary) -> None:
    screen.print()
    for culprit in one.culprits[:_MANY]:
        screen.print(Text.assemble(("✗ ", "bold red"), (f"{one.run} {culprit.label}", "bold"), "  ", _reason(culprit)))
        screen.print(Text(f"  segue logs {one.run} {quote(culprit.label)}", style="dim"))
    if one.waits:
        screen.print(Text.assemble(("‖ ", "magenta"), (str(one.run), "bold"), "  ", plain(one.waits)))
    for label in one.held[:_MANY]:
        screen.print(Text.assemble(("‖ ", "magenta"), (f"{one.run} {label}", "bold"), "  is held: a person decides"))
        screen.print(Text(f"  segue release {one.run} {quote(label)} --reason …   it is good as it is", style="dim"))
        screen.print(Text(f"  segue reject {one.run} {quote(label)} --reason …    it is wrong", style="dim"))


def _reason(culprit: Culprit) -> Text:
    attempts = f" (after {culprit.attempts} attempts)" if culprit.attempts > 1 else ""
    return plain(culprit.reason + attempts)
