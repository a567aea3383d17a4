"""Tasks that misbehave in every way, and others beside them that do their work."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from segue import Retry, dag, task

FLOOD = int(os.environ.get("FLOOD") or 200_000_000)
AT_ONCE = Retry(0, lost=0)


@task(retry=3)
def gives_lambda() -> dict[str, object]:
    return {"rows": [1, lambda: 2]}


@task(retry=3)
def gives_socket() -> object:
    return [socket.socket()]


@task(retry=3)
def gives_itself() -> list[object]:
    loop: list[object] = []
    loop.append({"again": loop})
    return loop


@task(retry=3)
def gives_half_a_pair() -> dict[str, str]:
    return {"name": "\ud800"}


@task(retry=AT_ONCE)
def leaves() -> None:
    os._exit(0)


@task(timeout="500ms", grace="200ms", retry=0)
def ignores_term() -> None:
    Path("ignores_term.pid").write_text(str(os.getpid()))
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(1)


@task
def leaves_children() -> str:
    """A child, and a grandchild in a session of its own."""
    sleep = [sys.executable, "-c", "import time; time.sleep(1000)"]
    children = [subprocess.Popen(sleep, start_new_session=own) for own in (False, True)]
    Path("children.pid").write_text(" ".join(str(child.pid) for child in children))
    return "done"


@task
def breeds() -> str:
    """Leaves 63 processes, most of them still forking when it returns."""
    me = os.getpid()
    for _ in range(6):
        if os.fork() == 0:
            os.setsid()
    while os.getpid() != me:
        time.sleep(1)
    return "done"


@task(retry=AT_ONCE)
def holds_the_interpreter() -> int:
    """For a second or more no other thread of its process gets a turn."""
    return sum(range(50_000_000))


@task(retry=AT_ONCE)
def kills_its_group() -> None:
    os.killpg(0, signal.SIGKILL)


@task
def floods() -> int:
    line = "x" * 9_999 + "\n"
    for _ in range(FLOOD // len(line)):
        sys.stdout.write(line)
    print("the last words")
    return FLOOD


@task(retry=AT_ONCE)
def poison(way: str) -> None:
    time.sleep(0.01)
    match way:
        case "exit":
            os._exit(0)
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "group":
            os.killpg(0, signal.SIGKILL)
        case "segfault":
            os.kill(os.getpid(), signal.SIGSEGV)


@task(retry=AT_ONCE)
def innocent(number: int) -> int:
    return number


@dag
def troubles() -> None:
    gives_lambda()
    gives_socket()
    gives_itself()
    gives_half_a_pair()
    leaves()
    ignores_term()
    leaves_children()
    breeds()
    holds_the_interpreter()
    kills_its_group()
    floods()


@dag
def poisoned() -> None:
    innocent.map(range(200))
    poison.map(["exit", "kill", "group", "segfault"] * 3)
