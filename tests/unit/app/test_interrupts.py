"""Ctrl-C that has to wait."""

import signal

import pytest

from segue.app.interrupts import interrupts_held


def press() -> None:
    signal.raise_signal(signal.SIGINT)


def test_what_came_counts_when_somebody_is_ready_for_it():
    seen = []
    with pytest.raises(KeyboardInterrupt) as pressed, interrupts_held(patient=False) as ready:
        press()
        seen.append("held")
        ready()
        seen.append("never")
    assert (seen, len(pressed.value.args)) == (["held"], 1)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_who_is_ready_is_interrupted_as_ever():
    with pytest.raises(KeyboardInterrupt), interrupts_held() as ready:
        ready()
        press()
        pytest.fail("it was held")


def test_a_second_one_counts_at_once_where_nobody_has_patience():
    with pytest.raises(KeyboardInterrupt) as pressed, interrupts_held(patient=False):
        press()
        press()
        pytest.fail("it was held")
    assert len(pressed.value.args) == 2


def test_all_of_them_count_together_at_the_end():
    with pytest.raises(KeyboardInterrupt) as pressed, interrupts_held():
        press()
        press()
    assert len(pressed.value.args) == 2
