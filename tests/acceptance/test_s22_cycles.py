from pathlib import Path

import pytest

from segue import DefinitionError, dag, task
from segue.define.loading import load_file


@task
def step() -> None: ...


FILE = """
from segue import dag, task

@task
def step(): ...

@dag
def looped():
    extract, clean, join = (step.with_options(id=name)() for name in ("extract", "clean", "join"))
    extract >> clean
    clean >> join
    join >> extract
"""


def test_s22_a_cycle_is_refused_with_its_path_file_and_line(tmp_path: Path):
    (tmp_path / "orders.py").write_text(FILE)
    loaded = load_file(tmp_path / "orders.py", tmp_path)
    assert loaded.specs == []
    assert [str(error) for error in loaded.errors] == ["cycle: extract → clean → join → extract (orders.py:12)"]


def test_s22_a_self_loop_is_a_cycle():
    @dag
    def looped() -> None:
        one = step()
        one >> one

    with pytest.raises(DefinitionError, match="cycle: step → step"):
        looped.topological_order()


def test_s22_a_cycle_has_no_order():
    @dag
    def looped() -> None:
        a, b = step.with_options(id="a")(), step.with_options(id="b")()
        a >> b >> a

    with pytest.raises(DefinitionError, match="cycle: (a → b → a|b → a → b)"):
        looped.topological_order()
