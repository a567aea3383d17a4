"""Durable names: a file that was renamed survives a power cut only when its folder was synced too."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["make_folders", "sync_folder"]


def make_folders(folder: Path, *, mode: int = 0o777) -> None:
    """Create a folder and those above it, durably; `mode` is that of new ones, before the umask."""
    if folder.is_dir():
        return
    make_folders(folder.parent, mode=mode)
    folder.mkdir(mode=mode, exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make durable which names a folder holds."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
