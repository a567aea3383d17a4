from collections.abc import Callable

import pytest

from segue.define.keeping import MAX_NAME, MAX_NAMES, MAX_VALUE, KeptState
from segue.model.errors import StoreDown, UnstorableValue


def _down(name: str, value: str) -> None:
    raise StoreDown("away")


def test_what_was_kept_before_is_there() -> None:
    state = KeptState([("job", "j-1")])
    assert (state.get("job"), state.get("other"), state.get("other", "x")) == ("j-1", None, "x")


def test_a_value_counts_when_it_is_durable() -> None:
    seen: list[tuple[str, str, str | None]] = []
    state = KeptState([("job", "j-1")], lambda name, value: seen.append((name, value, state.get(name))))
    state.set("job", "j-2")
    assert seen == [("job", "j-2", "j-1")] and state.get("job") == "j-2"


def test_a_value_that_is_not_durable_does_not_count() -> None:
    state = KeptState([("job", "j-1")], _down)
    with pytest.raises(StoreDown):
        state.set("job", "j-2")
    assert state.get("job") == "j-1"


def test_sixteen_names_fit_and_each_may_change() -> None:
    state = KeptState((f"n{k}", "") for k in range(MAX_NAMES))
    state.set("n3", "again")
    with pytest.raises(UnstorableValue, match="would be name 17, 16 are the most"):
        state.set("one-more", "")


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("job", "x" * (MAX_VALUE + 1), r"context.state\['job'\] takes 4,097 bytes, 4,096 are the most"),
        ("x" * (MAX_NAME + 1), "", "a name in context.state takes 201 bytes"),
        ("job", 7, "must be a str, not int"),
        (7, "x", "a name in context.state must be a str, not int"),
        ("job", "\ud800", "cannot be encoded"),
        ("job", "a\0b", "holds a NUL"),
    ],
)
def test_what_is_no_small_text_is_refused(name: object, value: object, text: str) -> None:
    kept: list[object] = []
    keep: Callable[[str, str], None] = lambda *pair: kept.append(pair)  # noqa: E731
    with pytest.raises(UnstorableValue, match=text):
        KeptState((), keep).set(name, value)  # type: ignore[arg-type]
    assert kept == []


def test_the_most_fits() -> None:
    state = KeptState()
    state.set("ü" * (MAX_NAME // 2), "ü" * (MAX_VALUE // 2))
    assert state.get("ü" * (MAX_NAME // 2)) == "ü" * (MAX_VALUE // 2)
