from pathlib import Path

from segue import Dag, task
from segue.define.loading import load_file


@task
def step(rows: object = None) -> None: ...


def test_s27_an_edge_of_data_and_one_of_order_are_told_apart():
    with Dag("d") as dag:
        extract, migrate, load = (step.with_options(id=name) for name in ("extract", "migrate", "load"))
        migrate() >> load(extract())
    view = dag.get_task("load")
    assert view.upstream_task_ids == {"extract", "migrate"}
    assert view.upstream_data_ids == {"extract"}


def test_s27_the_spec_keeps_them_apart_and_data_wins_where_a_pair_has_both(tmp_path: Path):
    file = tmp_path / "d.py"
    file.write_text(
        "from segue import Dag, task\n@task\ndef step(rows=None): ...\n"
        "with Dag('d'):\n    a, b = (step.with_options(id=name)() for name in 'ab')\n"
        "    c = step.with_options(id='c')(a)\n    [a, b] >> c\n"
    )
    (spec,) = load_file(file, tmp_path).specs
    assert (spec.tasks[2].data, spec.tasks[2].after) == (("a",), ("b",))
