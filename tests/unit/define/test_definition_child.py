import os
from pathlib import Path

from segue.model.spec import decode_spec, encode_spec

DAG = """
from segue import dag, task

@task
def extract() -> int:
    return 1

@task
def load(n: int) -> None: ...

@dag(schedule="@daily", start="2026-04-01")
def orders():
    load(extract())
"""


def _written(folder: Path, text: str, name: str = "orders.py") -> Path:
    file = folder / name
    file.write_text(text)
    return file


def test_a_file_comes_back_as_data(child, tmp_path):
    read = child.load(_written(tmp_path, DAG))
    assert read.errors == ()
    (definition,) = read.definitions
    assert definition.spec.id == "orders"
    assert definition.spec.file == "orders.py"
    assert [task.data for task in definition.spec.tasks] == [(), ("extract",)]
    assert definition.bundle == read.bundle
    assert encode_spec(decode_spec(encode_spec(definition.spec))) == encode_spec(definition.spec)


def test_a_syntax_error_has_file_and_line(child, tmp_path):
    (error,) = child.load(_written(tmp_path, "x = 1\ndef f(:\n")).errors
    assert (error.file, error.line) == ("orders.py", 2)
    assert "SyntaxError" in error.message


def test_a_file_that_ends_the_interpreter_is_an_error_and_the_next_file_loads(child, tmp_path):
    (error,) = child.load(_written(tmp_path, "import os\nos._exit(3)\n")).errors
    assert "exit status 3" in error.message
    assert child.load(_written(tmp_path, DAG)).definitions


def test_a_file_that_ends_the_interpreter_with_status_0_is_an_error(child, tmp_path):
    (error,) = child.load(_written(tmp_path, "import os\nos._exit(0)\n")).errors
    assert "os._exit" in error.message


def test_a_file_that_kills_its_process_group_leaves_the_child_alive(child, tmp_path):
    (error,) = child.load(_written(tmp_path, "import os, signal\nos.killpg(0, signal.SIGKILL)\n")).errors
    assert "SIGKILL" in error.message
    assert child.load(_written(tmp_path, DAG)).definitions


def test_a_file_that_hangs_is_ended(child, tmp_path):
    (error,) = child.load(_written(tmp_path, "while True: pass\n"), seconds=0.5).errors
    assert "longer than 0.5 s" in error.message


def test_a_file_that_takes_too_much_memory_is_ended(child, tmp_path):
    text = "import time\nhoard = bytearray(b'x') * 300_000_000\ntime.sleep(600)\n"
    (error,) = child.load(_written(tmp_path, text), memory=200 * 1024**2).errors
    assert "memory" in error.message


def test_what_a_file_starts_does_not_outlive_its_load(child, tmp_path):
    text = f"""
import os, subprocess
one = subprocess.Popen(["sleep", "600"], start_new_session=True)
open({str(tmp_path / "pid")!r}, "w").write(str(one.pid))
"""
    child.load(_written(tmp_path, text))
    state = Path(f"/proc/{(tmp_path / 'pid').read_text()}")
    assert not state.exists()


def test_what_a_file_prints_is_kept(child, tmp_path):
    text = DAG + 'import os\nprint("hello")\nos.write(2, b"there\\n")\n'
    read = child.load(_written(tmp_path, text))
    assert sorted(read.output.split()) == ["hello", "there"]
    assert read.definitions


def test_a_file_that_prints_without_end_is_cut_and_ended(child, tmp_path):
    read = child.load(_written(tmp_path, 'while True: print("x" * 1000)\n'), seconds=1.0)
    assert len(read.output) <= 64 * 1024
    assert "longer" in read.errors[0].message


def test_settings_and_secrets_of_segue_are_not_in_its_environment(child, tmp_path):
    text = DAG + 'import os\nprint([name for name in os.environ if name.startswith("SEGUE_")])\n'
    assert child.load(_written(tmp_path, text)).output.strip() == "[]"


def test_the_state_of_one_load_never_meets_another(child, tmp_path):
    (tmp_path / "lib.py").write_text("loads = []\n")
    text = "import lib, sys, os\nlib.loads.append(1)\nos.environ['X_SEEN'] = '1'\nprint(len(lib.loads))\n"
    assert child.load(_written(tmp_path, text)).output.strip() == "1"
    assert child.load(_written(tmp_path, text + "print(len(os.environ['X_SEEN']))\n")).output.split() == ["1", "1"]


def test_two_folders_may_have_modules_of_the_same_name(child, tmp_path):
    for name in ("sales", "stock"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "names.py").write_text(f"NAME = {name!r}\n")
        _written(folder, "from names import NAME\nfrom segue import Dag\nwith Dag(NAME): ...\n")
    (tmp_path / "pyproject.toml").touch()
    found = [child.load(tmp_path / name / "orders.py").definitions[0].spec.id for name in ("sales", "stock")]
    assert found == ["sales", "stock"]


def test_file_lies_in_the_bundle_and_the_working_directory_is_the_root(child, tmp_path):
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "dags").mkdir()
    text = "import os\nprint(__file__)\nprint(os.getcwd())\n"
    read = child.load(_written(tmp_path / "dags", text))
    file, folder = read.output.split()
    assert f"{read.bundle}/dags/orders.py" in file
    assert folder == str(tmp_path)


def test_the_child_ends_when_its_channel_is_closed(child):
    child.close()
    assert child.process.returncode == 0


def test_a_file_that_is_not_there_is_an_error(child, tmp_path):
    (error,) = child.load(tmp_path / "nothing.py").errors
    assert "nothing.py" in error.message


def test_a_child_whose_parent_is_gone_does_not_begin():
    import subprocess
    import sys

    ended = subprocess.run([sys.executable, "-m", "segue.run.children.definition", "1", "0"], check=False)
    assert ended.returncode == 0
    assert os.getpid() != 1


OWN = """
from datetime import timedelta
from segue import Timetable, dag, task

class Often(Timetable):
    def next_tick(self, moment):
        return moment + timedelta(seconds=-moment.timestamp() % {seconds})

@task
def work(): ...

@dag(schedule={schedule}, start="2026-04-01", catchup=True)
def orders(): work()
"""


def test_slots_of_a_timetable_of_its_own_come_with_a_file(child, tmp_path):
    read = child.load(_written(tmp_path, OWN.format(schedule="Often()", seconds=86_400)))
    (definition,) = read.definitions
    assert definition.spec.schedule == ["custom", "Often", "Often()"]
    assert definition.foretold.slots[0][0] == 1_775_001_600_000_000
    assert definition.foretold.until == definition.foretold.slots[-1][1]


def test_a_timetable_that_ticks_all_the_time_is_an_error(child, tmp_path):
    (error,) = child.load(_written(tmp_path, OWN.format(schedule="Often()", seconds=0.001))).errors
    assert "more than 100,000 slots" in error.message


def test_findings_have_codes_and_know_what_is_due(child, tmp_path):
    (finding,) = child.load(_written(tmp_path, OWN.format(schedule="'@hourly'", seconds=1))).findings
    assert finding.code == "catchup"
    assert "100 or more intervals" in finding.message
