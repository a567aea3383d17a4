from pathlib import Path

from segue.app.foretelling import Foretelling
from segue.model.changes import DagRenamed, SlotsForetold, VersionAdded
from segue.model.ids import Instant
from segue.model.images import DagImage, Version
from segue.model.spec import DagSpec
from segue.model.timing import Foretold, Timing

SECOND, DAY = 1_000_000, 86_400_000_000


class Clock:
    at = Instant(0)

    def now(self) -> Instant:
        return self.at


def slots(*dues: int, until: int | None = 1_000 * SECOND) -> Foretold:
    return Foretold(
        tuple((Instant(0), Instant(due), Instant(due)) for due in dues), None if until is None else Instant(until)
    )


def image(name: str, foretold: Foretold, *, retired: bool = False) -> DagImage:
    version = Version(1, DagSpec(name, file=f"{name}.py"))
    return DagImage(name, version, timing=Timing(retired=retired), foretold=foretold, location="/shop")


def test_a_file_is_read_again_when_half_of_what_it_foretold_is_due():
    clock = Clock()
    one = Foretelling(clock.now)
    one.begin([image("own", slots(SECOND, 3 * SECOND, 9 * SECOND)), image("plain", Foretold())])
    assert (one.wait(), one.take()) == (3.0, set())
    clock.at = Instant(3 * SECOND)
    assert (one.wait(), one.take()) == (0, {Path("/shop/own.py")})


def test_a_file_that_foretells_no_more_is_asked_again_after_a_minute_and_one_that_does_when_that_is_half_used():
    clock = Clock()
    one = Foretelling(clock.now)
    one.begin([image("own", slots(SECOND))])
    clock.at = Instant(SECOND)
    assert one.take() and not one.take()
    assert one.wait() == 60
    assert one.heard([SlotsForetold("own", slots(5 * SECOND, 11 * SECOND), clock.at)])
    assert one.wait() == 10


def test_nothing_is_asked_of_a_timetable_that_has_ended_of_a_retired_dag_or_a_former_id():
    one = Foretelling(Clock().now)
    one.begin(
        [
            image("ended", slots(SECOND, until=None)),
            image("gone", slots(SECOND), retired=True),
            image("old", slots(SECOND)),
        ]
    )
    assert one.wait() == 1.0
    assert not one.heard([DagRenamed("old", "new", Instant(0))])
    assert one.wait() is None
    assert one.heard([SlotsForetold("ended", slots(until=None), Instant(0))]) and one.wait() is None


def test_an_empty_timetable_is_asked_once_a_day_at_its_newest_place():
    clock = Clock()
    one = Foretelling(clock.now)
    one.begin([image("own", slots())])
    assert one.wait() == DAY / SECOND
    assert not one.heard([VersionAdded("own", Version(2, DagSpec("own", file="moved.py")), "/shop", Instant(0))])
    clock.at = Instant(DAY)
    assert one.take() == {Path("/shop/moved.py")}
