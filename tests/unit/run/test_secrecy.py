"""Secrets between executor and worker: who is told what, and what must not come back."""

import base64
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import msgspec
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from segue.model.errors import UnstorableValue, VaultDown
from segue.model.events import (
    Asked,
    Cancelled,
    Ended,
    Failure,
    Followed,
    Held,
    Lost,
    LostCause,
    MayStart,
    Skipped,
    StateSet,
    Usage,
    Value,
)
from segue.model.ids import AttemptKey, Instant
from segue.model.masking import Veil
from segue.run.children.outcome import outcome_of
from segue.run.children.secrecy import Secrecy
from segue.run.executors.reader import Allowed, Reader
from segue.run.executors.veiling import veiled, veiled_question
from segue.run.wire import One, Reveal, Revealed, read_frame, write_frame
from tests.unit.run.driver import RUN, FakeResults, FakeVault

KEY = "canary-7f3a"
ATTEMPT = AttemptKey(RUN, "t", None, 1)


# ----------------------------------------------------------------------------------------------------------- telling
class Side:
    """A worker's end of the side channel."""

    def __init__(self, vault: object, connections=(), secrets=(), params=None) -> None:
        self.veil = Veil()
        self.results = FakeResults()
        self.results.keep("up", 7)
        self.reader = Reader(self.results, {}, vault)
        self.ours, theirs = socket.socketpair()
        self.reader.serve(theirs, Allowed(list(connections), list(secrets), params or {}), self.veil)

    def ask(self, question: object) -> bytes:
        write_frame(self.ours, msgspec.msgpack.encode(question))
        return read_frame(self.ours)

    def reveal(self) -> Revealed:
        return msgspec.msgpack.decode(self.ask(Reveal()), type=Revealed)

    def __enter__(self) -> "Side":
        return self

    def __exit__(self, *_: object) -> None:
        self.ours.close()
        self.reader.close()


def test_a_worker_is_told_its_own_names_and_its_veil_before_it():
    vault = FakeVault(shop="http://u:hunter22@h/", key=KEY, other="for-others")
    with Side(vault, {"shop"}, {"key"}) as side:
        assert side.reveal() == Revealed({"shop": "http://u:hunter22@h/"}, {"key": KEY})
        assert side.veil.mask.hide_text(f"{KEY} hunter22 for-others") == "*** *** for-others"


def test_a_worker_is_told_the_secret_params_of_its_run():
    with Side(FakeVault(), params={"token": b"hunter22"}) as side:
        assert side.reveal() == Revealed(params={"token": '"hunter22"'})
        assert side.veil.mask.hide_text("a hunter22") == "a ***"


def test_a_worker_that_declares_nothing_is_told_nothing():
    with Side(FakeVault(key=KEY)) as side:
        assert side.reveal() == Revealed()


@pytest.mark.parametrize(
    ("known", "fault"),
    [
        ({}, "there is no key"),
        ({"key": "abc"}, "secret key has less than 4 characters"),
        ({"key": KEY, "shop": "http://u:pw@h/"}, "the password of connection shop has less than 4"),
        ({"key": KEY, "shop": "http://u:p/w@h:x/"}, "the address is no URI"),
    ],
)
def test_what_is_missing_or_unusable_is_a_fault_that_no_retry_mends(known: dict[str, str], fault: str):
    with Side(FakeVault(**{"shop": "http://h/", **known}), {"shop"}, {"key"}) as side:
        said = side.reveal()
    assert fault in said.fault and not said.retryable and not side.veil.mask


class Broken:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def reveal(self, connections, secrets):
        raise self.error


def test_a_vault_that_is_down_is_worth_a_retry():
    with Side(Broken(VaultDown("key away")), (), {"key"}) as side:
        assert side.reveal() == Revealed(fault="key away", retryable=True)


def test_what_foreign_code_says_when_it_breaks_is_not_repeated():
    with Side(Broken(RuntimeError(KEY)), (), {"key"}) as side:
        assert side.reveal() == Revealed(fault="secrets cannot be read: RuntimeError", retryable=True)


def test_no_value_waits_for_a_vault_that_takes_its_time():
    go = threading.Event()

    class Slow(FakeVault):
        def reveal(self, connections, secrets):
            go.wait(30)
            return super().reveal(connections, secrets)

    with Side(Slow(key=KEY), (), {"key"}) as side:
        other, theirs = socket.socketpair()
        side.reader.serve(theirs)
        write_frame(side.ours, msgspec.msgpack.encode(Reveal()))
        write_frame(other, msgspec.msgpack.encode(One(RUN, "up", None)))
        assert read_frame(other)
        go.set()
        assert msgspec.msgpack.decode(read_frame(side.ours), type=Revealed).secrets == {"key": KEY}
        other.close()


def test_a_worker_that_died_while_its_secrets_were_looked_for_is_forgotten():
    go, asked = threading.Event(), threading.Event()

    class Slow(FakeVault):
        def reveal(self, connections, secrets):
            asked.set()
            go.wait(30)
            return super().reveal(connections, secrets)

    with Side(Slow(key=KEY), (), {"key"}) as side:
        write_frame(side.ours, msgspec.msgpack.encode(Reveal()))
        assert asked.wait(30)
        side.ours.close()
        other, theirs = socket.socketpair()
        side.reader.serve(theirs)
        write_frame(other, msgspec.msgpack.encode(One(RUN, "up", None)))
        assert read_frame(other)
        go.set()
        other.close()


# --------------------------------------------------------------------------------------------------------- reporting
def _ended(outcome: object, **usage: object) -> Ended:
    return Ended(ATTEMPT, b"f", Instant(1), Instant(2), outcome, Usage(**usage))  # type: ignore[arg-type]


VEIL = Veil()
VEIL.learn([KEY, "pin123"])


@pytest.mark.parametrize(
    ("said", "becomes"),
    [
        (Failure(f"E{KEY}", f"a {KEY}", retry_after=3), Failure("E***", "a ***", retry_after=3)),
        (Skipped(KEY), Skipped("***")),
        (Cancelled(), Cancelled()),
        (Value(b"x"), Value(b"x")),
        (Followed(("a",), Value(b"x")), Followed(("a",), Value(b"x"))),
        (Held("empty", f"a {KEY}", Value(b"x"), b"s"), Held("empty", "a ***", Value(b"x"), b"s")),
    ],
)
def test_an_outcome_loses_its_secrets(said: object, becomes: object):
    event = veiled(_ended(said, notes=(f"n {KEY}", "m"), source=KEY), VEIL)
    assert event == _ended(becomes, notes=("n ***", "m"), source="***")


HOLDS = Value(base64.b64encode(KEY.encode()))


@pytest.mark.parametrize(
    "said",
    [
        HOLDS, Value(ref=KEY.encode()), Value(preview=KEY.encode()), Followed((), HOLDS), Held("empty", "", HOLDS),
        Held("empty", "", Value(), KEY.encode()),
    ],
)  # fmt: skip
def test_a_result_that_holds_a_secret_is_refused_for_good(said: object):
    event = veiled(_ended(said), VEIL)
    assert isinstance(event, Ended) and isinstance(event.outcome, Failure)
    assert event.outcome.kind == "unstorable" and not event.outcome.retryable


def test_a_result_may_hold_a_short_secret_by_chance():
    said = _ended(Value(b"pin123", preview=b"pin123"))
    assert veiled(said, VEIL) == said


def test_a_loss_loses_its_secrets():
    lost = Lost(ATTEMPT, b"f", None, Instant(2), LostCause.EXIT, usage=Usage(notes=(KEY,)))
    event = veiled(lost, VEIL)
    assert isinstance(event, Lost) and event.usage.notes == ("***",)


def test_what_an_attempt_keeps_as_state_loses_its_secrets():
    asked = Asked(ATTEMPT, b"f", Instant(1), 1, StateSet("job", f"id {KEY}"))
    assert veiled_question(asked, VEIL).what == StateSet("job", "id ***")
    start = Asked(ATTEMPT, b"f", Instant(1), 1, MayStart())
    assert veiled_question(start, VEIL) is start and veiled_question(asked, Veil()) is asked


def test_without_secrets_an_event_stays_the_object_it_is():
    event = _ended(Value(b"x"))
    assert veiled(event, Veil()) is event


def test_half_a_secret_is_not_left_where_a_text_is_shortened():
    error = ValueError("x" * 492 + KEY)
    assert "canary" in outcome_of(error, "", lambda _: True).text
    assert "canary" not in outcome_of(error, "", lambda _: True, VEIL.mask.hide_text).text


# ----------------------------------------------------------------------------------------------------------- results
class Colour(Enum):
    RED = f"red {KEY}"


class Model(msgspec.Struct):
    name: str


@dataclass
class Row:
    name: str
    size: int = 3


class Plain:
    def __init__(self) -> None:
        self.name = KEY


def _series_of_bytes() -> object:
    return pl.Series("b", [KEY.encode()])


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (KEY, "result"),
        (f"http://u:{KEY}@h", "result"),
        (base64.b64encode(b"a:" + KEY.encode()).decode(), "result"),
        (KEY.encode(), "result"),
        (bytearray(KEY.encode()), "result"),
        (Path("/x") / KEY, "result"),
        (Colour.RED, "result"),
        ({"a": [1, ("b", KEY)]}, "result['a'][1][1]"),
        ({KEY: 1}, "result (a key)"),
        ({KEY}, "result (an item)"),
        (Model(KEY), "result.name"),
        ([Row(KEY)], "result[0].name"),
        (Plain(), "result.name"),
        (pd.DataFrame({"n": [1, 2], "name": ["x", KEY]}), "result['name']"),
        (pd.DataFrame({"n": [1]}, index=[KEY]), "result['index']"),
        (pd.Series(["x", KEY], name="s"), "result['s']"),
        (pd.Series([1], index=[KEY]), "result['index']"),
        ({"t": pl.DataFrame({"n": [1], "deep": [[KEY]]})}, "result['t']['deep']"),
        (pl.Series("s", [KEY]), "result['s']"),
        (_series_of_bytes(), "result['b']"),
        (pa.table({"n": [1], "name": [KEY]}), "result['name']"),
    ],
)  # fmt: skip
def test_a_result_with_a_secret_is_refused_naming_the_place(value: object, place: str):
    with pytest.raises(UnstorableValue) as refused:
        Secrecy(Revealed({}, {"key": KEY})).check(value)
    assert str(refused.value).startswith(f"{place} contains secret key:") and KEY not in str(refused.value)


def test_a_result_with_the_password_of_a_connection_is_refused():
    with pytest.raises(UnstorableValue, match="result contains connection shop"):
        Secrecy(Revealed({"shop": "http://u:hunter22@h/"}, {})).check("hunter22")


def test_a_result_with_a_secret_param_is_refused():
    with pytest.raises(UnstorableValue, match="result contains param token"):
        Secrecy(Revealed(params={"token": '"hunter22"'})).check("hunter22")


def _of_itself() -> object:
    loop: list[object] = [1, None, 2.5]
    loop.append(loop)
    return loop


@pytest.mark.parametrize("make", [lambda: "x", _of_itself, lambda: range(3), lambda: pd.DataFrame({"a": ["x"]})])
def test_a_result_without_secrets_passes(make: Callable[[], object]):
    Secrecy(Revealed({"shop": "http://h/"}, {"key": KEY})).check(make())


def test_a_short_secret_may_stand_in_a_result_by_chance():
    secrecy = Secrecy(Revealed({}, {"pin": "1234567"}))
    secrecy.check("1234567")
    assert secrecy.hide("pin 1234567") == "pin ***"
