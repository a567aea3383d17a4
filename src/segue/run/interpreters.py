"""Children in interpreters that Segue did not choose: how they are started, and what to say where that fails.

What a child writes to standard error before it works goes to a file of its own: its last line is what a person has to
read when the child is gone.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from segue.model.errors import EnvironmentFault
from segue.model.version import VERSION

__all__ = ["Child", "environment_of"]

_LONGEST: Final = 300  # characters of a child's last words
_TAIL: Final = 8192  # bytes they are looked for in
_ANOTHERS: Final = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV")
"""Variables that lead an interpreter to the libraries of another one."""


class Child:
    """A module of ours that runs in a process of its own, in a session of its own.

    Args:
        python: the interpreter.
        module: what it runs.
        arguments: of the module.
        env: its whole environment.
        fd: a descriptor that it inherits.

    Raises:
        EnvironmentFault: the interpreter cannot be started; the sentence names it and what helps.
    """

    def __init__(self, python: str, module: str, arguments: Sequence[str], env: Mapping[str, str], fd: int) -> None:
        self._python = python
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the child
        # -P: the working directory is no place to import from
        words = [python, "-P", "-m", module, *arguments]
        try:
            self.process = subprocess.Popen(
                words, pass_fds=[fd], env=dict(env), stdin=subprocess.DEVNULL, stderr=self._said, start_new_session=True
            )
        except OSError as why:
            self._said.close()
            raise EnvironmentFault(_unusable(python, why)) from None

    def end(self, seconds: float) -> None:
        """Wait for its end so long, then kill it."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def complaint(self) -> str:
        """Why a child that is dead did not work, and what to do."""
        status, last = self.process.returncode, self.last_words()
        if re.search(r"(?i)unknown option:? -P", last):
            return f"{self._python} is no Python 3.11 or newer: Segue needs one"
        if missing := re.search(r"No module named '?([\w.]+)", last):
            return (
                f"{self._python} has no {missing[1]}: install Segue there, "
                f"`{self._python} -m pip install segue=={VERSION}`"
            )
        how = f"signal {-status}" if status is not None and status < 0 else f"exit status {status}"
        return f"{self._python} ended with {how}: {last or 'it said nothing'}"

    def last_words(self) -> str:
        """The last line it wrote to standard error; of a usage message, the first."""
        size = self._said.seek(0, os.SEEK_END)
        self._said.seek(max(0, size - _TAIL))
        lines = [line.strip() for line in self._said.read().decode(errors="replace").splitlines() if line.strip()]
        if lines and "nknown option" in lines[0]:
            return lines[0][:_LONGEST]
        return lines[-1][:_LONGEST] if lines else ""

    def close(self) -> None:
        """Forget what it said."""
        self._said.close()


def environment_of(python: str, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of a child: without `SEGUE_*`, and in another interpreter as if its environment were activated.

    Args:
        python: the child's interpreter.
        environ: environment of this process.
    """
    env = {name: value for name, value in environ.items() if not name.startswith("SEGUE_")}
    if python == sys.executable:
        return env
    for name in _ANOTHERS:
        env.pop(name, None)
    folder = Path(python).parent
    if (folder.parent / "pyvenv.cfg").is_file():
        env["VIRTUAL_ENV"] = str(folder.parent)
        env["PATH"] = os.pathsep.join(filter(None, [str(folder), env.get("PATH")]))
    return env


def _unusable(python: str, why: OSError) -> str:
    match why:
        case FileNotFoundError() if os.path.lexists(python):
            return f"{python} cannot be started, what it leads to is gone: make its environment anew"
        case FileNotFoundError() | NotADirectoryError():
            return f"there is no {python}: make its environment, or name another interpreter in the settings"
        case PermissionError():
            return f"{python} is not executable: name an interpreter, such as `bin/python` of an environment"
    return f"{python} cannot be started: {why.strerror or why}"
