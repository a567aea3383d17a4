"""S66, S67 (the alert): what cannot get better is told of at once, the rest after the last retry, each cause once."""

from segue.model.events import Failure
from tests.unit.engine.driver import BOOM, World, dag, task

SHOP = dag(task("load", retries=2), task("clean", data=("load",)), task("report", data=("clean",)), id="shop")


def told(world: World) -> list[str]:
    return [view.alert.text for view in world.store.alerts.values()]


def test_s66_a_permanent_error_is_told_of_at_once():
    world = World(SHOP, planning=True)
    world.trigger("shop")
    world.end("load", outcome=Failure("LoginRefused", "wrong password", retryable=False))
    assert told(world) == [
        "load failed: wrong password; no retry: LoginRefused is not retried; 2 tasks below it will not run as planned"
    ]


def test_s66_a_transient_error_is_told_of_after_the_last_retry():
    world = World(SHOP, planning=True)
    world.trigger("shop")
    for _ in range(2):
        world.end("load", outcome=BOOM)
        assert told(world) == []
        world.wait(600)
    world.end("load", outcome=BOOM)
    assert len(told(world)) == 1


def test_s67_what_could_not_run_because_of_it_is_told_of_with_it():
    world = World(SHOP, planning=True)
    world.trigger("shop")
    world.end("load", outcome=Failure("LoginRefused", "wrong password", retryable=False))
    assert world.states("clean", "report") == ["upstream_failed", "upstream_failed"]
    assert (world.run_state(), len(told(world))) == ("failed", 1)
