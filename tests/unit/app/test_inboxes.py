import os
import select
from collections.abc import Iterable, Sequence

import pytest

from segue.app.inboxes import JointInbox
from segue.model.changes import Change
from segue.model.events import Event, Tick


class Box:
    def __init__(self, *events: Event) -> None:
        self.events, self.acked = list(events), 0
        self.ends = os.pipe()

    def poll(self) -> Sequence[Event]:
        return tuple(self.events)

    def ack(self, events: Iterable[Event], changes: Sequence[Change]) -> None:
        for event in events:
            assert event is self.events.pop(0)
            self.acked += 1

    def fileno(self) -> int | None:
        return self.ends[0]

    def renew(self) -> None:
        self.close()
        self.ends = os.pipe()

    def close(self) -> None:
        for end in self.ends:
            os.close(end)


@pytest.fixture
def boxes():
    one, other = Box(Tick(), Tick()), Box(Tick())
    joint = JointInbox(one, other)
    yield one, other, joint
    for box in (one, other, joint):
        box.close()


@pytest.mark.parametrize(("count", "acked"), [(0, (0, 0)), (1, (1, 0)), (2, (2, 0)), (3, (2, 1))])
def test_what_is_acknowledged_goes_to_the_inbox_that_it_came_from(boxes, count, acked):
    one, other, joint = boxes
    events = joint.poll()
    assert len(events) == 3
    joint.ack(events[:count], ())
    assert (one.acked, other.acked) == acked


def test_what_arrives_at_either_is_seen_at_one_descriptor_also_after_a_new_connection(boxes):
    one, other, joint = boxes
    number = joint.fileno()
    for box in (one, other):
        os.write(box.ends[1], b"!")
        assert select.select([number], [], [], 10)[0]
        os.read(box.ends[0], 1)
        assert not select.select([number], [], [], 0)[0]
    other.renew()
    assert joint.fileno() == number
    os.write(other.ends[1], b"!")
    assert select.select([number], [], [], 10)[0]
