from collections.abc import Sequence

import pytest

from segue.model.events import Followed, Held, Value
from segue.run.children.call import Call
from segue.run.children.guard import Made, concluded, measured

VALUE = Value(b"kept")


class _Writes:
    """Notes what was asked of it."""

    def __init__(self, rows: int | None = None) -> None:
        self.rows, self.did = rows, list[str]()

    def publish(self) -> int:
        self.did.append("published")
        return 0

    def describe(self) -> bytes:
        self.did.append("described")
        return b"staged"


def _call(reports: Sequence[tuple[int | None, str | bytes | None]] = ()) -> Call:
    return Call(
        code=lambda: None,
        keep=lambda _: VALUE,
        choose=lambda result: (str(result),),
        may_retry=lambda _: True,
        reports=reports,
        length=lambda result: len(result) if isinstance(result, list) else None,
    )


@pytest.mark.parametrize(
    ("reports", "written", "result", "made"),
    [
        ([], None, None, Made()),
        ([], None, [], Made(0, "returned")),
        ([], 5, [], Made(5, "wrote")),
        ([], 0, [1], Made(0, "wrote")),
        ([(0, None)], 5, [1], Made(0, "reported")),
        ([(0, None), (7, None)], 0, [], Made(7, "reported")),
        ([(None, "etag")], None, [1], Made(1, "returned", "etag")),
        ([(None, b"\x01\xff")], None, None, Made(None, "", "01ff")),
    ],
)
def test_a_report_goes_before_what_was_written_and_that_before_what_was_returned(reports, written, result, made):
    assert measured(_call(reports), result, _Writes(written)) == made


def test_several_sources_have_one_fingerprint_that_depends_on_their_order():
    found = [measured(_call([(None, one), (None, two)]), None, _Writes()).source for one, two in ("ab", "ba", "ab")]
    assert found[0] == found[2] != found[1] and len(found[0]) == 32


def test_a_fingerprint_that_is_too_long_is_shortened():
    assert len(measured(_call([(None, "x" * 1000)]), None, _Writes()).source) == 32


NOTHING = Made(0, "wrote")


def test_nothing_is_held_and_not_published():
    writes = _Writes()
    outcome, note = concluded(_call(), None, NOTHING, writes, "task", "hold")
    assert (outcome, note) == (Held("empty", "it wrote 0 rows", VALUE, b"staged"), "")
    assert writes.did == ["described"]


def test_nothing_with_a_warning_is_published():
    writes = _Writes()
    assert concluded(_call(), None, NOTHING, writes, "task", "warn") == (VALUE, "it wrote 0 rows")
    assert writes.did == ["published"]


@pytest.mark.parametrize(("made", "empty"), [(NOTHING, "ok"), (Made(), "hold"), (Made(1, "wrote"), "hold")])
def test_the_rest_is_published_without_a_word(made: Made, empty):
    writes = _Writes()
    assert concluded(_call(), None, made, writes, "task", empty) == (VALUE, "")
    assert writes.did == ["published"]


def test_what_decides_the_way_is_never_held():
    assert concluded(_call(), "left", NOTHING, _Writes(), "branch", "hold")[0] == Followed(("left",))
    assert concluded(_call(), 0, NOTHING, _Writes(), "short_circuit", "hold")[0] == Followed((), VALUE)
