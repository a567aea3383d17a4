import base64
from pathlib import Path

import msgspec
import pytest
from cryptography.fernet import Fernet

from segue.app.vault_keys import VARIABLE, KeyPlace, Keyring
from segue.model.errors import VaultDown

NEW, OLD = Fernet.generate_key(), Fernet.generate_key()
CANARY = "canary-7f3a"


def test_what_is_sealed_opens_and_shows_nothing():
    ring = Keyring([NEW], "here")
    sealed = ring.seal("secret", "api", CANARY)
    assert ring.open("secret", "api", sealed) == CANARY
    assert CANARY.encode() not in sealed and base64.b64encode(CANARY.encode())[:-4] not in sealed
    assert sealed != ring.seal("secret", "api", CANARY)
    assert sealed.startswith(ring.newest.encode()) and NEW not in sealed


def test_the_newest_key_seals_and_every_key_opens():
    old = Keyring([OLD], "here").seal("secret", "api", CANARY)
    both = Keyring([NEW, OLD], "here")
    assert both.open("secret", "api", old) == CANARY and both.newest == Keyring([NEW], "here").newest
    assert both.ids == {Keyring([NEW], "").newest, Keyring([OLD], "").newest}


def test_a_wrong_key_fails_closed_and_says_which_is_wanted():
    wanted, ring = Keyring([OLD], "x"), Keyring([NEW], "the variable")
    with pytest.raises(VaultDown) as down:
        ring.open("connection", "shop", wanted.seal("connection", "shop", CANARY))
    said = str(down.value)
    assert f"is encrypted with key {wanted.newest}, the variable holds {ring.newest}" in said and CANARY not in said


@pytest.mark.parametrize("broken", [lambda sealed: sealed[:-1], lambda sealed: sealed[:8] + b"x" + sealed[9:]])
def test_a_damaged_row_does_not_open(broken):
    ring = Keyring([NEW], "here")
    with pytest.raises(VaultDown, match="its row is damaged"):
        ring.open("secret", "api", broken(ring.seal("secret", "api", CANARY)))


def test_a_row_of_another_making_does_not_open():
    ring = Keyring([NEW], "here")
    with pytest.raises(VaultDown, match="its row is damaged"):
        ring.open("secret", "api", ring.newest.encode() + Fernet(NEW).encrypt(msgspec.msgpack.encode(3)))
    with pytest.raises(VaultDown, match="is encrypted with key"):
        ring.open("secret", "api", b"\xff\xff")


def test_a_row_that_was_moved_to_another_name_does_not_open():
    ring = Keyring([NEW], "here")
    sealed = ring.seal("secret", "mine", CANARY)
    for kind, name in (("secret", "yours"), ("connection", "mine")):
        with pytest.raises(VaultDown, match="holds secret mine"):
            ring.open(kind, name, sealed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "key",
    [
        b"changeme",
        base64.urlsafe_b64encode(bytes(32)),
        base64.urlsafe_b64encode(b"\xff" * 32),
        base64.urlsafe_b64encode(bytes(range(8)) * 4),
        base64.urlsafe_b64encode(b"change-me-please-change-me-now!!"),
        base64.urlsafe_b64encode(bytes(range(100, 131))),
        b"",
    ],
)
def test_a_placeholder_is_no_key(key: bytes):
    with pytest.raises(VaultDown, match="the variable holds (a placeholder|no key)"):
        Keyring([key], "the variable")


# -------------------------------------------------------------------------------------------------------------- places
def test_the_first_key_is_made_where_it_is_wanted_and_closed_to_others(tmp_path: Path):
    keys = KeyPlace(tmp_path / "home", {})
    assert keys.ring() is None
    with keys.locked():
        first = keys.made()
    again = keys.ring()
    assert again is not None and again.newest == first.newest
    assert keys.file.stat().st_mode & 0o777 == 0o600 and keys.home.stat().st_mode & 0o777 == 0o700


def test_two_homes_have_two_keys(tmp_path: Path):
    names = set()
    for name in "ab":
        keys = KeyPlace(tmp_path / name, {})
        with keys.locked():
            names.add(keys.made().newest)
    assert len(names) == 2


def test_a_new_key_stands_before_the_old_one_until_that_is_dropped(tmp_path: Path):
    keys = KeyPlace(tmp_path / "home", {})
    with keys.locked():
        first = keys.made()
        keys.turn()
        both = keys.made()
        assert both.newest != first.newest and first.newest in both.ids
        keys.drop_old()
        assert keys.made().ids == {both.newest}
    assert [one.name for one in keys.home.iterdir() if one.name.endswith("new")] == []


def test_the_variable_wins_over_the_file(tmp_path: Path):
    (tmp_path / "secret.key").write_bytes(OLD)
    ring = KeyPlace(tmp_path, {VARIABLE: f"{NEW.decode()}, {OLD.decode()}"}).ring()
    assert ring is not None and ring.newest == Keyring([NEW], "").newest and len(ring.ids) == 2


def test_a_key_that_others_may_read_is_refused(tmp_path: Path):
    file = tmp_path / "secret.key"
    file.write_bytes(NEW)
    file.chmod(0o640)
    with pytest.raises(VaultDown, match=r"open to others \(mode 0640\): `chmod 600"):
        KeyPlace(tmp_path, {}).ring()


def test_a_key_that_cannot_be_read_is_refused(tmp_path: Path):
    file = tmp_path / "secret.key"
    file.touch(mode=0o600)
    with pytest.raises(VaultDown, match="is empty: bring it back"):
        KeyPlace(tmp_path, {}).ring()
    file.unlink()
    file.mkdir(mode=0o700)
    with pytest.raises(VaultDown, match="cannot be read: Is a directory"):
        KeyPlace(tmp_path, {}).ring()
    with pytest.raises(VaultDown, match="cannot be written: Is a directory"):
        KeyPlace(tmp_path, {})._write([NEW])
