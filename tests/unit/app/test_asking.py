import pytest

from segue.app.asking import chosen_dag, read_target
from segue.model.errors import UsageError
from segue.model.spec import DagSpec
from segue.schedule.declare import daily

DAILY = DagSpec("orders", schedule=daily(at="02:00").to_data())
MANUAL = DagSpec("once")


def test_a_target_is_a_file_a_dag_of_a_file_or_a_known_dag(tmp_path, monkeypatch):
    file = tmp_path / "etl.py"
    file.touch()
    monkeypatch.chdir(tmp_path)
    assert read_target("etl.py") == (file, None)
    assert read_target("etl.py:orders") == (file, "orders")
    assert read_target("orders") == (None, "orders")


@pytest.mark.parametrize("text", ["gone.py", "gone.py:orders", "some/folder", "what is this"])
def test_a_target_that_is_nothing_is_refused(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError):
        read_target(text)


def test_the_only_dag_of_a_file_needs_no_name():
    assert chosen_dag([DAILY], None, "f.py") is DAILY


@pytest.mark.parametrize(
    ("specs", "wanted", "message"),
    [
        ([], None, "declares no DAG"),
        ([DAILY, MANUAL], None, "f.py:orders, f.py:once"),
        ([DAILY, MANUAL], "order", "did you mean orders?"),
        ([MANUAL], "xyz", "it has once"),
    ],
)
def test_a_dag_that_cannot_be_chosen_is_explained(specs, wanted, message):
    with pytest.raises(UsageError) as caught:
        chosen_dag(specs, wanted, "f.py")
    assert message in str(caught.value)
