"""Connections and secrets on their way to an attempt, in real workers (D10, D16, D17, I25)."""

from pathlib import Path

import pytest

from segue.model.events import Ended, Failure, Skipped
from tests.unit.run.driver import Driver, FakeVault, alive, log_lines, process_driver, result_of

KEY = "canary-7f3a-secret"
SHOP = "postgresql://u:canary-9b1c-password@db/x"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def _failed(event: object) -> Failure:
    assert isinstance(event, Ended) and isinstance(event.outcome, Failure), event
    return event.outcome


def _messages(home: Path, event: Ended) -> str:
    return "\n".join(str(line) for line in log_lines(home, event))


def test_an_attempt_is_told_what_it_declares_and_nothing_else(home: Path):
    vault = FakeVault(shop=SHOP, key=KEY, other="canary-of-others")
    with process_driver(home, vault=vault) as shop:
        assert shop.result("told", connections=("shop",), secrets=("key",))[1:] == ["key", "shop"]
        assert shop.result("told")[1:] == []
    assert vault.asked == [(("shop",), ("key",))]


def test_a_worker_that_held_one_set_never_serves_another(home: Path):
    with process_driver(home, vault=FakeVault(a=KEY, b=KEY), workers=1) as shop:
        with_a = shop.result("told", secrets=("a",))
        again = shop.result("told", secrets=("a",))
        assert with_a == again
        pids = {with_a[0], shop.result("told", secrets=("b",))[0], shop.result("told")[0]}
        assert len(pids) == 3 and shop.result("told", secrets=("a",))[0] not in pids


def test_what_it_says_is_hidden_in_its_log(home: Path):
    with process_driver(home, vault=FakeVault(key=KEY), workers=1) as shop:
        event = shop.run("blab", "key", secrets=("key",))
    text = _messages(home, event)
    assert KEY not in text and text.count("***") >= 4


def test_the_password_of_a_connection_is_hidden_its_host_is_not(home: Path):
    with process_driver(home, vault=FakeVault(shop=SHOP), workers=1) as shop:
        event = shop.run("blab", "shop", connections=("shop",))
    text = _messages(home, event)
    assert "canary-9b1c" not in text and "postgresql://u:***@db/x" in text


def test_failures_and_skips_lose_their_secrets_before_they_are_events(home: Path):
    with process_driver(home, vault=FakeVault(key=KEY), workers=1) as shop:
        failure = _failed(shop.run("blab_in_an_error", "key", secrets=("key",)))
        skipped = shop.run("blab_in_a_skip", "key", secrets=("key",)).outcome
    assert failure.text.startswith("ValueError: refused ***") and skipped == Skipped("refused ***")


def test_a_result_with_a_secret_is_refused_by_the_executor_too(home: Path):
    with process_driver(home, vault=FakeVault(key=KEY), workers=1) as shop:
        refused = _failed(shop.run("give_away", "key", secrets=("key",)))
    assert refused.kind == "unstorable" and not refused.retryable and KEY not in refused.text


def test_a_name_that_is_nowhere_fails_the_attempt_without_retry(home: Path):
    with process_driver(home, vault=FakeVault(), workers=1) as shop:
        failure = _failed(shop.run("told", secrets=("nonesuch",)))
        assert (failure.kind, failure.retryable) == ("UnknownName", False) and "there is no nonesuch" in failure.text
        assert shop.result("add", 1, 2) == 3


def test_an_executor_without_a_vault_knows_no_name(home: Path):
    with process_driver(home, workers=1) as shop:
        assert "no place to look for key" in _failed(shop.run("told", secrets=("key",))).text


def _living(shop: Driver, pid: int) -> list[Path]:
    assert alive(pid)
    server = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return [Path(f"/proc/{one}") for one in (pid, server)]


def test_command_lines_and_environments_of_processes_hold_no_secret(home: Path):
    env = {"SEGUE_SECRET_KEY": KEY, "SEGUE_CONNECTION_SHOP": SHOP}
    with process_driver(home, vault=FakeVault(key=KEY, shop=SHOP), workers=1, env=env) as shop:
        pid = result_of(shop.run("blab", "key", connections=("shop",), secrets=("key",)))
        for process in _living(shop, pid):
            for name in ("cmdline", "environ"):
                held = (process / name).read_bytes()
                assert b"canary" not in held and held
