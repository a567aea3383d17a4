import pytest

from tests.unit.show.access.stage import Stage


@pytest.fixture
def stage(tmp_path):
    made = Stage(tmp_path)
    yield made
    made.keeper.close()
