"""Programs that a ready-made task runs: argument lists, never a shell of ours; output goes where the task's goes."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from segue.model.errors import Fail

__all__ = ["run_program"]

_LAST_LINE = 65_536


def run_program(
    words: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: str | None = None, skip_code: int | None = None
) -> tuple[int, str]:
    """Run a program to its end; what it writes is the task's log.

    Args:
        words: the program and its arguments.
        env: added to the task's environment.
        cwd: its working directory; default: the task's.
        skip_code: an exit code that is no failure.

    Returns:
        The exit code, 0 or `skip_code`, and the last line of its standard output.

    Raises:
        Fail: there is no such program or folder.
        RuntimeError: it failed; the exit code or signal is named.
    """
    try:
        process = subprocess.Popen(
            list(words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env={**os.environ, **(env or {})}, cwd=cwd
        )
    except (FileNotFoundError, NotADirectoryError, PermissionError) as why:
        raise Fail(f"{why.filename or words[0]}: {why.strerror}") from None
    last = b""
    assert process.stdout is not None
    with process:
        for line in process.stdout:
            os.write(1, line)
            if line.strip():
                last = line[-_LAST_LINE:]
    code = process.returncode
    if code == skip_code:
        return code, last.decode(errors="replace").rstrip("\n")
    if code:
        name = Path(words[0]).name
        said = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        raise RuntimeError(f"{name} {said}")
    return code, last.decode(errors="replace").rstrip("\n")
