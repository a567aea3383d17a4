"""A workshop whose tasks are the functions of this module: what workers load in tests instead of a DAG file."""

# ruff: noqa: PTH104, PTH109, PTH123, SIM115

import asyncio
import contextvars
import ctypes
import decimal
import json
import logging
import os
import resource
import signal
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

from segue.model import value as values
from segue.model.commands import Brief, Given, Many, Missing, Stored
from segue.model.errors import Fail, RetryAfter, Skip, UnstorableValue
from segue.model.events import Value
from segue.run.children.call import Call
from segue.run.children.supply import Supply
from segue.run.wire import Setup, Work

TOLD: dict[str, str] = {}
"""The connections and secrets of the attempt."""


def open_workshop(setup: Setup) -> "ErrandWorkshop":
    return ErrandWorkshop()


class ErrandWorkshop:
    def __init__(self) -> None:
        self._loaded: set[str] = set()

    def loads(self, work: Work, brief: Brief) -> bool:
        new = brief.file not in self._loaded
        self._loaded.add(brief.file)
        self._slow = new and brief.file == "slow.py"
        return new

    def prepare(self, work: Work, brief: Brief, supply: Supply) -> Call:
        if brief.file == "hangs.py":
            time.sleep(3600)
        while self._slow and time.process_time() < 1.0:
            pass
        TOLD.clear()
        if work.reveals:
            revealed = supply.revealed()
            TOLD.update(revealed.connections | revealed.secrets)
        if brief.file == "broken.py":
            raise ModuleNotFoundError("No module named 'nonesuch'")
        function = globals()[work.task.partition(".")[0]]
        inputs = [self._input(one, work, supply) for one in work.inputs]
        return Call(
            code=lambda: function(*inputs),
            keep=_keep,
            choose=_choose,
            may_retry=lambda error: not isinstance(error, KeyError),
            root=str(Path(__file__).parent),
        )

    def _input(self, one, work: Work, supply: Supply):
        match one:
            case Given(value):
                return values.decode(value.inline)
            case Stored(task, index):
                return values.decode(supply.one(work, task, index).inline)
            case Many(task, items):
                found = supply.block(work, task, 0, items)
                return [values.decode(value.inline) for _, value in found]
            case Missing():
                return None


def _keep(result: object) -> Value:
    if callable(result):
        raise UnstorableValue(f"result is of type {type(result).__qualname__} and cannot be stored")
    return Value(values.encode(result))


def _choose(result: object) -> tuple[str, ...]:
    if result not in ("left", "right"):
        raise Fail(f"branch returned {result!r}, which is not directly downstream")
    return (result,)


# -------------------------------------------------------------------------------------------------------------- tasks
def nothing() -> None:
    pass


def add(*numbers: int) -> int:
    return sum(numbers)


def length(text: str) -> int:
    return len(text)


def pid() -> int:
    return os.getpid()


def nap(seconds: float) -> str:
    time.sleep(seconds)
    return "rested"


def fail() -> None:
    raise ValueError("bad row 3\nand more")


def fail_for_good() -> None:
    raise Fail("no such table")


def fail_by_key() -> None:
    raise KeyError("id")


def misspell() -> None:
    undefined_name  # noqa: B018, F821


def skip() -> None:
    raise Skip("nothing new")


def retry_after() -> None:
    raise RetryAfter(90)


def unstorable() -> object:
    return lambda: None


def left() -> str:
    return "left"


def astray() -> str:
    return "nowhere"


def falsy() -> int:
    return 0


async def sleep_async() -> str:
    await asyncio.sleep(0.001)
    return "awaited"


def exit_silently() -> None:
    os._exit(0)


def die_after_its_code() -> None:
    """Killed when the worker tidies up: the code has ended, its result is not yet told."""

    class Bomb:
        def __del__(self) -> None:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.stdout = Bomb()


def exit_with(code: int) -> None:
    sys.exit(code)


def die(number: int) -> None:
    os.kill(os.getpid(), number)
    time.sleep(60)


def segfault() -> None:
    ctypes.string_at(0)


def kill_group() -> None:
    os.killpg(0, signal.SIGKILL)


def wait_for(path: str) -> str:
    while not Path(path).exists():
        time.sleep(0.002)
    return "seen"


def touch_and_wait(path: str) -> str:
    Path(path).touch()
    return wait_for(path + ".go")


def touch(path: str) -> None:
    Path(path).touch()


def append(path: str, text: str) -> None:
    with open(path, "a") as file:
        file.write(text + "\n")


def announce_and_hang(path: str) -> None:
    Path(path).write_text(str(os.getpid()))
    time.sleep(3600)


def tidy_when_stopped(path: str) -> None:
    Path(path + ".began").touch()
    try:
        time.sleep(3600)
    finally:
        Path(path).write_text("tidied")


def ignore_term(path: str) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    announce_and_hang(path)


def finish_when_stopped(path: str) -> str:
    signal.signal(signal.SIGTERM, lambda *_: Path(path + ".term").touch())
    Path(path).touch()
    wait_for(path + ".term")
    return "finished all the same"


def leave_child(path: str) -> str:
    child = subprocess.Popen(["sleep", "3600"])
    Path(path).write_text(str(child.pid))
    return "done"


def leave_daemon(path: str) -> str:
    """Double fork into a session of its own, deaf to TERM, with a clean environment."""
    if (between := os.fork()) == 0:
        os.setsid()
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            Path(path + ".tmp").write_text(str(os.getpid()))
            os.rename(path + ".tmp", path)
            time.sleep(3600)
        os._exit(0)
    os.waitpid(between, 0)
    wait_for(path)
    return "done"


def leave_daemon_and_hang(path: str) -> None:
    leave_daemon(path)
    Path(path + ".hangs").touch()
    time.sleep(3600)


def leave_daemon_and_die(path: str) -> None:
    leave_daemon(path)
    os.kill(os.getpid(), signal.SIGKILL)


def leave_thread() -> str:
    threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
    return "done"


def come_back_twice(path: str) -> str:
    """A careless fork: both copies return from the task."""
    if os.fork() == 0:
        append(path, "copy")
        return "from the copy"
    os.wait()
    append(path, "original")
    return "from the original"


def grow(megabytes: int) -> None:
    globals()["_kept"] = bytearray(megabytes * 1_000_000)


_mood = contextvars.ContextVar("mood", default="calm")


def disturb(folder: str) -> None:
    os.environ["LEFT_BEHIND"] = "yes"
    os.environ.pop("KEEP_ME", None)
    os.chdir(folder)
    os.umask(0o077)
    signal.signal(signal.SIGUSR1, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    logging.getLogger().setLevel(logging.CRITICAL)
    logging.getLogger().handlers.clear()
    warnings.simplefilter("error")
    decimal.getcontext().prec = 3
    sys.path.insert(0, "/nowhere")
    sys.argv.append("--more")
    sys.stdout = open(os.devnull, "w")
    os.close(2)
    _mood.set("wild")


def describe() -> str:
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    umask = os.umask(0)
    os.umask(umask)
    return json.dumps(
        {
            "environment": {name: one for name, one in sorted(os.environ.items()) if not name.startswith("SEGUE_")},
            "folder": os.getcwd(),
            "umask": umask,
            "usr1": str(signal.getsignal(signal.SIGUSR1)),
            "mask": sorted(mask),
            "timer": signal.getitimer(signal.ITIMER_REAL)[0],
            "level": logging.getLogger().level,
            "handlers": len(logging.getLogger().handlers),
            "warnings": len(warnings.filters),
            "decimal": decimal.getcontext().prec,
            "path": sys.path,
            "argv": sys.argv,
            "stdout": sys.stdout is sys.__stdout__ or sys.stdout.fileno() == 1,
            "mood": _mood.get(),
        }
    )


def environment() -> str:
    return json.dumps({name: one for name, one in os.environ.items() if name.startswith("SEGUE_")})


def core_limit() -> int:
    return resource.getrlimit(resource.RLIMIT_CORE)[0]


def say(text: str) -> None:
    print(text)


def say_in_every_way() -> None:
    print("to out")
    print("to err", file=sys.stderr)
    os.write(1, b"raw\n")
    subprocess.run(["sh", "-c", "echo from a child"], check=True)
    logging.getLogger("shop").warning("sold %d", 3, extra={"item": "tea"})
    print("no newline", end="")


def say_and_hang(path: str) -> None:
    print("so far so good")
    announce_and_hang(path)


def say_and_die() -> None:
    print("last words")
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)


def forge_a_mark() -> None:
    os.write(1, b"\0" + b"0" * 32 + b"E1\nstill mine\n")


def flood(megabytes: int) -> None:
    print("the first line")
    chunk = b"x" * 99 + b"\n"
    for _ in range(megabytes):
        os.write(1, chunk * 10_000)
    print("the last line")


def inherited() -> list[int]:
    """Descriptors that a program started by a task has."""
    said = subprocess.run(["ls", "/proc/self/fd"], capture_output=True, text=True, check=True, close_fds=False).stdout
    return sorted(int(one) for one in said.split())[:-1]


def hold_memory(size: int, seconds: float) -> int:
    held = bytearray(size)
    held[::4096] = b"x" * len(held[::4096])
    time.sleep(seconds)
    return len(held)


def hold_memory_outside(size: int, pids: str) -> None:
    """In a session of its own, while the task itself waits."""
    code = f"import os, time; held = bytearray({size}); held[::4096] = b'x' * len(held[::4096]); time.sleep(60)"
    child = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    Path(pids).write_text(f"{os.getpid()} {child.pid}")
    time.sleep(60)


def told() -> list[str]:
    return [os.getpid(), *sorted(TOLD)]


def blab(name: str) -> int:
    print("it is", TOLD[name])
    logging.getLogger("shop").error("it is %s", TOLD[name], extra={"field": TOLD[name]})
    os.write(2, TOLD[name].encode())
    return os.getpid()


def blab_in_an_error(name: str) -> None:
    raise ValueError(f"refused {TOLD[name]}")


def blab_in_a_skip(name: str) -> None:
    raise Skip(f"refused {TOLD[name]}")


def give_away(name: str) -> list[str]:
    return ["x", TOLD[name]]
