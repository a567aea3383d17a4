import sys
from pathlib import Path

import pytest

from segue.app.locations import HERE, Location, location_of, placed, read_locations
from segue.app.settings import read_settings
from segue.model.definition import Definition
from segue.model.errors import UsageError
from segue.model.spec import DagSpec, Rules, TaskSpec, spec_digest
from segue.run.children.definition_wire import Read


def declared(folder: Path, text: str) -> tuple[Location, ...]:
    (folder / "pyproject.toml").write_text(text)
    return read_settings(folder, {}).locations


def test_paths_are_relative_to_the_settings_file(tmp_path):
    (tmp_path / "deep").mkdir()
    text = '[tool.segue.locations.finance]\npath = "finance/dags"\npython = "venv/bin/python"\nowner = "ann"\n'
    (tmp_path / "pyproject.toml").write_text(text + 'connections = ["ledger"]\n')
    assert read_settings(tmp_path / "deep", {}).locations == (
        Location("finance", tmp_path / "finance/dags", str(tmp_path / "venv/bin/python"), "ann", ("ledger",)),
    )


def test_a_location_without_python_has_this_interpreter(tmp_path):
    (one,) = declared(tmp_path, '[tool.segue.locations.finance]\npath = "x"\n')
    assert one.python == sys.executable


def test_a_link_to_an_interpreter_stays_one_because_its_libraries_lie_beside_the_link(tmp_path):
    (tmp_path / "python").symlink_to(sys.executable)
    (one,) = declared(tmp_path, '[tool.segue.locations.finance]\npath = "x"\npython = "./python"\n')
    assert one.python == str(tmp_path / "python")


def test_a_bare_name_is_looked_up_as_a_shell_does(tmp_path, monkeypatch):
    (tmp_path / "pypy").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(tmp_path))
    (one,) = declared(tmp_path, '[tool.segue.locations.finance]\npath = "x"\npython = "pypy"\n')
    assert one.python == str(tmp_path / "pypy")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('locations.x.pyhton = "p"', "[tool.segue.locations.x] has no key 'pyhton': did you mean python?"),
        ('locations.x.colour = "p"', "has no key 'colour'; there are path, python, owner, connections"),
        ('locations.x.image = "p"', "image is not available in this version: name an interpreter"),
        ('locations.x.python = "p"', "missing required field `path`"),
        ("locations.x.path = 3", "Expected `str`, got `int`"),
        ('locations.x = "finance"', "locations"),
        ('locations."a b".path = "x"', "a location's name is made of letters"),
        ('locations.x.path = "one"\nlocations.y.path = "./one"', "locations x and y have one path"),
    ],
)
def test_what_is_wrong_with_a_location_is_said_with_its_place(tmp_path, text, sentence):
    with pytest.raises(UsageError) as caught:
        declared(tmp_path, f"[tool.segue]\n{text}\n")
    assert sentence in str(caught.value) and "pyproject.toml" in str(caught.value)


def test_locations_are_no_matter_for_a_variable(tmp_path):
    with pytest.raises(UsageError, match="write it in segue.toml"):
        read_settings(tmp_path, {"SEGUE_LOCATIONS": "finance"})


def test_check_reads_the_files_of_the_locations_as_well(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.segue]\ndags = "dags"\nlocations.x.path = "y"\n')
    assert read_settings(tmp_path, {}).dags == (tmp_path / "dags", tmp_path / "y")


def test_a_file_belongs_to_the_location_with_the_longest_path_that_holds_it(tmp_path):
    tables = {name: {"path": path} for name, path in {"all": ".", "finance": "fin", "one": "fin/one.py"}.items()}
    locations = read_locations(tables, tmp_path, "segue.toml")
    found = {file: location_of(locations, tmp_path / file).name for file in ("a.py", "fin/b.py", "fin/one.py")}
    assert found == {"a.py": "all", "fin/b.py": "finance", "fin/one.py": "one"}
    assert location_of(locations, tmp_path.parent / "z.py") is HERE
    assert location_of(locations, tmp_path / "financial.py").name == "all"


FINANCE = Location("finance", Path("/x"), "python", "ann", ("ledger",))


def read_of(*specs: DagSpec) -> Read:
    return Read("a.py", "/x", definitions=tuple(Definition(spec, spec_digest(spec), "code", "b") for spec in specs))


def test_what_a_file_of_the_default_location_says_stays_as_it_is():
    read = read_of(DagSpec("books"))
    assert placed(read, HERE) is read


def test_a_dag_carries_its_location_and_its_owner_unless_it_names_one():
    read = placed(read_of(DagSpec("books"), DagSpec("taxes", owner="bob", location="finance")), FINANCE)
    found = [(one.spec.location, one.spec.owner, one.spec_digest == spec_digest(one.spec)) for one in read.definitions]
    assert found == [("finance", "ann", True), ("finance", "bob", True)]


def test_a_location_grants_its_connections_to_all_tasks_once():
    tasks = (TaskSpec("one"), TaskSpec("two"), TaskSpec("three", Rules(connections=("ledger", "shop"))))
    (one,) = placed(read_of(DagSpec("books", tasks)), FINANCE).definitions
    assert [task.rules.connections for task in one.spec.tasks] == [("ledger",), ("ledger",), ("ledger", "shop")]
    assert one.spec.tasks[0].rules is one.spec.tasks[1].rules


@pytest.mark.parametrize(("location", "own"), [(HERE, "the default location"), (FINANCE, "location finance")])
def test_a_dag_that_names_another_location_than_its_files_is_an_error(location, own):
    read = placed(read_of(DagSpec("books", location="sales", file="a.py", line=4), DagSpec("good")), location)
    assert [one.spec.id for one in read.definitions] == ["good"]
    (error,) = read.errors
    assert (error.file, error.line, error.dag) == ("a.py", 4, "books")
    assert error.message.startswith(f"dag(location='sales'): this file belongs to {own}. Leave location= out")
