import subprocess
import sys

import pytest

import segue


def test_every_public_name_is_there_and_nothing_else_is_promised():
    assert all(hasattr(segue, name) for name in segue.__all__)
    assert set(segue.__all__) <= set(dir(segue))
    with pytest.raises(AttributeError, match="nothing"):
        _ = segue.nothing


def test_no_public_name_brings_database_web_or_async_modules():
    code = "import sys\nfrom segue import *\nprint(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "segue.define.tasks" in loaded
    heavy = {"asyncio", "sqlite3", "sqlalchemy", "pydantic", "fastapi", "typer", "rich", "multiprocessing"}
    assert heavy.isdisjoint(loaded)


def test_what_only_loading_needs_is_not_loaded_with_the_public_names():
    code = "import sys\nfrom segue import *\nprint(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {f"segue.define.{name}" for name in ("compile", "lint", "bundle", "digest", "loading")}.isdisjoint(loaded)
