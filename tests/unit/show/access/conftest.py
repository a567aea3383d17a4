from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.unit.show.access.stage import Stage

MEMORY = Path("/dev/shm")


@pytest.fixture
def stage(tmp_path):
    """On a disk that is memory, where there is one: thousands of guesses are thousands of commits."""
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else tmp_path) as folder:
        made = Stage(Path(folder))
        yield made
        made.keeper.close()
