from segue.app.clock import SystemClock


class Machine:
    """Its clock on the wall, which somebody sets, and the ticks since it was started."""

    def __init__(self) -> None:
        self.wall, self.ticks = 1_000_000, 5
        self.clock = SystemClock(lambda: self.wall, lambda: self.ticks)

    def wait(self, microseconds: int) -> int:
        self.wall += microseconds
        self.ticks += microseconds
        return self.clock.now()


def test_it_says_what_the_wall_says():
    machine = Machine()
    assert [machine.wait(100) for _ in range(3)] == [1_000_100, 1_000_200, 1_000_300]


def test_it_follows_a_wall_that_is_set_forwards_at_once():
    machine = Machine()
    machine.wall += 1_000
    assert machine.wait(1) == 1_001_001


def test_it_goes_on_at_half_pace_until_a_wall_that_was_set_back_has_caught_up():
    machine = Machine()
    machine.wait(0)
    machine.wall -= 100
    assert [machine.wait(50) for _ in range(6)] == [1_000_025, 1_000_050, 1_000_075, 1_000_100, 1_000_150, 1_000_200]


def test_it_goes_on_however_often_it_is_asked():
    machine = Machine()
    machine.wait(0)
    machine.wall -= 1_000
    assert [machine.wait(1) for _ in range(4)][-1] == 1_000_002


def test_it_counts_as_time_does():
    clock = SystemClock()
    first = clock.now()
    clock.sleep(0.001)
    assert first + 1_000 <= clock.now() < first + 60_000_000
