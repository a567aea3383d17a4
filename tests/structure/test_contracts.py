"""The import contracts: each is seen to break on a bad import, in a skeleton of all rooms."""

import configparser
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINTER = Path(sys.executable).with_name("lint-imports")
NOT_BUILT = {"airflow", "sense"}
BAD_IMPORTS = {
    "layers": ("segue.resolve.graph", "segue.schedule"),
    "pure": ("segue.engine.runs", "os"),
    "userside": ("segue.define.trace", "segue.engine"),
    "show": ("segue.show.views", "segue.define"),
    "tell": ("segue.tell.courier", "segue.engine"),
    "run": ("segue.run.loop", "segue.store.sqlite"),
    "client": ("segue.client.http", "segue.schedule"),
    "cli": ("segue.cli.runs", "sqlite3"),
    "loop": ("segue.run.executors.process", "segue.run.children"),
    "light": ("segue.data.files", "rich"),
}


def _contracts() -> dict[str, configparser.SectionProxy]:
    config = configparser.ConfigParser()
    config.read(ROOT / ".importlinter")
    return {name.rpartition(":")[2]: config[name] for name in config.sections() if ":contract:" in name}


def _named_modules() -> set[str]:
    return set(re.findall(r"segue(?:\.\w+)+", (ROOT / ".importlinter").read_text()))


def _module(tree: Path, name: str) -> Path:
    path = tree.joinpath(*name.split("."), "__init__.py")
    path.parent.mkdir(parents=True, exist_ok=True)
    for package in path.parent.relative_to(tree).parents:
        if package.name:
            (tree / package / "__init__.py").touch()
    path.touch()
    return path


def _broken(tree: Path) -> set[str]:
    """Titles of the contracts that do not hold in the tree."""
    command = [LINTER, "--config", ROOT / ".importlinter", "--no-cache", "--no-logo"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", "NO_COLOR": "1"}
    said = subprocess.run(command, cwd=tree, env=env, capture_output=True, text=True, check=False).stdout
    verdicts = dict(re.findall(r"^(.+?) (KEPT|BROKEN)\b", said, re.MULTILINE))
    assert verdicts.keys() == {contract["name"] for contract in _contracts().values()}, said
    return {title for title, verdict in verdicts.items() if verdict == "BROKEN"}


@pytest.fixture
def skeleton(tmp_path: Path) -> Path:
    for name in _named_modules():
        _module(tmp_path, name)
    return tmp_path


def test_the_empty_skeleton_keeps_every_contract(skeleton: Path):
    assert _broken(skeleton) == set()


def test_every_contract_has_a_bad_import():
    assert _contracts().keys() == BAD_IMPORTS.keys()


@pytest.mark.parametrize("contract", BAD_IMPORTS)
def test_a_bad_import_breaks_its_contract(contract: str, skeleton: Path):
    importer, imported = BAD_IMPORTS[contract]
    _module(skeleton, importer).write_text(f"import {imported}\n")
    assert _contracts()[contract]["name"] in _broken(skeleton)


def test_a_contract_holds_for_the_rooms_that_exist(tmp_path: Path):
    for name in _named_modules() - {f"segue.{room}" for room in NOT_BUILT}:
        _module(tmp_path, name)
    _module(tmp_path, "segue.define").write_text("import segue.engine\n")
    assert _contracts()["userside"]["name"] in _broken(tmp_path)


def test_every_module_named_in_a_contract_exists_or_is_known_as_not_built():
    missing = {name for name in _named_modules() if not _exists(name)}
    assert missing == {f"segue.{room}" for room in NOT_BUILT}


def _exists(name: str) -> bool:
    path = ROOT.joinpath("src", *name.split("."))
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()
