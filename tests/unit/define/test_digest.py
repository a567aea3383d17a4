"""Digests of functions and of the code that a file reaches."""

from pathlib import Path

import pytest

from segue.define.code import CodeLoader, find_class
from segue.define.digest import code_digest, function_digest, imported_files
from segue.model.errors import DefinitionError, Fail

DAG = "from segue import dag, task\n@task{options}\n{source}\n@dag\ndef d(): f()\n"


def _digest(tmp_path: Path, source: str, options: str = "") -> str:
    folder = tmp_path / str(len(list(tmp_path.iterdir())))
    folder.mkdir()
    (folder / "d.py").write_text(DAG.format(source=source, options=options))
    loader = CodeLoader(folder)
    return function_digest(loader.dag("d.py", "d").calls["f"].task.fn)


@pytest.fixture(autouse=True)
def _put_back(monkeypatch):
    import sys

    monkeypatch.setattr(sys, "path", list(sys.path))


SAME = [
    "def f(x=1):\n    return f'{x!r:>{x}}' + 'a'",
    "def f(x=1):  # why\n\n    # because\n        \n    return f'{x!r:>{x}}' + 'a'",
    "def f(x=1):\n  return f'{x!r:>{x}}'  + 'a'",
]


def test_comments_blank_lines_and_width_of_indentation_do_not_count(tmp_path):
    assert len({_digest(tmp_path, source) for source in SAME}) == 1


def test_decorators_and_the_place_in_the_file_do_not_count(tmp_path):
    assert _digest(tmp_path, SAME[0]) == _digest(tmp_path, SAME[0], "(retry=3)") == _digest(tmp_path, SAME[0], "(\n\n)")


@pytest.mark.parametrize(
    "other",
    ["def f(x=2): return x", "def f(x=1): return 'x'", "def f(x=1): return x; pass", "def f(x=1): return f'{x}'"],
)
def test_any_other_token_counts(tmp_path, other):
    assert _digest(tmp_path, "def f(x=1): return x") != _digest(tmp_path, other)


def test_what_follows_indentation_counts(tmp_path):
    one = "def f():\n    if 1:\n        pass\n        pass"
    other = "def f():\n    if 1:\n        pass\n    pass"
    assert _digest(tmp_path, one) != _digest(tmp_path, other)


def test_the_digest_of_known_functions_is_the_same_everywhere(tmp_path):
    """The same under every Python version: an f-string is many tokens from 3.12 on."""
    assert _digest(tmp_path, SAME[0]) == GOLDEN


GOLDEN = "a44f7fa2f1e27729c5fd55d27a27747f"


def test_packages_below_src_belong_to_the_code_and_are_imported_from_the_bundle(tmp_path):
    package = tmp_path / "src" / "house_rules"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("NAME = 'x'\n")
    (tmp_path / "d.py").write_text("import house_rules\nfrom segue import Dag\nwith Dag(house_rules.NAME): ...\n")
    assert imported_files(tmp_path / "d.py", tmp_path) == [tmp_path / "d.py", package / "__init__.py"]
    assert CodeLoader(tmp_path).dag("d.py", "x").id == "x"


def test_code_is_what_the_file_reaches_by_imports(tmp_path):
    names = {"d.py": "import one\n", "one.py": "def f():\n    import two\n", "two.py": "", "other.py": "", "q.sql": ""}
    for name, text in names.items():
        (tmp_path / name).write_text(text)
    before = code_digest(tmp_path / "d.py", tmp_path)
    (tmp_path / "other.py").write_text("x = 1\n")
    (tmp_path / "q.sql").write_text("select")
    assert code_digest(tmp_path / "d.py", tmp_path) == before
    (tmp_path / "two.py").write_text("x = 1\n")
    assert code_digest(tmp_path / "d.py", tmp_path) != before


def test_each_file_of_a_bundle_keeps_its_own_modules(tmp_path):
    for name in ("sales", "stock"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "names.py").write_text(f"NAME = {name!r}\n")
        (folder / "late.py").write_text(f"LATE = {name!r}\n")
        (folder / "dag.py").write_text(
            "from segue import dag, task\nimport names\n@task\ndef t():\n    import late\n"
            "    return names.NAME, late.LATE\n@dag\ndef d(): t()\n"
        )
    loader = CodeLoader(tmp_path)
    for name in ("sales", "stock", "sales", "stock"):
        assert loader.dag(f"{name}/dag.py", "d").calls["t"].task.fn() == (name, name)


def test_a_dag_that_is_gone_fails_without_retry(tmp_path):
    (tmp_path / "d.py").write_text("from segue import Dag\nwith Dag('x'): ...\n")
    with pytest.raises(Fail, match="DAG y is no longer there"):
        CodeLoader(tmp_path).dag("d.py", "y")


def test_a_file_that_fails_where_a_task_runs_raises_its_own_error(tmp_path):
    (tmp_path / "d.py").write_text("import nothing_like_it\n")
    with pytest.raises(ModuleNotFoundError):
        CodeLoader(tmp_path).dag("d.py", "y")


def test_a_dag_that_is_wrong_where_a_task_runs_raises_all_its_errors(tmp_path):
    text = "from segue import dag, task\n@task\ndef t(x): ...\n@dag\ndef d():\n    t()\n    t()\n"
    (tmp_path / "d.py").write_text(text)
    with pytest.raises(DefinitionError, match="(?s)misses argument.*second time"):
        CodeLoader(tmp_path).dag("d.py", "d")


def test_classes_of_a_dag_file_are_found_under_their_stored_name(tmp_path):
    (tmp_path / "d.py").write_text("from segue import Dag\nclass Row: ...\nwith Dag('d') as d: d.row = Row\n")
    row = CodeLoader(tmp_path).dag("d.py", "d").row
    assert find_class(f"{row.__module__}:{row.__qualname__}") is row
    assert find_class("nowhere:Row") is None
    assert find_class("segue.define.loading:load_file") is None
