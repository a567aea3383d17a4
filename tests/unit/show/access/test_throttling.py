import pytest

from segue.model.ids import Instant
from segue.show.access.throttling import CEILING, FREE, PER_MINUTE, Throttled, judge, origin_of
from segue.store.access.book import Strikes
from tests.unit.show.access.stage import DAY, HOUR, MINUTE, NOW, SECOND


class Guesser:
    """Tries against one account; every try fails."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], Strikes] = {}
        self.tried = 0

    def guess(self, now, address="a", account="dana") -> Throttled | None:
        keys = ((account, ""), ("", address), (account, address))
        verdict = judge([self.records.get(key) for key in keys], Instant(now))
        if isinstance(verdict, Throttled):
            return verdict
        self.records.update(zip(keys, verdict, strict=True))
        self.tried += 1
        return None


def test_five_failures_are_free_and_then_the_delay_doubles():
    guesser, now, waits = Guesser(), NOW, []
    while guesser.tried < FREE + 6:
        refused = guesser.guess(now)
        if refused is not None:
            waits.append(refused.seconds)
            now += refused.seconds * SECOND
    assert waits == [1, 2, 4, 8, 16, 32]


def test_the_delay_stops_growing_at_a_quarter_of_an_hour():
    pair = Strikes(60, NOW, NOW)
    assert judge([None, None, pair], Instant(NOW + 900 * SECOND - 1)) == Throttled(1)
    assert not isinstance(judge([None, None, pair], Instant(NOW + 900 * SECOND)), Throttled)


def test_who_has_waited_for_an_account_waits_for_the_address_all_the_same():
    address, pair = Strikes(PER_MINUTE, NOW, NOW), Strikes(FREE, NOW, NOW)
    assert judge([None, address, pair], Instant(NOW + 10 * SECOND)) == Throttled(50)


def test_a_guesser_who_goes_on_for_days_does_not_begin_anew():
    pair = Strikes(60, Instant(NOW - 2 * DAY), NOW)
    assert judge([None, None, pair], Instant(NOW + SECOND)) == Throttled(899)
    assert not isinstance(judge([None, None, pair], Instant(NOW + DAY)), Throttled)


@pytest.mark.parametrize("pace", [1, 10, 100, 360])
def test_ten_thousand_guesses_in_an_hour_are_few_tries(pace):
    guesser = Guesser()
    for at in range(10_000):
        guesser.guess(NOW + (at // pace) * pace * 360_000)
    assert 5 <= guesser.tried <= 120


def test_guesses_from_many_addresses_end_at_the_ceiling():
    guesser = Guesser()
    for at in range(10_000):
        guesser.guess(NOW + at * 360_000, address=f"a{at % 1000}")
    assert guesser.tried == CEILING
    assert guesser.guess(NOW + HOUR, address="never seen") == Throttled(0)
    assert guesser.guess(NOW + 400 * DAY, address="never seen").closed


def test_an_address_has_twenty_tries_a_minute_over_all_accounts():
    guesser = Guesser()
    for at in range(1_000):
        guesser.guess(NOW + at, account=f"user{at}")
    assert guesser.tried == PER_MINUTE
    assert guesser.guess(NOW + 20 * SECOND, account="one more") == Throttled(40)
    assert guesser.guess(NOW + MINUTE, account="one more") is None


def test_others_do_not_wait_for_a_guesser():
    guesser = Guesser()
    for at in range(100):
        guesser.guess(NOW + at, address="a")
    assert guesser.guess(NOW + 100, address="a") is not None
    assert guesser.guess(NOW + 100, address="b") is None
    assert guesser.guess(NOW + 100, address="c", account="eve") is None


def test_a_clock_that_was_set_back_locks_nobody_out():
    late = Strikes(50, NOW + DAY, NOW + DAY)
    assert not isinstance(judge([None, late, late], NOW), Throttled)


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("", "?"),
        ("/run/socket", "?"),
    ],
)
def test_an_address_stands_for_whoever_can_take_it(address, origin):
    assert origin_of(address) == origin
