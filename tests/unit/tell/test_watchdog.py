from segue.tell.watchdog import Watchdog

MINUTE = 60_000_000


def test_a_minute_of_silence_is_told_of_once_and_so_is_its_end():
    dog = Watchdog(0)
    said = [dog.look(at, alive=alive) for at, alive in [
        (1, True), (MINUTE, False), (MINUTE + 1, False), (MINUTE + 2, False), (5 * MINUTE, False),
        (5 * MINUTE + 1, True), (5 * MINUTE + 2, True), (7 * MINUTE, False),
    ]]  # fmt: skip
    assert said == ["", "", "dead", "", "", "back", "", "dead"]


def test_a_short_silence_is_no_news():
    dog = Watchdog(0)
    assert {dog.look(at * MINUTE // 2, alive=at % 2 == 0) for at in range(100)} == {""}


def test_a_scheduler_that_never_came_is_told_of():
    dog = Watchdog(10, patience=5)
    assert [dog.look(at, alive=False) for at in (12, 15, 16)] == ["", "dead", ""]
