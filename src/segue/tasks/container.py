"""A program in a container, by the command line of docker or podman.

The container's name is derived from run and task. So an attempt that comes after a worker was killed finds it
and waits: it is not started twice.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from functools import partial
from hashlib import blake2b
from shutil import which
from typing import Any, Final, Literal, Unpack

from segue.define.injection import injected
from segue.define.nodes import Node
from segue.define.options import TaskOptions
from segue.define.tasks import task
from segue.model.context import Context
from segue.model.errors import Fail
from segue.tasks.declare import call
from segue.tasks.template import render_places

__all__ = ["container", "stop_container"]

_ENGINES: Final = ("docker", "podman")


def container(
    image: str, command: Sequence[str] = (), *, env: Mapping[str, str] | None = None,
    mounts: Mapping[str, str] | None = None, engine: Literal["docker", "podman"] | None = None,
    **options: Unpack[TaskOptions],
) -> Node[str]:  # fmt: skip
    """Run a program in a container; its value is the last line it printed.

    Args:
        image: a template.
        command: arguments of the image's entry point, each a template; no shell reads them.
        env: the container's environment; values are templates. They do not appear in any command line.
        mounts: folders of this machine by the path they have inside; read and write.
        engine: default: docker where it is installed, else podman.
        options: as for `@task`.

    Raises:
        Fail: no engine is installed, or it does not know the image.
        RuntimeError: the program failed; its exit code is named.
    """
    given = {"image": image, "command": list(command), "env": env, "mounts": mounts, "engine": engine}
    known: Any = {"on_cancel": partial(stop_container, engine), **options}
    return call(_container, given, known)


@task(id="container")
def _container(  # noqa: PLR0913  # one parameter an argument of `container`
    image: str, command: Sequence[str], env: Mapping[str, str] | None, mounts: Mapping[str, str] | None,
    engine: str | None, templates: list[str], context: Context = injected,
) -> str:  # fmt: skip
    given = {"image": image, "command": list(command), "env": dict(env or {}), "mounts": dict(mounts or {})}
    ready = render_places(given, templates, context, {})
    program = _engine(engine)
    name = _name_of(context)
    if _known(program, name):
        context.log.info("container %s is there already: waiting for it", name)
    else:
        context.log.info("container %s: %s %s", name, ready["image"], " ".join(map(str, ready["command"])))
        _start(program, name, ready)
    last = _follow(program, name)
    code = int(_asked(program, "wait", name) or "-1")
    _asked(program, "rm", "--force", name)
    if code:
        raise RuntimeError(f"container {name} ended with exit code {code}")
    return last


def stop_container(engine: str | None, context: Context) -> None:
    """On cancel and timeout the container ends with its task."""
    _asked(_engine(engine), "rm", "--force", _name_of(context))


def _engine(wanted: str | None) -> str:
    for name in (wanted,) if wanted else _ENGINES:
        if path := which(name):
            return path
    raise Fail(f"{wanted or ' and '.join(_ENGINES)} cannot be found in PATH: t.container needs one of them")


def _name_of(context: Context) -> str:
    text = f"{context.run_id}/{context.task_id}/{context.map_index}"
    return f"segue-{blake2b(text.encode(), digest_size=10).hexdigest()}"


def _known(program: str, name: str) -> bool:
    found = subprocess.run([program, "container", "inspect", name], capture_output=True, check=False)
    return found.returncode == 0


def _start(program: str, name: str, ready: Mapping[str, Any]) -> None:
    words = [program, "run", "--detach", "--name", name]
    for key in ready["env"]:
        words += ["--env", key]  # the value comes from the environment: other users can read a command line
    for inside, outside in ready["mounts"].items():
        words += ["--volume", f"{outside}:{inside}"]
    environment = {**os.environ, **{key: str(value) for key, value in ready["env"].items()}}
    words += ["--", ready["image"], *map(str, ready["command"])]
    started = subprocess.run(words, capture_output=True, text=True, env=environment, check=False)
    if started.returncode:
        _asked(program, "rm", "--force", name)
        text = " ".join(started.stderr.split()) or f"exit code {started.returncode}"
        if started.returncode == 125 and "no such image" in text.lower():  # noqa: PLR2004 - the engine's own failure
            raise Fail(text)
        raise RuntimeError(f"the container was not started: {text}")


def _follow(program: str, name: str) -> str:
    last = b""
    with subprocess.Popen([program, "logs", "--follow", name], stdout=subprocess.PIPE) as logs:
        assert logs.stdout is not None
        for line in logs.stdout:
            os.write(1, line)
            last = line if line.strip() else last
    return last.decode(errors="replace").rstrip("\n")


def _asked(program: str, *words: str) -> str:
    done = subprocess.run([program, *words], capture_output=True, text=True, check=False)
    return done.stdout.strip()
