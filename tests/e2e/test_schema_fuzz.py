"""What the API says of itself, asked at random of a real server with a SQLite home: CHAOS_EXAMPLES times a route."""

import os
from pathlib import Path

import pytest

from tests.e2e.commands import Project
from tests.e2e.fuzzing import ACTS, LOOKS, check_routes
from tests.e2e.served import served

EXAMPLES = int(os.environ.get("CHAOS_EXAMPLES") or 12)


@pytest.mark.parametrize("methods", [LOOKS, ACTS], ids=["looks", "acts"])
def test_no_route_fails_whatever_it_is_asked(tmp_path: Path, methods: frozenset[str]) -> None:
    project = Project(tmp_path / "shop", workers=2)
    with served(project) as (one, server):
        check_routes(project, server, methods, EXAMPLES)
        assert "Traceback" not in one.said, one.said
        assert one.end() == 0
    project.check_nothing_is_left()
