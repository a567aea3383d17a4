"""How the owner is: many ask, hardly anybody waits."""

import threading

import pytest

from segue.app.pulse import Pulse


class Owner:
    """Answers with how often it was asked, once it may."""

    def __init__(self):
        self.now, self.asked = 0.0, 0
        self.may, self.began = threading.Event(), threading.Semaphore(0)
        self.may.set()
        self.pulse = Pulse(self.look, lambda: self.now)

    def look(self):
        self.asked += 1
        number = self.asked
        self.began.release()
        assert self.may.wait(60)
        return number

    def await_look(self):
        assert self.began.acquire(timeout=60)


@pytest.fixture
def owner():
    return Owner()


def test_what_is_fresh_is_told_again(owner):
    assert [owner.pulse.feel() for _ in range(3)] == [1, 1, 1]
    owner.now = 0.99
    assert owner.pulse.feel() == 1


def test_what_is_old_is_found_out_beside_who_asks(owner):
    owner.pulse.feel()
    owner.await_look()
    owner.now = 1.5
    owner.may.clear()
    assert [owner.pulse.feel() for _ in range(5)] == [1] * 5
    owner.await_look()
    owner.may.set()
    while owner.pulse.feel() == 1:
        continue
    assert (owner.pulse.feel(), owner.asked) == (2, 2)


def test_what_is_too_old_is_waited_for(owner):
    owner.pulse.feel()
    owner.now = 3.5
    assert owner.pulse.feel() == 2


def test_those_who_wait_wait_for_one_answer(owner):
    owner.may.clear()
    got = []
    threads = [threading.Thread(target=lambda: got.append(owner.pulse.feel())) for _ in range(8)]
    for thread in threads:
        thread.start()
    owner.await_look()
    owner.may.set()
    for thread in threads:
        thread.join()
    assert (got, owner.asked) == ([1] * 8, 1)
