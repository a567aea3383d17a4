"""Run the gates and tests stage by stage, all of them or those named: `run_stages.py [STAGE...]`.

Nothing stops at the first failure: what is broken is seen in one go. The last line is the sum over all stages. A test
on real processes that failed runs once more, alone; if it passes then it is named as unsteady (docs/decisions/0037).
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

__all__ = ["NO_BROWSER", "STAGES", "find_browser", "run_again", "run_command", "run_commands"]

ROOT = Path(__file__).parents[1]
PROGRAMS = Path(sys.executable).parent

# Thousands of processes import the package. Where Python may not keep bytecode (PYTHONDONTWRITEBYTECODE), each of them
# compiles it anew, which is half of what a short one does.
COMPILE = ["python", "-m", "compileall", "-q", "-j", "2", "src"]

# Branch coverage of these rooms is 100 %, by their unit tests and a few fixed seeds of the simulator.
PURE_ROOMS = ("model", "schedule", "resolve", "engine")
FIXED_SEEDS = "tests/simulate/test_fixed_seeds.py"

TWO_WORKERS = ("--numprocesses", "2", "--dist", "worksteal")
# Where tests wait for other processes a quarter of the time, or half of it.
THREE_WORKERS = ("--numprocesses", "3", "--dist", "worksteal")
FOUR_WORKERS = ("--numprocesses", "4", "--dist", "worksteal")
# What a file sets up (a server, a wheel) is set up once.
FILE_BY_FILE = ("--numprocesses", "2", "--dist", "loadfile")
PURE_TESTS = [*(f"tests/unit/{room}" for room in PURE_ROOMS), FIXED_SEEDS]
OTHER_UNIT_TESTS = sorted(
    str(path.relative_to(ROOT))
    for path in (ROOT / "tests/unit").iterdir()
    if path.name not in (*PURE_ROOMS, "__pycache__")
)

NO_SERVER = (
    "!!! PostgreSQL is not installed here: NOTHING OF THE POSTGRESQL STORE WAS TESTED.\n"
    "!!! Install its server (on Debian: apt install postgresql-15) and say: make test STAGES='contract postgres'"
)

NO_BROWSER = (
    "!!! There is no Chromium here: THE PAGE WAS NOT LOOKED AT.\n"
    "!!! Install it (on Debian: apt install chromium) and say: make test STAGES=page"
)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")

# Their tests wait for real processes, and share two cores with others while they do.
REAL = ("e2e", "postgres", "page")

STAGES: dict[str, list[list[str]]] = {
    "gates": [
        ["ruff", "check", "--quiet", "."],
        ["ruff", "format", "--check", "--quiet", "."],
        ["mypy"],
        ["lint-imports", "--no-logo"],
        ["pytest", "-q", *TWO_WORKERS, "tests/structure"],
        ["pytest", "-q", "tests/typing"],
        ["python", "hatch_build.py", "npm", "run", "--silent", "types"],
        ["python", "hatch_build.py", "npm", "run", "--silent", "lint"],
        ["python", "hatch_build.py", "npm", "run", "--silent", "test"],
    ],
    "unit": [
        ["coverage", "erase"],
        ["coverage", "run", f"--source={','.join(f'segue.{room}' for room in PURE_ROOMS)}",
         "-m", "pytest", "-q", *TWO_WORKERS, *PURE_TESTS],
        ["coverage", "combine", "--quiet"],
        ["coverage", "report"],
        ["pytest", "-q", *TWO_WORKERS, *OTHER_UNIT_TESTS],
    ],
    "contract": [["pytest", "-q", *TWO_WORKERS, "tests/contract", "tests/golden"]],
    "simulate": [["pytest", "-q", *TWO_WORKERS, "tests/simulate"]],
    "e2e": [["pytest", "-q", *FOUR_WORKERS, "tests/e2e"]],
    "page": [["pytest", "-q", *FILE_BY_FILE, "tests/page"]],
    "postgres": [["pytest", "-q", *THREE_WORKERS, "tests/postgres"]],
    "acceptance": [["pytest", "-q", *THREE_WORKERS, "tests/acceptance"]],
    "examples": [["pytest", "-q", *FILE_BY_FILE, "tests/examples"]],
}  # fmt: skip


def main(names: list[str]) -> int:
    if unknown := set(names) - STAGES.keys():
        print(f"no such stage: {', '.join(sorted(unknown))}; there are: {', '.join(STAGES)}", file=sys.stderr)
        return 2
    seconds: dict[str, float] = {}
    passed, failures = 0, []
    unsteady: list[str] = []
    left_out: list[str] = []
    run_command(COMPILE)
    for name in names or STAGES:
        print(f"\n=== {name}", flush=True)
        began = time.monotonic()
        if name == "postgres" and not has_server():
            if os.environ.get("CI"):
                failures.append((1, "postgres: there is no PostgreSQL here"))
            else:
                left_out.append(NO_SERVER)
            continue
        if name == "page" and find_browser() is None:  # its tests fail in CI, and are skipped elsewhere
            left_out.append(NO_BROWSER)
        for command, (good, bad) in run_commands(STAGES[name]):
            if bad and name in REAL:
                healed = run_again(command)
                unsteady += healed
                good, bad = good + len(healed), bad - len(healed)
            passed += good
            failures += [(bad, f"{name}: {' '.join(command)}")] if bad else []
        seconds[name] = time.monotonic() - began
        print(f"=== {name}: {seconds[name]:.1f} s", flush=True)
    _print_summary(seconds, [text for _, text in failures])
    for test in unsteady:
        print(f"!!! UNSTEADY: {test} failed once and passed alone. Look into it: it may be a race of ours.")
    failed = sum(count for count, _ in failures)
    for told in left_out:
        print(f"\n{told}\n")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def has_server() -> bool:
    """Whether a PostgreSQL can be started here."""
    return subprocess.run([sys.executable, "-m", "tests.postgres_server"], cwd=ROOT, check=False).returncode == 0


def find_browser() -> str | None:
    """The program of a Chromium that is installed here."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def run_commands(commands: list[list[str]]) -> Iterator[tuple[list[str], tuple[int, int]]]:
    """What came of each command, one after the other; those of the page run beside the others and are told of last.

    Most gates are one process that keeps one core busy.
    """
    of_page = [command for command in commands if "hatch_build.py" in command]
    with ThreadPoolExecutor(max_workers=1) as beside:
        said: list[str] = []
        ended = [beside.submit(run_command, command, said.append) for command in of_page]
        for command in commands:
            if command not in of_page:
                yield command, run_command(command)
        counts = [one.result() for one in ended]
    _say("".join(said))
    yield from zip(of_page, counts, strict=True)


def _say(text: str) -> None:
    print(text, end="", flush=True)


def run_command(command: list[str], say: Callable[[str], None] = _say) -> tuple[int, int]:
    """How many tests passed and failed; a command without tests counts as one."""
    say(f"--- {' '.join(command)}\n")
    counts = {"passed": 0, "failed": 0, "error": 0}
    with subprocess.Popen(
        [PROGRAMS / command[0], *command[1:]], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout:
            say(line)
            if re.search(r" in \d+\.\d+s", line):
                counts |= {word: int(count) for count, word in re.findall(r"(\d+) (passed|failed|error)", line)}
    failed = counts["failed"] + counts["error"]
    if "pytest" not in command:
        return (1, 0) if process.returncode == 0 else (0, 1)
    return counts["passed"], failed or int(process.returncode != 0)


def run_again(command: list[str]) -> list[str]:
    """Run what failed just now once more, one after the other: the tests that passed, all of what failed or none."""
    words = [word for word in command if word not in (*THREE_WORKERS, *FOUR_WORKERS, *FILE_BY_FILE)]
    listed = [PROGRAMS / "pytest", "--last-failed", "--last-failed-no-failures=none", "--collect-only", "-q"]
    said = subprocess.run([*listed, *words[2:]], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    tests = [line for line in said.splitlines() if "::" in line and " " not in line.partition("[")[0]]
    print(f"--- once more, alone: {', '.join(tests)}", flush=True)
    passed, failed = run_command(["pytest", "-q", "--last-failed", "--last-failed-no-failures=none", *words[2:]])
    return tests if passed == len(tests) and not failed else []


def _print_summary(seconds: dict[str, float], failures: list[str]) -> None:
    print()
    for name, taken in seconds.items():
        verdict = "failed" if any(text.startswith(f"{name}:") for text in failures) else "ok"
        print(f"{name:12}{taken:8.1f} s  {verdict}")
    print(f"{'total':12}{sum(seconds.values()):8.1f} s")
    for text in failures:
        print(f"failed: {text}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
