"""Logs: in portions, by level, text and field, over a day (S94); plain files only, no code of a terminal (D13)."""

import os
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from segue.app.logs import LogFiles
from segue.model.errors import EnvironmentFault
from segue.model.ids import AttemptKey, Instant, RunKey
from segue.model.state import AttemptState
from segue.model.views import AttemptView
from segue.run.executors.logfile import log_path
from tests.unit.show.api.reading_room import NOW, furnished

DAY = (date(1970, 1, 1) + timedelta(NOW // 86_400_000_000)).isoformat()


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    room = furnished(tmp_path_factory.mktemp("room"), sqlite=True)
    made = [row.key for attempts in room.world.store.attempts.values() for row in attempts.values()]
    keys = {str(key.run): key for key in made if key.task == "a"}
    room.log(keys[room.failed], *(f"line {number}" for number in range(1_000)))
    room.log(
        keys[room.again],
        ("INFO", "priced", {"symbol": "BTC", "price": 7}),
        ("WARNING", "late \x1b[31mred\x1b[0m\x1b]8;;https://evil\x1b\\", {"symbol": "ETH"}),
        ("ERROR", "Boom", {"symbol": "BTC", "live": True}),
        "plain <script>alert(1)</script>",
        b'{"t": "torn\n',
        "x" * 200_000,
        b'{"t":"2026-04-01T02:00:00Z","stream":"out","msg":"half',
    )
    room.log(keys[room.held], ("ERROR", "other", {"symbol": "BTC"}))
    yield room
    room.close()


def messages(page):
    return [line["msg"] for line in page["lines"]]


def test_a_log_is_read_from_byte_to_byte_and_nothing_is_left_out(room):
    number = room.number(room.failed)
    told, at = [], 0
    while True:
        page = room.json(f"/attempts/{number}/log?offset={at}&limit=300")
        told += messages(page)
        assert page["start"] == at and page["size"] >= page["end"]
        at = page["end"]
        if not page["more"]:
            break
    assert told == [f"line {number}" for number in range(1_000)]
    assert not page["live"] and page["run_id"] == room.failed


def test_a_line_has_a_permanent_address(room):
    number = room.number(room.failed)
    line = room.json(f"/attempts/{number}/log?limit=10")["lines"][7]
    assert room.json(f"/attempts/{number}/log?offset={line['offset']}&limit=1")["lines"] == [line]
    amid = room.json(f"/attempts/{number}/log?offset={line['offset'] - 3}&limit=1")["lines"]
    assert amid == [line], "amid a line, with the next one"
    assert room.json(f"/attempts/{number}/log?offset=99999999")["lines"] == []


def test_the_tail_is_the_last_lines(room):
    number = room.number(room.failed)
    page = room.json(f"/attempts/{number}/log?tail=true&limit=3")
    assert messages(page) == ["line 997", "line 998", "line 999"]
    assert page["end"] == page["size"] and page["start"] == page["lines"][0]["offset"]


def test_lines_are_filtered_by_level_text_and_field(room):
    number = room.number(room.again)

    def found(filters):
        return messages(room.json(f"/attempts/{number}/log?{filters}"))

    assert found("level=warning")[0].startswith("late") and found("level=ERROR") == ["Boom"]
    assert found("text=BOOM") == ["Boom"]
    assert found("field.symbol=BTC") == ["priced", "Boom"]
    assert found("field.symbol=BTC&field.price=7") == ["priced"]
    assert found("field.live=true") == ["Boom"]
    assert found("field.none=1") == []


def test_only_codes_that_colour_are_left(room):
    lines = room.json(f"/attempts/{room.number(room.again)}/log")["lines"]
    assert lines[1]["msg"] == "late \x1b[31mred\x1b[0m"
    assert lines[3]["msg"] == "plain <script>alert(1)</script>", "text is text; whoever draws it escapes it"


def test_a_damaged_line_a_long_one_and_one_that_is_being_written(room):
    page = room.json(f"/attempts/{room.number(room.again)}/log")
    damaged, long = page["lines"][4:]
    assert damaged["stream"] == "damaged" and damaged["msg"] == '{"t": "torn'
    assert long["cut"] and len(long["msg"]) == 65_536
    assert page["end"] < page["size"] and not page["more"], "half a line comes when it is whole"


def test_a_log_can_be_kept_as_plain_text(room):
    answer = room.see(f"/attempts/{room.number(room.again)}/log.txt")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    text = answer.body.decode()
    assert "WARNING   late red\n" in text and "\x1b" not in text


def test_an_attempt_that_wrote_nothing_has_an_empty_log(room):
    page = room.json(f"/attempts/{room.number(room.good)}/log")
    assert (page["lines"], page["size"], page["more"]) == ([], 0, False)
    assert room.see(f"/attempts/{room.number(room.good)}/log.txt").body == b""


# ----------------------------------------------------------------------------------------------------- of a DAG and day
def test_the_logs_of_a_dag_and_day_are_looked_through_by_field(room):
    found = room.json(f"/dags/orders/logs?date={DAY}&field.symbol=BTC")
    assert [(one["run_id"], one["task_id"], one["line"]["msg"]) for one in found["items"]] == [
        (room.held, "a", "other"), (room.again, "a", "priced"), (room.again, "a", "Boom"),
    ]  # fmt: skip
    errors = room.json(f"/dags/orders/logs?date={DAY}&level=error&text=o")["items"]
    assert [one["line"]["msg"] for one in errors] == ["other", "Boom"]
    assert room.json("/dags/orders/logs?date=1999-01-01")["items"] == []
    assert room.json(f"/dags/orders/logs?date={DAY}&task=b")["items"] == []


def test_they_come_page_by_page_across_attempts(room):
    found, cursor = [], ""
    while True:
        page = room.json(f"/dags/orders/logs?date={DAY}&text=line&limit=170{cursor}")
        found += [one["line"]["msg"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={quote(page['next'])}"
    assert found == [f"line {number}" for number in range(1_000)]


# ------------------------------------------------------------------------------------------------------------ the files
KEY = AttemptKey(RunKey("d", "k", 1), "t", None, 1)


def attempt(log=None, key=KEY):
    return AttemptView(key, AttemptState.SUCCESS, 1, Instant(0), log=log)


def laid(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"secret\n")
    return path


def test_bytes_are_read_from_the_beginning_or_from_the_end(tmp_path):
    laid(tmp_path, str(log_path(KEY)))
    logs = LogFiles(tmp_path)
    assert logs.read(attempt(), 0, 3).data == b"sec"
    part = logs.read(attempt(), -3, 100)
    assert (part.data, part.start, part.size) == (b"et\n", 4, 7)
    assert logs.read(attempt(), -300, 100).start == 0
    assert logs.read(attempt(), 300, 100).data == b""
    assert logs.read(attempt("d/none/t/-/1.jsonl"), 0, 10).size == 0


@pytest.mark.parametrize("name", ["../outside", "a/../../outside", "/etc/hostname", "..", "."])
def test_no_name_leads_out_of_the_folder(tmp_path, name):
    laid(tmp_path, "outside")
    (tmp_path / "logs").mkdir()
    with pytest.raises(EnvironmentFault):
        LogFiles(tmp_path / "logs").read(attempt(name), 0, 10)


def test_what_is_no_plain_file_is_not_read(tmp_path):
    target = laid(tmp_path, "outside/log")
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "link").symlink_to(target)
    (logs / "folder").symlink_to(target.parent)
    os.mkfifo(logs / "pipe")
    (logs / "device").symlink_to("/dev/zero")
    (logs / "plain").mkdir()
    for name in ("link", "folder/log", "pipe", "device", "plain"):
        with pytest.raises(EnvironmentFault, match="cannot be read"):
            LogFiles(logs).read(attempt(name), 0, 10)


@pytest.mark.parametrize(
    "name", ["..", "%2e%2e%2f%2e%2e", "%252f", "1%00", "1.jsonl", ".1", "0x1", "1/../../x", "%2Fetc%2Fpasswd", "１"]
)
def test_a_log_is_addressed_by_a_number_and_nothing_else(room, name):
    for path in (f"/attempts/{name}/log", f"/attempts/{name}/log.txt", f"/attempts/{name}"):
        assert room.see(path).status in (404, 422), path
