"""Cycles that no DAG shows alone (S23)."""

from segue.define.cycles import cycles_across
from segue.model.spec import DagSpec, TaskSpec

HEAD = "from segue import Dag, dag, task\n@task\ndef a(x=0): ...\n@task\ndef b(x=0): ...\n"


def dag(name, *tasks, file=None):
    return DagSpec(id=name, tasks=tasks, file=file or f"{name}.py")


def turned(message, first):
    """The path of a cycle, told from this step on."""
    *path, last = message.removeprefix("cycle: ").split(" → ")
    assert path[0] == last
    at = path.index(first)
    return " → ".join(path[at:] + path[:at])


def test_a_cycle_of_two_files_through_data_is_told_with_its_path_and_files():
    read, save = (
        TaskSpec("read", inlets=("stock",), line=3),
        TaskSpec("save", after=("read",), outlets=("sales",), line=4),
    )
    one = dag("orders", read, save)
    two = dag("shop", TaskSpec("count", inlets=("sales",), outlets=("stock",), line=7))
    (found,) = cycles_across([one, two])
    assert found.severity == "error"
    assert (found.file, found.line, found.dag, found.task) == ("orders.py", 3, "orders", "read")
    path = "orders.read (orders.py:3) → orders.save (orders.py:4) → sales → shop.count (shop.py:7) → stock"
    assert turned(found.message, "orders.read (orders.py:3)") == path


def test_dags_that_start_each_other_are_a_cycle():
    one = dag("one", TaskSpec("go", starts=("two",), line=1))
    two = dag("two", TaskSpec("first", line=1), TaskSpec("back", after=("first",), starts=("one",), line=2))
    (found,) = cycles_across([one, two])
    path = "one.go (one.py:1) → a run of two → two.first (two.py:1) → two.back (two.py:2) → a run of one"
    assert turned(found.message, "one.go (one.py:1)") == path


def test_a_dag_that_starts_itself_is_a_cycle():
    (found,) = cycles_across([dag("one", TaskSpec("again", starts=("one",)))])
    assert found.task == "again"


def test_a_run_that_is_started_comes_before_data_that_it_writes():
    one = dag("one", TaskSpec("go", inlets=("x",), starts=("two",)))
    assert len(cycles_across([one, dag("two", TaskSpec("write", outlets=("x",)))])) == 1


def test_a_task_that_brings_its_own_data_up_to_date_is_no_cycle():
    assert cycles_across([dag("one", TaskSpec("merge", inlets=("x",), outlets=("x",)))]) == []


def test_a_line_of_dags_is_no_cycle():
    specs = [dag(f"d{n}", TaskSpec("t", inlets=(f"x{n}",), outlets=(f"x{n + 1}",))) for n in range(50)]
    assert cycles_across([*specs, dag("last", TaskSpec("t", starts=("d0", "unknown")))]) == []


def test_each_of_several_cycles_is_told():
    specs = [dag(f"d{n}", TaskSpec("t", starts=(f"d{n}",))) for n in range(3)]
    assert {found.dag for found in cycles_across(specs)} == {"d0", "d1", "d2"}


def test_a_cycle_inside_one_file_is_an_error_when_it_is_loaded(load):
    text = HEAD + "with Dag('x'):\n    a.with_options(inlets=['p'], outlets=['q'])()\n"
    text += "with Dag('y'):\n    b.with_options(inlets=['q'], outlets=['p'])()\nwith Dag('z'):\n    a()\n"
    loaded = load(text)
    (error,) = loaded.errors
    assert (error.file, error.line, error.dag) == ("pipeline.py", 7, "x")
    assert "x.a (pipeline.py:7)" in error.message
    assert [spec.id for spec in loaded.specs] == ["y", "z"]


def test_a_cycle_hidden_in_what_the_tasks_of_one_dag_read_and_write_is_an_error(load):
    text = HEAD + "@dag\ndef d():\n    a.with_options(inlets=['p'])() >> b.with_options(outlets=['p'])()\n"
    assert "d.b (pipeline.py:8) → p → d.a (pipeline.py:8)" in load(text).errors[0].message


def test_what_a_ready_made_task_starts_stands_in_its_spec(load):
    text = "from segue import Dag, task\ndef run(dag, wait=True): ...\nrun.starts = 'dag'\n"
    text += "with Dag('x') as x:\n    one = task(run)('y')\n    task(run, id='other')(one)\n"
    text += "    task(run, id='all').map(['p', 'q'])\n"
    assert [task.starts for task in load(text).specs[0].tasks] == [("y",), (), ()]
