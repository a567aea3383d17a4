"""`python -m bench.against COMMIT`: that commit and this tree in turns, on one machine, in one go.

A ratio of rates: above 1 this tree is faster. The commit is checked out beside, in a worktree that is removed again.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.__main__ import segue_run, year_of_runs

HERE = Path(__file__).parents[1]

MEASURED: dict[str, Callable[[Path], float]] = {
    "10,000 mapped": lambda tree: segue_run("fan_out", 10_000, tree=tree)["seconds"],
    "10,000 declared one by one": lambda tree: segue_run("declared", 10_000, tree=tree)["seconds"],
    "500 mapped, fresh": lambda tree: segue_run("fan_out", 500, "fresh", tree=tree)["seconds"],
    "chain of 100": lambda tree: segue_run("hops", 100, tree=tree)["seconds"],
    "chain of 30, fresh": lambda tree: segue_run("hops", 30, "fresh", tree=tree)["seconds"],
    "a task of a backfill of 365 days": year_of_runs,
    "100,000 mapped": lambda tree: segue_run("fan_out", 100_000, tree=tree)["seconds"],
    "whole `segue run` of one task": lambda tree: segue_run("one", 1, tree=tree)["wall"],
}


@contextmanager
def worktree(commit: str) -> Iterator[Path]:
    """A checkout of a commit of this repository."""
    with tempfile.TemporaryDirectory(prefix="segue-against-") as folder:
        place = Path(folder) / "tree"
        subprocess.run(["git", "worktree", "add", "--detach", "--quiet", place, commit], cwd=HERE, check=True)
        try:
            yield place
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", place], cwd=HERE, check=True)


def main() -> None:
    """Print a table of both."""
    parser = argparse.ArgumentParser(prog="python -m bench.against", description=__doc__)
    parser.add_argument("commit")
    parser.add_argument("names", nargs="*", help="what to measure: all whose name has one of these words in it (all)")
    parser.add_argument("--repeats", type=int, default=5)
    chosen = parser.parse_args()
    print(f"| what | {chosen.commit}: median | this tree: median | ratio: median (spread) |\n|---|---|---|---|")
    with worktree(chosen.commit) as old:
        for what, seconds in MEASURED.items():
            if chosen.names and not any(name in what for name in chosen.names):
                continue
            pairs = [(seconds(old), seconds(HERE)) for _ in range(chosen.repeats)]
            ratios = [before / after for before, after in pairs]
            before, after = (statistics.median(one) for one in zip(*pairs, strict=True))
            spread = f"**{statistics.median(ratios):.2f}** ({min(ratios):.2f}-{max(ratios):.2f})"
            print(f"| {what} | {before:.4f} s | {after:.4f} s | {spread} |", flush=True)


if __name__ == "__main__":
    main()
