from segue.model.alerts import Alert
from segue.model.ids import Instant
from segue.model.spec import DagSpec
from segue.model.views import AlertView, DeliveryView, SilenceView
from segue.tell.channels import Channel
from segue.tell.courier import Courier, Errand, pause_after
from segue.tell.routes import Routes, Rule

SECOND = 1_000_000
HOUR = 3_600 * SECOND
START = Instant(1_000 * HOUR)
CHANNELS = {name: Channel(name, "webhook", f"https://{name}.example.com/") for name in ("a", "b")}


class Post:
    """A courier, a store that hears of every mark unless it is down, and the present."""

    def __init__(self, *to: str, **more) -> None:
        self.rules = [Rule(frozenset({"failed"}), "*", to)] if to else []
        self.stored: dict[str, AlertView] = {}
        self.now, self.down = START, False
        self.silences: list[SilenceView] = []
        self.restart()

    def restart(self) -> None:
        self.courier = Courier(Routes(CHANNELS, self.rules), lambda dag: DagSpec(dag))
        self.courier.learn(self.stored.values())

    def raise_one(self, thing: str = "d", **more) -> None:
        self.stored[thing] = AlertView(Alert(thing, "failed", self.now, thing, **more), self.now)
        self.courier.learn([self.stored[thing]])

    def errands(self, seconds: float = 0) -> list[Errand]:
        self.now = Instant(self.now + round(seconds * SECOND))
        errands, marks = self.courier.errands(self.now, self.silences)
        for mark in marks:
            self.write(mark)
        return errands

    def names(self, seconds: float = 0) -> list[tuple[str, str]]:
        return [(errand.view.alert.thing, errand.target) for errand in self.errands(seconds)]

    def write(self, mark) -> None:
        if self.down:
            return
        view = self.stored[mark.thing]
        known = {one.target: one for one in view.deliveries}
        tries = (known[mark.target].tries if mark.target in known else 0) + 1
        known[mark.target] = DeliveryView(mark.target, mark.state, tries, mark.text, self.now)
        self.stored[mark.thing] = AlertView(view.alert, view.at, view.folded, tuple(known.values()))
        self.courier.learn([self.stored[mark.thing]])

    def sent(self, errand: Errand) -> None:
        self.write(self.courier.sent(errand, self.now))

    def failed(self, errand: Errand, **more) -> None:
        self.write(self.courier.failed(errand, self.now, "it answered 500", **more))

    def state(self, thing: str = "d") -> list[tuple[str, str, int]]:
        return [(one.target, one.state, one.tries) for one in self.stored[thing].deliveries]


def test_an_alert_is_sent_to_each_target_once():
    post = Post("a", "b")
    post.raise_one()
    assert post.courier.waiting
    first, second = post.errands()
    assert (first.target, second.target) == ("a", "b")
    post.sent(first)
    assert post.names() == []
    post.sent(second)
    assert post.names(HOUR) == []
    assert not post.courier.waiting
    assert post.state() == [("a", "sent", 1), ("b", "sent", 1)]


def test_one_target_has_one_alert_at_a_time_the_oldest_first():
    post = Post("a")
    post.raise_one("late")
    post.now = Instant(post.now - SECOND)
    post.raise_one("early")
    (errand,) = post.errands(1)
    assert errand.view.alert.thing == "early"
    assert post.names() == []
    post.sent(errand)
    assert post.names() == [("late", "a")]


def test_a_target_that_does_not_answer_keeps_no_other_waiting():
    post = Post("a", "b")
    post.raise_one("d")
    (_, second) = post.errands()
    post.sent(second)
    post.raise_one("e")
    assert post.names() == [("e", "b")]


def test_what_failed_is_tried_again_at_growing_distances():
    post = Post("a")
    post.raise_one()
    for tries, pause in enumerate((10, 20, 40, 80, 160, 320, 640, 900, 900), 1):
        (errand,) = post.errands()
        post.failed(errand)
        assert pause_after(tries) == pause * SECOND
        assert post.names(pause - 0.1) == []
        post.now = Instant(post.now + SECOND)
    (errand,) = post.errands()
    post.sent(errand)
    assert post.state() == [("a", "sent", 10)]


def test_who_fails_for_a_day_is_parked_with_the_reason():
    post = Post("a")
    post.raise_one()
    tries = 0
    while post.courier.waiting:
        for errand in post.errands(60):
            post.failed(errand)
            tries += 1
    assert 24 * HOUR <= post.now - START <= 25 * HOUR
    assert post.state() == [("a", "parked", tries)]
    assert post.stored["d"].deliveries[0].text == "it answered 500"


def test_an_alert_that_was_raised_long_ago_is_tried_a_few_times_all_the_same():
    post = Post("a")
    post.raise_one()
    post.now = Instant(post.now + 48 * HOUR)
    for _ in range(4):
        (errand,) = post.errands(HOUR)
        post.failed(errand)
    assert post.state() == [("a", "parked", 4)]


def test_what_cannot_get_better_is_parked_at_once():
    post = Post("a")
    post.raise_one()
    (errand,) = post.errands()
    post.failed(errand, for_good=True)
    assert post.state() == [("a", "parked", 1)]
    assert post.names(HOUR) == []


def test_a_channel_that_there_is_not_is_parked_and_the_others_are_served():
    post = Post("a")
    post.raise_one(channels=("gone",))
    assert post.names() == [("d", "a")]
    assert post.state() == [("gone", "parked", 1)]
    assert "there is no channel 'gone'" in post.stored["d"].deliveries[0].text


def test_an_alert_that_goes_nowhere_is_parked_and_says_so():
    post = Post()
    post.raise_one()
    assert post.names() == []
    assert post.state() == [("nobody", "parked", 1)]
    assert "[[tool.segue.alerts]]" in post.stored["d"].deliveries[0].text


def test_what_is_silenced_is_not_sent():
    post = Post("a")
    post.silences = [SilenceView("d*", Instant(START + HOUR))]
    post.raise_one()
    assert post.names() == []
    assert post.state() == [("a", "silenced", 1)]
    post.silences = []
    assert post.names(HOUR) == []
    post.raise_one("e")
    assert post.names() == [("e", "a")]


def test_what_was_sent_is_not_sent_again_while_nobody_writes_it_down():
    post = Post("a")
    post.raise_one()
    post.down = True
    (errand,) = post.errands()
    post.sent(errand)
    post.courier.learn(post.stored.values())
    assert post.names(HOUR) == []


def test_what_failed_is_not_tried_sooner_while_nobody_writes_it_down():
    post = Post("a")
    post.raise_one()
    (errand,) = post.errands()
    post.failed(errand)
    post.down = True
    (errand,) = post.errands(10)
    post.failed(errand)
    post.courier.learn(post.stored.values())
    assert post.names(19) == []
    assert post.names(1) == [("d", "a")]


def test_after_a_crash_before_it_was_written_down_it_is_sent_again():
    post = Post("a")
    post.raise_one()
    post.down = True
    (errand,) = post.errands()
    post.sent(errand)
    post.restart()
    assert post.names() == [("d", "a")]


def test_a_new_sender_goes_on_where_the_old_one_was():
    post = Post("a", "b")
    post.raise_one()
    first, second = post.errands()
    post.sent(first)
    post.failed(second)
    post.restart()
    assert post.names() == []
    assert post.names(10) == [("d", "b")]


def test_what_is_remembered_is_bounded():
    post = Post("a")
    post.down = True
    for at in range(10_010):
        post.raise_one(f"d{at}")
        (errand,) = post.errands()
        post.sent(errand)
    assert len(post.courier._done) == 10_000
