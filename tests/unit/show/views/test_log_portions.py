import json

import pytest

from segue.model.ids import AttemptKey, Instant, RunKey
from segue.model.state import AttemptState
from segue.model.views import AttemptView
from segue.show.archive import NOTHING, LogBytes
from segue.show.views.logs import LogFilter, portion_of, search_logs, tail_of, text_of

MB = 1 << 20


def attempt(number=1):
    return AttemptView(
        AttemptKey(RunKey("d", "k", 1), "t", None, number), AttemptState.RUNNING, 1, Instant(0), id=number
    )


def line(text):
    return json.dumps({"t": "", "stream": "out", "msg": text}).encode() + b"\n"


class Kept:
    """Logs in memory, by number of the attempt."""

    def __init__(self, *logs):
        self.logs, self.read_bytes = logs, 0

    def read(self, attempt, start, limit):
        data = self.logs[attempt.id - 1]
        begin = min(start, len(data)) if start >= 0 else max(0, len(data) + start)
        self.read_bytes += len(data[begin : begin + limit])
        return LogBytes(data[begin : begin + limit], begin, len(data))


def texts(portion):
    return [one.msg for one in portion.lines]


def test_a_line_of_ten_megabytes_is_told_in_part_and_the_next_one_whole():
    logs = Kept(line("x" * 10 * MB) + line("after"))
    found = portion_of(logs, attempt(), 0, 10)
    assert found.lines[0].cut and len(found.lines[0].msg) == 65_536
    assert texts(found)[1:] == ["after"] and not found.more


def test_an_answer_is_bounded_however_many_lines_are_asked_for():
    logs = Kept(line("y" * 60_000) * 100)
    found = portion_of(logs, attempt(), 0, 5_000)
    assert len(found.lines) < 50 and found.more
    rest = portion_of(logs, attempt(), found.end, 5_000)
    assert rest.start == found.end and rest.lines


def test_looking_for_what_is_not_there_ends_and_goes_on_next_time():
    logs = Kept(line("z" * 10_000) * 3_500)
    found, pages = portion_of(logs, attempt(), 0, 10, LogFilter(text="none")), 1
    while found.more:
        found, pages = portion_of(logs, attempt(), found.end, 10, LogFilter(text="none")), pages + 1
    assert pages > 1 and found.end == found.size


@pytest.mark.parametrize("count", [10, 30_000])
def test_the_tail_of_a_long_log_reads_no_more_than_it_needs(count):
    logs = Kept(b"".join(line(f"{number} {'.' * 200}") for number in range(count)))
    found = tail_of(logs, attempt(), 3, LogFilter())
    assert [text.split()[0] for text in texts(found)] == [str(number) for number in range(count - 3, count)]
    assert logs.read_bytes < 4 * MB


def test_the_tail_goes_back_until_enough_lines_fit():
    logs = Kept(line("found") + line("." * 1000) * 3_000 + line("found"))
    assert texts(tail_of(logs, attempt(), 2, LogFilter(text="found"))) == ["found", "found"]
    assert texts(tail_of(logs, attempt(), 5, LogFilter(text="found"))) == ["found", "found"]


def test_also_the_tail_is_bounded():
    found = tail_of(Kept(line("w" * 60_000) * 100), attempt(), 5_000, LogFilter())
    assert 1 < len(found.lines) < 50 and found.start == found.lines[0].offset


def test_fields_that_are_very_long_are_left_out():
    data = json.dumps({"t": "", "stream": "log", "msg": "m", "level": "INFO", "fields": {"x": "y" * 2 * MB}}).encode()
    (told,) = portion_of(Kept(data + b"\n"), attempt(), 0, 5).lines
    assert (told.msg, told.fields, told.cut) == ("m", None, True)


def test_several_logs_are_looked_through_until_there_is_enough():
    logs = Kept(line("a") * 3, line("b") * 3, b"", line("c") * 3)
    attempts = [attempt(number) for number in range(1, 5)]
    found, count, rest = search_logs(logs, attempts, LogFilter(), 4)
    assert [one.line.msg for one in found] == ["a", "a", "a", "b"] and count == 2
    number, at = rest
    found, count, rest = search_logs(logs, attempts[number:], LogFilter(), 100, at)
    assert [one.line.msg for one in found] == ["b", "b", "c", "c", "c"] and rest is None


def test_a_page_that_is_full_at_the_end_of_a_log_goes_on_with_the_next():
    logs = Kept(line("a") * 2, line("b"))
    found, _, rest = search_logs(logs, [attempt(1), attempt(2)], LogFilter(), 2)
    assert len(found) == 2 and rest == (1, 0)


def test_what_was_never_written_is_empty():
    assert portion_of(NOTHING, attempt(), 0, 5).lines == ()
    assert tail_of(NOTHING, attempt(), 5, LogFilter()).lines == ()
    assert b"".join(text_of(NOTHING, attempt())) == b""


def test_a_whole_log_is_written_as_text_in_pieces():
    logs = Kept(line("x" * 60_000) * 60)
    assert sum(len(piece) for piece in text_of(logs, attempt())) > 60 * 60_000
