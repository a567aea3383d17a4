import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.model.ids import AttemptKey, RunKey, TaskKey, fence_of, is_id, manual_key

RUN = RunKey("daily", "2026-04-01", 1)
SECRET = bytes(32)
names = st.text("ab0.\0", max_size=3)
numbers = st.integers(1, 12)
keys = st.builds(AttemptKey, st.builds(RunKey, names, names, numbers), names, st.none() | numbers, numbers)


def test_the_first_run_of_a_key_prints_without_number_and_later_ones_with_it():
    assert str(RUN) == "daily@2026-04-01"
    assert str(RUN._replace(n=2)) == "daily@2026-04-01.2"


def test_a_task_and_its_attempt_print_below_their_run():
    assert str(TaskKey(RUN, "clean", None)) == "daily@2026-04-01/clean"
    assert str(AttemptKey(RUN, "clean", 3, 2)) == "daily@2026-04-01/clean[3]#2"
    assert AttemptKey(RUN, "clean", 3, 2).of == TaskKey(RUN, "clean", 3)
    assert TaskKey(RUN, "clean", None).label == "clean"


@pytest.mark.parametrize("text", ["a", "_", "A.b-c_9", "x" * 200])
def test_an_id_is_letters_digits_and_three_signs(text):
    assert is_id(text)


@pytest.mark.parametrize("text", ["", "9a", "-a", ".a", "a b", "a/b", "a\n", "ä", "a@b", "x" * 201])
def test_what_is_no_id_is_none(text):
    assert not is_id(text)


def test_a_fence_is_sixteen_bytes_and_known_for_ever():
    assert fence_of(AttemptKey(RUN, "clean", None, 1), SECRET).hex() == "fd487a894f72c6dda38a0c57185c51e9"


def test_a_fence_cannot_be_made_without_the_secret():
    key = AttemptKey(RUN, "clean", None, 1)
    assert fence_of(key, SECRET) != fence_of(key, bytes(31) + b"\1")


@given(keys, keys)
def test_two_attempts_never_have_the_same_fence(one, other):
    if "\0" not in "".join((*one.run[:2], one.task, *other.run[:2], other.task)):  # no id has one
        assert (fence_of(one, SECRET) == fence_of(other, SECRET)) == (one == other)


def test_the_key_of_a_manual_run_follows_from_its_request():
    assert manual_key("r1") == manual_key("r1") != manual_key("r2")
    assert manual_key("r1").startswith("manual-")
    assert len(manual_key("r1")) == len("manual-") + 8
