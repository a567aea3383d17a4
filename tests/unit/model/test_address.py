import pytest

from segue.model.address import Address, check_maskable
from segue.model.errors import UsageError


def test_an_address_is_taken_apart_and_decoded():
    shop = Address.of("postgresql+psycopg://u%40x:p%2Fw%3A1@db.example:5433/or%20ders?sslmode=require&x=1")
    assert (shop.scheme, shop.host, shop.port, shop.user, shop.password, shop.database) == (
        "postgresql+psycopg", "db.example", 5433, "u@x", "p/w:1", "or ders",
    )  # fmt: skip
    assert shop.extras == {"sslmode": "require", "x": "1"}


def test_what_an_address_does_not_have_is_none():
    lake = Address.of("sqlite:////data/lake.db")
    assert (lake.host, lake.port, lake.user, lake.password, lake.database) == (None, None, None, None, "/data/lake.db")
    assert lake.extras == {} and lake.secrets == () and lake.shown == lake.uri


def test_a_password_is_a_secret_as_it_is_and_as_it_is_written():
    shop = Address.of("postgresql://u:p%2Fw12@db/x")
    assert shop.secrets == ("p/w12", "p%2Fw12")
    assert shop.shown == "postgresql://u:***@db/x" and "w12" not in repr(shop)


def test_an_extra_that_is_called_so_is_a_secret():
    assert Address.of("snowflake://acme/db?private_key_pwd=abcdef&role=etl").secrets == ("abcdef",)


def test_a_user_of_the_web_without_password_is_a_token():
    assert Address.of("https://ghp_1234@api.example/").secrets == ("ghp_1234",)
    assert Address.of("postgresql://reader@db/x").secrets == ()


def test_what_is_no_address_is_a_secret_as_a_whole():
    bus = Address.of("Endpoint=sb://acme;SharedAccessKey=abc=")
    assert bus.secrets == (bus.uri,) and bus.shown == "***" and bus.scheme == ""


def test_several_hosts_are_one_text():
    cluster = Address.of("mongodb://u:hunter22@a:27017,b:27018/db")
    assert (cluster.host, cluster.port, cluster.secrets) == ("a:27017,b:27018", None, ("hunter22",))


BROKEN = [
    "http://u:pa/ss@host:port/", "http://[::1/", "http://h:99999/", "pg://u:12/pa/ss@h/db", "pg://u:12#pa/ss@h",
    "pg://u:12?pa/ss@h",
]  # fmt: skip


@pytest.mark.parametrize("uri", BROKEN)
def test_a_broken_address_is_refused_without_quoting_it(uri: str):
    with pytest.raises(UsageError, match="the address is no URI") as refused:
        Address.of(uri)
    assert uri not in str(refused.value) and "pa/ss" not in str(refused.value)


def test_what_is_too_short_to_be_hidden_is_refused():
    check_maskable("secret x", ("abcd",))
    with pytest.raises(UsageError, match="secret x has less than 4 characters"):
        check_maskable("secret x", ("abcd", " ab "))
