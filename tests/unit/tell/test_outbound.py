"""Alerts go out, and nowhere else (RELIABILITY, D21)."""

import socket
from collections.abc import Sequence

import pytest

from segue.model.errors import UsageError
from segue.tell.outbound import LONGEST, Answer, Forbidden, Outbound, Undelivered
from tests.receivers import black_hole, http_receiver

HERE = ("127.0.0.0/8",)


def inside(*addresses: str):
    """A resolver that gives these addresses, whatever the name."""

    def resolver(host: str, port: int) -> Sequence[str]:
        return addresses

    return resolver


def post(url: str, *allowed: str, resolver=None, patience: float = 5.0) -> Answer:
    more = {} if resolver is None else {"resolver": resolver}
    return Outbound(allowed, patience=patience, **more).post(url, b"{}", {"X": "y"})


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "100.100.100.200", "192.0.0.192", "168.63.129.16", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
        "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
        "::ffff:10.0.0.1", "::7f00:1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1", "2002:7f00:1::",
        "2002:a9fe:a9fe::1", "2001:db8::1", "fe80::1%eth0",
    ],
)  # fmt: skip
def test_an_address_of_the_inside_is_refused_before_anything_is_sent(address: str):
    with pytest.raises(Forbidden, match="not an address of the outside: .* alert_hosts"):
        post("https://hooks.example.com/x", resolver=inside(address))


@pytest.mark.parametrize(
    "host",
    [
        "2130706433", "0x7f000001", "017700000001", "0177.0.0.1", "0x7f.0.0.1", "0x7f.1", "127.1", "127.0.1",
        "127.0.0.1.", "169.254.43518", "[::ffff:127.0.0.1]", "[::1]", "[fe80::1%25eth0]", "127.0.0.1",
    ],
)  # fmt: skip
def test_an_address_in_an_odd_form_is_refused(host: str):
    with pytest.raises(Forbidden):
        post(f"http://{host}/latest/meta-data/")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/x", "file:///etc/passwd", "gopher://example.com/", "//example.com/x", "example.com", "",
        "http://", "http:///x", "http://user:pw@example.com/", "http://example.com:port/", "http://[::1/x",
        "http://example.com/\r\nX: y", "http://example.com/a b", "http://exämple.com/", "http://a%2eb/",
    ],
)  # fmt: skip
def test_what_is_no_plain_url_is_refused(url: str):
    with pytest.raises(Forbidden):
        post(url, resolver=inside("93.184.216.34"))


def test_one_bad_address_among_good_ones_is_enough():
    with pytest.raises(Forbidden):
        post("http://hooks.example.com/", resolver=inside("93.184.216.34", "127.0.0.1"))


def test_a_name_is_resolved_once_and_what_was_judged_is_what_is_used():
    """A resolver that says another address the second time is not asked a second time."""
    with http_receiver() as receiver:
        answers = iter([["127.0.0.1"], ["169.254.169.254"]])
        asked = []

        def rebinding(host: str, port: int) -> Sequence[str]:
            asked.append(host)
            return next(answers)

        url = receiver.url.replace("127.0.0.1", "hooks.example.com")
        assert post(url, *HERE, resolver=rebinding).status == 200
        assert asked == ["hooks.example.com"]
        ((headers, _),) = receiver.got
        assert headers["Host"].startswith("hooks.example.com:")


def test_the_address_that_a_connection_really_has_is_judged():
    """Where the system connects elsewhere than it was told, nothing is sent."""
    with http_receiver() as receiver:
        port = int(receiver.url.rpartition(":")[2].partition("/")[0])

        class Diverted(Outbound):
            def _open(self, address: str, port: int) -> socket.socket:
                return socket.create_connection(("127.0.0.1", port))

        with pytest.raises(Forbidden):
            Diverted(resolver=inside("93.184.216.34")).post(f"http://hooks.example.com:{port}/", b"{}", {})
        assert receiver.tries == 0


def test_a_private_network_is_a_target_where_it_is_allowed():
    with http_receiver() as receiver:
        assert post(receiver.url, "127.0.0.1") == Answer(200, b"oo")
        ((headers, body),) = receiver.got
        assert (headers["X"], body) == ("y", {})


def test_a_name_is_a_target_where_it_is_allowed():
    with http_receiver() as receiver:
        url = receiver.url.replace("127.0.0.1", "Hooks.Internal")
        assert post(url, "hooks.internal", resolver=inside("127.0.0.1")).status == 200
        with pytest.raises(Forbidden):
            post(url.replace("Hooks", "other"), "hooks.internal", resolver=inside("127.0.0.1"))


@pytest.mark.parametrize("entry", ["10.0.0.0/99", "a/b", "a b", "", "http://x", "127.1"])
def test_an_allowance_that_means_nothing_is_refused(entry: str):
    with pytest.raises(UsageError, match="alert_hosts"):
        Outbound([entry])


def test_a_redirect_is_not_followed():
    with http_receiver() as receiver, http_receiver() as other:
        receiver.status, receiver.headers = 302, {"Location": other.url}
        assert post(receiver.url, *HERE).status == 302
        assert other.tries == 0


def test_who_never_answers_is_given_up():
    with black_hole() as url, pytest.raises(Undelivered, match="no answer in time"):
        post(url, *HERE, patience=0.1)


def test_who_answers_drop_by_drop_is_cut_off():
    with http_receiver() as receiver:
        receiver.trickle, receiver.length = True, 2 * LONGEST
        with pytest.raises(Undelivered):
            post(receiver.url, *HERE, patience=0.3)


def test_no_more_is_read_than_a_receipt_needs():
    with http_receiver() as receiver:
        receiver.length = 10 * LONGEST
        assert len(post(receiver.url, *HERE).body) == LONGEST


def test_who_is_not_there_is_named():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(Undelivered, match="127.0.0.1 cannot be reached: Connection refused"):
        post(f"http://127.0.0.1:{port}/", *HERE)


def test_a_name_that_nobody_knows_is_no_reason_to_give_up():
    def unknown(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(-2, "Name or service not known")

    for resolver in (unknown, inside()):
        with pytest.raises(Undelivered) as caught:
            post("http://hooks.example.com/", resolver=resolver)
        assert not isinstance(caught.value, Forbidden)


def test_what_speaks_no_tls_is_an_undelivered_letter():
    with http_receiver() as receiver, pytest.raises(Undelivered):
        post(receiver.url.replace("http:", "https:"), *HERE)
