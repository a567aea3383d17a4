"""Play one world again: the line that a failing simulation prints."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

from segue.testing.world.parts import PRODUCT, Parts
from segue.testing.world.plan import Fault, draw_plan
from segue.testing.world.play import play
from segue.testing.world.shrink import Drops, shrink, trouble_with
from segue.testing.world.timed import draw_timed


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(",")))


def _faults(text: str) -> tuple[Fault, ...]:
    return tuple(map(Fault, text.split(",")))


def _parts(text: str) -> Parts:
    module, _, name = text.partition(":")
    found = getattr(import_module(module), name)
    assert isinstance(found, Parts)
    return found


def main(arguments: list[str]) -> int:
    """Play the world that the arguments describe.

    Returns:
        0 where every invariant held, 1 where one did not.
    """
    parser = argparse.ArgumentParser(prog="python -m segue.testing", description=__doc__)
    parser.add_argument("--seed", type=int, required=True, help="the world")
    parser.add_argument("--timed", action="store_true", help="the world of the seed in which clocks run")
    parser.add_argument("--parts", type=_parts, default=PRODUCT, help="what to play it with, MODULE:NAME of a `Parts`")
    parser.add_argument("--without-faults", type=_faults, default=(), help="kinds of trouble to leave out")
    parser.add_argument("--without-cuts", type=_numbers, default=(), help="crash points to leave out")
    parser.add_argument("--without-actions", type=_numbers, default=(), help="numbers of requests to leave out")
    parser.add_argument("--without-tasks", type=_words, default=(), help="tasks (dag.task) and DAGs to leave out")
    parser.add_argument("--shrink", action="store_true", help="look for a smaller world that fails in the same way")
    given = parser.parse_args(arguments)
    drops = Drops(given.without_faults, given.without_cuts, given.without_actions, given.without_tasks)
    drawn = draw_timed(given.seed) if given.timed else draw_plan(given.seed)
    plan = drops.of(drawn)
    violation = trouble_with(plan, given.parts)
    if violation is None:
        story = play(plan, given.parts)
        sys.stdout.write(
            f"seed {given.seed}: every invariant held ({story.attempts} attempts, {story.commits} commits, "
            f"{story.crashes} crashes, digest {story.digest})\n"
        )
        return 0
    sys.stdout.write(f"seed {given.seed}: {violation}\n")
    if given.shrink:
        sys.stdout.write(f"{shrink(drawn, given.parts, violation)}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
