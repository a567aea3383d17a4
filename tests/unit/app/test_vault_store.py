from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from segue.app.settings import Settings
from segue.app.vault import open_vault
from segue.app.vault_keys import KeyPlace
from segue.app.vault_listing import KnownName, known_names
from segue.app.vault_store import keep, remove, rotate, rows, seal_param
from segue.model.errors import Refused, UnknownName, UsageError, VaultDown
from tests.e2e.commands import reading
from tests.unit.app.test_vault import settings_of

CANARY = "canary-7f3a"
SHOP = "postgresql://u:canary-9b1c@h/db"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in ("SEGUE_SECRET_KEY", "SEGUE_SECRET_API", "SEGUE_CONNECTION_SHOP"):
        monkeypatch.delenv(name, raising=False)
    return settings_of(tmp_path / "project")


def _value(settings: Settings, kind: str, name: str) -> str:
    return open_vault(settings, {}).find(kind, name).value  # type: ignore[arg-type]


def test_what_is_kept_is_found_again(settings: Settings):
    assert keep(settings, "secret", "api", CANARY, print) == "secret api is kept"
    assert keep(settings, "connection", "shop", SHOP, print) == "connection shop is kept"
    assert _value(settings, "secret", "api") == CANARY and _value(settings, "connection", "shop") == SHOP
    keep(settings, "secret", "api", "another-value", print)
    assert _value(settings, "secret", "api") == "another-value"
    assert [row.name for row in rows(settings, "secret")] == ["api"]


def test_what_is_removed_is_gone(settings: Settings):
    keep(settings, "secret", "api", CANARY, print)
    assert remove(settings, "secret", "api", print) == "secret api is removed"
    with pytest.raises(UnknownName):
        _value(settings, "secret", "api")
    with pytest.raises(Refused, match="has no secret 'api'"):
        remove(settings, "secret", "api", print)


def test_nothing_in_the_home_shows_a_value(settings: Settings):
    keep(settings, "secret", "api", CANARY, print)
    keep(settings, "connection", "shop", SHOP, print)
    for path in settings.home.rglob("*"):
        if path.is_file():
            held = path.read_bytes()
            assert CANARY.encode() not in held and b"canary-9b1c" not in held, path
    with reading(settings.home) as reader:
        told = [(event.kind, event.new, event.actor) for event in reader.event_rows() if event.kind != "request"]
    assert {kind for kind, _, _ in told} >= {"secret", "connection"}


def test_a_home_without_a_store_has_nothing(settings: Settings):
    assert rows(settings, "secret") == [] and not settings.home.exists()
    with pytest.raises(UnknownName):
        _value(settings, "secret", "api")


def test_a_key_that_is_gone_or_wrong_fails_closed(settings: Settings):
    keep(settings, "secret", "api", CANARY, print)
    key = settings.home / "secret.key"
    held = key.read_bytes()
    key.unlink()
    with pytest.raises(VaultDown, match=r"its key is gone: bring .*secret\.key \(or SEGUE_SECRET_KEY\) back"):
        _value(settings, "secret", "api")
    key.write_bytes(Fernet.generate_key())
    key.chmod(0o600)
    with pytest.raises(VaultDown, match="is encrypted with key"):
        _value(settings, "secret", "api")
    key.write_bytes(held)
    assert _value(settings, "secret", "api") == CANARY


# ------------------------------------------------------------------------------------------------------------ rotation
def test_after_a_rotation_the_old_key_opens_nothing(settings: Settings):
    keep(settings, "secret", "api", CANARY, print)
    keep(settings, "connection", "shop", SHOP, print)
    old = KeyPlace(settings.home, {}).ring()
    assert old is not None
    done = rotate(settings, print)
    assert done.values == 2 and done.key != old.newest
    assert {row.key for kind in ("secret", "connection") for row in rows(settings, kind)} == {done.key}
    assert _value(settings, "secret", "api") == CANARY and _value(settings, "connection", "shop") == SHOP
    with pytest.raises(VaultDown):
        old.open("secret", "api", rows(settings, "secret")[0].sealed)
    assert KeyPlace(settings.home, {}).ring().ids == {done.key}  # type: ignore[union-attr]


def test_a_rotation_that_was_cut_short_leaves_everything_readable(settings: Settings):
    keep(settings, "secret", "api", CANARY, print)
    keys = KeyPlace(settings.home, {})
    keys.turn()
    assert _value(settings, "secret", "api") == CANARY
    rotate(settings, print)
    assert _value(settings, "secret", "api") == CANARY
    assert len(keys.ring().ids) == 1  # type: ignore[union-attr]


def test_a_rotation_with_a_wrong_key_changes_nothing(settings: Settings):
    keep(settings, "secret", "api", CANARY, print)
    before = rows(settings, "secret")
    key = settings.home / "secret.key"
    key.write_bytes(Fernet.generate_key())
    wrong = key.read_bytes()
    with pytest.raises(VaultDown):
        rotate(settings, print)
    assert rows(settings, "secret") == before and key.read_bytes() == wrong


def test_with_the_key_in_the_variable_a_rotation_wants_two(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    monkeypatch.setenv("SEGUE_SECRET_KEY", old)
    keep(settings, "secret", "api", CANARY, print)
    with pytest.raises(UsageError, match="put a new one before it"):
        rotate(settings, print)
    monkeypatch.setenv("SEGUE_SECRET_KEY", f"{new},{old}")
    assert rotate(settings, print).values == 1
    assert open_vault(settings, {"SEGUE_SECRET_KEY": new}).find("secret", "api").value == CANARY
    assert not (settings.home / "secret.key").exists()


# -------------------------------------------------------------------------------------------------------------- params
def test_a_secret_param_is_sealed_under_its_name(settings: Settings):
    sealed = seal_param(settings, "token", CANARY)
    vault = open_vault(settings, {})
    assert CANARY.encode() not in sealed and vault.unseal({"token": sealed}) == {"token": f'"{CANARY}"'}
    assert vault.unseal({"pin": seal_param(settings, "pin", 123456)}) == {"pin": "123456"}
    with pytest.raises(VaultDown, match="holds param token"):
        vault.unseal({"other": sealed})
    with pytest.raises(UsageError, match="param pin has less than 4 characters"):
        seal_param(settings, "pin", 123)


# ---------------------------------------------------------------------------------------------------------------- list
def test_names_are_listed_in_the_order_of_their_places(settings: Settings):
    keep(settings, "secret", "api", CANARY, print)
    first, kept = known_names(settings, {"SEGUE_SECRET_API": "x"}, "secret")
    assert first == KnownName("api", "the environment")
    assert (kept.name, kept.place) == ("api", "the encrypted store") and kept.key and kept.at and kept.actor


def test_names_of_a_file_are_listed_too(tmp_path: Path, settings: Settings):
    file = tmp_path / "secrets.toml"
    file.write_text('[secrets]\nweb = "canary"\n')
    file.chmod(0o600)
    settings = settings_of(tmp_path / "project", f'[secrets]\nbackend = "file"\npath = "{file}"\n')
    assert known_names(settings, {}, "secret") == [KnownName("web", str(file))]
