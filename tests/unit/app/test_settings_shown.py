import pytest

from segue.app.settings import read_settings
from segue.app.settings_shown import shown

SECRET = "canary-7f3a"


@pytest.fixture
def told(tmp_path):
    (tmp_path / "segue.toml").write_text(
        f'workers = 3\ndags = ["a", "b"]\nstorage = "s3://key:{SECRET}@host/x"\n'
        f'[channels.ops]\nkind = "webhook"\nurl = "https://u:{SECRET}@hooks/x"\n'
        f'[env.dev]\nurl = "{SECRET}"\n[oidc]\nissuer = "https://i"\nclient_id = "{SECRET}"\n'
    )
    return {one.name: one for one in shown(read_settings(tmp_path, {"SEGUE_GRACE": "5s", "SEGUE_LOGS": SECRET}))}


def test_settings_are_told_with_where_they_were_set(told):
    assert (told["workers"].value, told["workers"].origin) == ("3", "segue.toml")
    assert (told["grace"].value, told["grace"].origin) == ("5s", "SEGUE_GRACE")
    assert told["dags"].value == "a, b"
    assert (told["queue_ahead"].value, told["queue_ahead"].origin) == ("64", "default")


def test_of_whatever_may_hold_a_secret_only_the_name_is_told(told):
    assert {"channels", "storage", "oidc", "locations", "secrets", "web"} <= told.keys()
    assert SECRET not in repr(told)
    assert told["channels"].value is None and told["channels"].origin == "segue.toml"
