"""Where the web server may listen, and what it is called (RELIABILITY D3, D5)."""

import pytest

from segue.app.hosting import base_of, exposure, is_loopback, names_of
from segue.app.settings import WebTable, read_settings
from segue.model.errors import UsageError


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "LOCALHOST"])
def test_this_machine_needs_nothing(host):
    assert is_loopback(host)
    assert exposure(WebTable(host), users=False) == ""


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "segue.example", "", "127.0.0.1.example", "::ffff:0:1"])
@pytest.mark.parametrize("users", [False, True])
@pytest.mark.parametrize("public", [[], ["segue.example"]])
def test_others_need_users_and_a_public_name(host, users, public):
    why = exposure(WebTable(host, public_host=public), users=users)
    assert bool(why) is not (users and bool(public))
    assert why == "" or "public_host" in why or "segue user add" in why


def test_its_names_are_those_of_the_loopback_its_own_and_the_public_ones():
    loopback = {"localhost", "127.0.0.1", "[::1]"}
    assert names_of(WebTable()) == loopback
    assert names_of(WebTable("0.0.0.0", public_host="Segue.Example")) == {*loopback, "segue.example"}
    assert names_of(WebTable("fe80::1", public_host=["a", "b"])) == {*loopback, "[fe80::1]", "a", "b"}


def test_the_address_that_people_use():
    assert base_of(WebTable(), 8321) == "http://127.0.0.1:8321"
    assert base_of(WebTable("::1"), 5) == "http://[::1]:5"
    assert base_of(WebTable("0.0.0.0", public_host="segue.example"), 5) == "https://segue.example"


def test_settings_name_it_and_variables_win(tmp_path):
    (tmp_path / "segue.toml").write_text('[web]\nhost = "::1"\nport = 9000\npublic_host = "a"\n')
    web = read_settings(tmp_path, {"SEGUE_WEB_PORT": "0"}).web
    assert web == WebTable("::1", 0, "a")
    assert read_settings(tmp_path, {"SEGUE_WEB": "false", "SEGUE_WEB_PORT": "0"}).web is None
    with pytest.raises(UsageError, match="SEGUE_WEB_PORT=x is no whole number"):
        read_settings(tmp_path, {"SEGUE_WEB_PORT": "x"})
    with pytest.raises(UsageError, match="web"):
        read_settings(tmp_path, {"SEGUE_WEB_PORT": "65536"})
    (tmp_path / "segue.toml").write_text("web = true\n")
    assert read_settings(tmp_path, {}).web == WebTable()
    (tmp_path / "segue.toml").write_text("web = false\n")
    assert read_settings(tmp_path, {}).web is None
