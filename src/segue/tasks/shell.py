from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Final, Unpack

from segue.define.injection import injected
from segue.define.nodes import Node
from segue.define.options import TaskOptions
from segue.define.tasks import task
from segue.model.context import Context
from segue.model.errors import Skip
from segue.tasks.declare import call
from segue.tasks.processes import run_program
from segue.tasks.template import render_places

__all__ = ["bash", "empty"]

_SKIP: Final = 99


@task(id="bash")
def _bash(
    command: str, env: Mapping[str, str] | None, cwd: str | None, skip_code: int, templates: list[str],
    context: Context = injected,
) -> str:  # fmt: skip
    given = {"command": command, "env": dict(env or {}), "cwd": cwd}
    ready = render_places(given, templates, context, {"command": lambda value: shlex.quote(str(value))})
    if "command" in templates:
        context.log.info("command: %s", ready["command"])
    program = ["bash", "-euo", "pipefail", "-c", ready["command"]]
    environment = {name: str(value) for name, value in ready["env"].items()}
    code, last = run_program(program, env=environment, cwd=ready["cwd"], skip_code=skip_code)
    if code:
        raise Skip(f"exit code {code}")
    return last


def bash(
    command: str, *, env: Mapping[str, str] | None = None, cwd: str | None = None, skip_code: int = _SKIP,
    **options: Unpack[TaskOptions],
) -> Node[str]:  # fmt: skip
    """Run a command in bash (`-euo pipefail`); its value is the last line it printed.

    Args:
        command: a template; what `{{ … }}` inserts is quoted as one word, so a param cannot become code.
        env: added to the environment; values are templates. Pass values of other tasks here.
        cwd: working directory; default: that of the DAG's project.
        skip_code: this exit code skips the task.
        options: as for `@task`; `id` tells two commands of a DAG apart.

    Raises:
        RuntimeError: the command failed; retried as `retry=` says.
    """
    return call(_bash, {"command": command, "env": env, "cwd": cwd, "skip_code": skip_code}, options)


@task(id="empty")
def _empty(templates: list[str]) -> None:
    return None


def empty(**options: Unpack[TaskOptions]) -> Node[None]:
    """A task that does nothing: a place where many edges meet."""
    return call(_empty, {}, options)
