"""Hundreds of attempts, while workers and the fork server are killed at random: nothing is lost, nothing done twice."""

import os
import random
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from segue.model.commands import Cancel, Kill
from segue.model.events import Ended, Lost, LostCause, Value
from segue.model.ids import AttemptKey
from segue.run.processes import descendants
from tests.unit.run.driver import BRIEF, Driver, brief, process_driver

ERRANDS = (*["append"] * 5, "nap", "segfault", "exit_silently", "leave_child", "length")


def _launch(shop: Driver, chance: random.Random, ledger: Path) -> AttemptKey:
    errand = chance.choice(ERRANDS)
    arguments = {
        "append": (str(ledger), "done"),
        "nap": (chance.random() * 0.05,),
        "leave_child": (f"{ledger}.pid",),
        "length": ("y" * chance.choice([10, 60_000, 200_000]),),
    }.get(errand, ())
    where = brief(bundle=f"b{chance.randrange(3)}") if chance.random() < 0.1 else BRIEF
    isolation = "fresh" if chance.random() < 0.05 else "shared"
    return shop.launch(errand, *arguments, brief=where, ahead=chance.random() < 0.8, isolation=isolation)


def _disturb(shop: Driver, chance: random.Random, keys: list[AttemptKey]) -> None:
    server = shop.executor._crew.own.server
    if chance.random() < 0.05:
        shop.executor.do([chance.choice([Cancel, Kill])(chance.choice(keys))])
    if chance.random() < 0.03 and server is not None and (workers := sorted(descendants(server.pid))):
        with suppress(ProcessLookupError):
            os.kill(chance.choice(workers), signal.SIGKILL)
    if chance.random() < 0.003 and server is not None:
        os.kill(server.pid, signal.SIGKILL)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_attempt_ends_once_and_is_done_at_most_once(tmp_path: Path, seed: int):
    chance = random.Random(seed)
    ledgers: dict[AttemptKey, Path] = {}
    with process_driver(tmp_path / "home", workers=4, grace=0.2) as shop:
        for number in range(400):
            ledger = tmp_path / f"ledger-{number}"
            ledgers[_launch(shop, chance, ledger)] = ledger
            _disturb(shop, chance, list(ledgers))
            if number % 20 == 0:
                shop.turn()
        for key in ledgers:
            shop.end(key)
        shop.turn()
        assert shop.executor._reports.attempts == {} and shop.executor._bodies == {}
    for key, ledger in ledgers.items():
        [event] = [one for one in shop.ends(key) if one.fence]  # without: a cancel that came after the end
        _check(key, event, ledger.read_text().split() if ledger.exists() else [])


def _check(key: AttemptKey, event: Ended | Lost, done: list[str]) -> None:
    errand = key.task.partition(".")[0]
    assert len(done) <= 1
    if event.started is None:
        assert done == []
    if isinstance(event, Ended) and isinstance(event.outcome, Value):
        assert errand not in ("segfault", "exit_silently")
        assert done == (["done"] if errand == "append" else [])
    if isinstance(event, Lost) and event.cause is LostCause.EXIT:
        assert errand == "exit_silently"
