from pathlib import Path

from segue.app.checking import _claimed_twice
from segue.app.declared import missing_names
from segue.app.settings import read_settings
from segue.model.spec import DagSpec, Rules, TaskSpec


def told(folder: Path, toml: str, **rules) -> list[str]:
    (folder / "segue.toml").write_text(toml)
    spec = DagSpec("d", (TaskSpec("a", Rules(**rules)),))
    return [one.text for one in missing_names(read_settings(folder, {}), {}, spec)]


def test_a_task_that_asks_for_more_than_there_is_says_so_before_it_waits(tmp_path):
    settings = "memory = '4GB'\n[pools]\nwarehouse = 2\n[resources]\ngpu = 1\n"
    assert told(tmp_path, settings, pool="warehouse", slots=3) == [
        "it asks for 3 slots of pool 'warehouse', which has 2: `segue pool set warehouse 3`"
    ]
    assert told(tmp_path, settings, resources=(("gpu", 2),)) == [
        "it asks for 2 of resource 'gpu', there are 1 in all: [tool.segue.resources]"
    ]
    assert told(tmp_path, settings, resources=(("memory", 5 * 10**9),)) == [
        "it asks for 5 GB of memory, all attempts together have 4 GB ([tool.segue] memory, else the machine's)"
    ]


def test_a_task_that_asks_for_all_there_is_is_fine(tmp_path):
    settings = "memory = '4GB'\n[pools]\nwarehouse = 2\n[resources]\ngpu = 1\n"
    asked = {"pool": "warehouse", "slots": 2, "resources": (("gpu", 1), ("memory", 4 * 10**9))}
    assert told(tmp_path, settings, **asked) == []


def test_a_history_that_two_files_claim_is_a_problem_of_the_second():
    specs = [DagSpec(name, renamed_from=old) for name, old in (("a", "old"), ("b", "old"), ("c", "d"), ("d", None))]
    owners = {"a": "a.py", "b": "b.py", "c": "c.py", "d": "d.py"}
    found = {one.file: one.message for one in _claimed_twice(specs, owners)}
    assert found == {
        "b.py": "it is renamed from old, and so is a in a.py: only one can have its history",
        "c.py": "it is renamed from d, which d.py still declares",
    }
