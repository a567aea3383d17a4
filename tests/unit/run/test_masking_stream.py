"""Secrets in what workers say: hidden by the collector, wherever the bytes are cut."""

import base64
import json
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.model.ids import AttemptKey, Instant
from segue.model.masking import Veil
from segue.run.executors.collector import Collector
from segue.run.executors.logfile import Limits, log_path
from segue.run.page import TOKEN, make_page
from tests.unit.run.driver import RUN

CANARY = "canary+7f/3a=é\nsecond-line-9"
PARTS = ("canary+7f", "3a=", "second-line-9")
KEY = AttemptKey(RUN, "t", None, 1)
SAID = (
    f"plain {CANARY}\njson {json.dumps(CANARY)} b64 {base64.b64encode(CANARY.encode()).decode()}\n"
    f"repr {CANARY!r} no newline"
).encode()


def _record(message: str, **fields: object) -> bytes:
    line = {"t": "2026-04-01T00:00:00Z", "level": "INFO", "msg": message, "fields": fields}
    return b"\0sealL" + msgspec.json.encode(line) + b"\n"


def _logged(folder: Path, chunks: Sequence[bytes], limits: Limits | None = None) -> str:
    """The whole log of a worker that says this, read chunk by chunk."""
    veil, page = Veil(), make_page()
    veil.learn([CANARY])
    page.cells[TOKEN] = 1
    collector = Collector(folder, limits or Limits(10_000_000, 1_000), lambda: Instant(0))
    (out, said), (err, other) = os.pipe(), os.pipe()
    os.close(other)
    collector.attend(b"seal", page, {1: KEY}, (out, err), veil)
    drained = page.cells[9]  # bytes of the first stream that the collector has taken in
    for chunk in chunks:
        os.write(said, chunk)
        drained += len(chunk)
        while page.cells[9] < drained:
            os.sched_yield()
    os.close(said)
    collector.close()
    os.close(page.fd)
    file = folder / log_path(KEY)
    text = file.read_text()
    file.unlink()
    return text


def _tells(text: str) -> list[str]:
    encoded = base64.b64encode(CANARY.encode()).decode()
    return [part for part in (*PARTS, encoded[4:-4], json.dumps(CANARY)[1:-1]) if part in text]


def test_a_secret_cut_at_any_byte_is_hidden(tmp_path: Path):
    for cut in range(1, len(SAID)):
        text = _logged(tmp_path, [SAID[:cut], SAID[cut:]])
        assert _tells(text) == [] and text.count("***") >= 4 and "no newline" in text


@settings(max_examples=1_000, deadline=None)
@given(st.lists(st.integers(0, len(SAID)), max_size=12).map(sorted))
def test_a_secret_in_pieces_is_hidden(tmp_path_factory: pytest.TempPathFactory, cuts: list[int]):
    edges = [0, *cuts, len(SAID)]
    chunks = [SAID[start:stop] for start, stop in zip(edges, edges[1:], strict=False) if start < stop]
    folder = tmp_path_factory.getbasetemp() / "pieces"
    assert _tells(_logged(folder, chunks)) == []


def test_a_secret_is_hidden_in_records_and_their_fields(tmp_path: Path):
    said = _record(f"at {CANARY}", where={"deep": [CANARY, f"{json.dumps(CANARY)}"]}, plain=3)
    text = _logged(tmp_path, [said])
    line = msgspec.json.decode(text)
    assert _tells(text) == [] and line["fields"]["plain"] == 3 and line["msg"].startswith("at ***")


def test_a_line_too_long_to_wait_for_is_cut_beside_its_secrets(tmp_path: Path):
    word = CANARY.splitlines()[1].encode()
    for before in range(5 * 16_384 - 30, 5 * 16_384 + 5):  # it is cut after the fifth chunk
        said = b"x" * before + word + b"y" * 70_000
        chunks = [said[at : at + 16_384] for at in range(0, len(said), 16_384)]
        lines = _logged(tmp_path, chunks).splitlines()
        assert _tells("".join(msgspec.json.decode(line)["msg"] for line in lines)) == [] and len(lines) > 1


def test_a_secret_in_the_tail_of_a_long_log_is_hidden(tmp_path: Path):
    text = _logged(tmp_path, [b"line\n" * 20, SAID, b"\n" + SAID], Limits(50, 100_000))
    assert _tells(text) == [] and "cut here" in text
