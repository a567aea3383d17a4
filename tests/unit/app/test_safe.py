"""The door of the vault: values go in, are encrypted while they do, and none comes out."""

import pytest

from segue.app.errands import run_errands
from segue.app.safe import HomeSafe, house_of
from segue.app.settings import read_settings
from segue.app.vault import open_vault
from segue.model.errors import Refused, UsageError

VALUE = "hunter2hunter2"


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "segue.toml").write_text('timezone = "Europe/Berlin"\nworkers = 3\n')
    return read_settings(tmp_path, {})


def test_what_is_kept_is_encrypted_before_the_owner_is_asked(settings):
    safe = HomeSafe(settings)
    with safe.sealed("secret", "api_key", VALUE) as act:
        assert VALUE.encode() not in act.sealed
        run_errands(settings, [act], print)
    assert open_vault(settings, {}).find("secret", "api_key").value == VALUE
    [known] = safe.names("secret")
    assert (known.name, known.place, known.set_at is not None) == ("api_key", "the encrypted store", True)
    assert VALUE not in repr(known)


@pytest.mark.parametrize(("name", "value"), [("9 x", VALUE), ("x", ""), ("x", "abc")])
def test_what_cannot_be_kept_is_refused_without_quoting_it(settings, name, value):
    with pytest.raises(UsageError) as caught, HomeSafe(settings).sealed("secret", name, value):
        pass
    assert not value or value not in str(caught.value)


def test_a_secret_param_is_encrypted(settings):
    assert VALUE.encode() not in HomeSafe(settings).seal_param("token", VALUE)


def test_a_connection_is_tried_and_its_password_not_told(settings):
    safe = HomeSafe(settings)
    with safe.sealed("connection", "shop", f"postgresql://ann:{VALUE}@127.0.0.1:1/x") as act:
        run_errands(settings, [act], print)
    with pytest.raises(Refused) as caught:
        safe.test("shop")
    assert VALUE not in str(caught.value)


def test_acts_know_of_the_settings_what_they_need(settings):
    house = house_of(settings)
    assert (house.zone, house.workers, house.reserve) == ("Europe/Berlin", 3, 1)
