import pytest

from segue.app.seen import Declared, Seen, Unread, load_seen, save_seen

FAULT = "dags/orders.py:3: invalid syntax"


def seen(*files):
    return Seen("s", {f"/shop/{one.name}": one for one in files})


def test_files_that_declare_nothing_that_is_known_are_told_with_what_is_wrong(tmp_path):
    unread = Unread(tmp_path)
    assert unread() == ()
    bad = Declared("/shop", "orders.py", fault=FAULT)
    known = Declared("/shop", "stock.py", frozenset({"stock"}), fault="its DAG is shown with it")
    save_seen(tmp_path, seen(bad, known, Declared("/shop", "good.py", whole=True)))
    assert unread() == (("orders.py", FAULT),)
    save_seen(tmp_path, seen(known))
    assert unread() == ()


@pytest.mark.parametrize("content", [b"", b"no msgpack"])
def test_what_is_no_note_of_files_tells_of_none(tmp_path, content):
    (tmp_path / "files.seen").write_bytes(content)
    assert Unread(tmp_path)() == ()
    assert load_seen(tmp_path, "s") == Seen("s")
