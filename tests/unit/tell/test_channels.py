import pytest

from segue.model.errors import UnknownName
from segue.model.ids import Instant
from segue.tell.channels import Channel, deliver
from segue.tell.letters import Letter
from segue.tell.outbound import Forbidden, Outbound, Undelivered
from tests.receivers import http_receiver, mail_receiver

NOW = Instant(1_775_001_600_000_000)
LETTER = Letter("d@1/failed/7", "[segue] failed: d", (("", "boom <&>"), ("DAG", "d")), {"kind": "failed"})


def send(channel: Channel, letter: Letter = LETTER, patience: float = 5.0, **secrets: str) -> None:
    def reveal(name: str) -> str:
        if name not in secrets:
            raise UnknownName(f"there is no secret {name!r}")
        return secrets[name]

    deliver(channel, letter, Outbound(["127.0.0.1"], patience=patience), reveal, NOW)


def test_a_webhook_gets_json_with_the_alerts_name_as_key():
    with http_receiver() as receiver:
        send(Channel("oncall", "webhook", receiver.url))
        ((headers, body),) = receiver.got
        assert (headers["Idempotency-Key"], headers["Content-Type"]) == ("d@1/failed/7", "application/json")
        assert body == {
            "id": "d@1/failed/7", "subject": "[segue] failed: d", "kind": "failed",
            "message": "boom <&>\nDAG:     d",
        }  # fmt: skip


def test_a_chat_gets_json_of_its_shape():
    with http_receiver() as receiver:
        send(Channel("oncall", "slack", receiver.url, room="#data"))
        send(Channel("oncall", "slack", receiver.url))
        first, second = receiver.await_count(2)
        assert first == {"text": "*[segue] failed: d*\nboom &lt;&amp;&gt;\nDAG:     d", "channel": "#data"}
        assert "channel" not in second


def test_address_and_header_may_be_secrets():
    with http_receiver() as receiver:
        channel = Channel("oncall", "webhook", "secret:hook", header="Authorization: secret:token")
        send(channel, hook=receiver.url, token="Bearer hunter2")
        ((headers, _),) = receiver.got
        assert headers["Authorization"] == "Bearer hunter2"
        with pytest.raises(UnknownName):
            send(channel, hook=receiver.url)


@pytest.mark.parametrize(("status", "text"), [(500, "it answered 500"), (404, "it answered 404"), (302, "redirects")])
def test_what_is_no_yes_is_no_delivery(status: int, text: str):
    with http_receiver() as receiver:
        receiver.status = status
        with pytest.raises(Undelivered, match=text):
            send(Channel("oncall", "webhook", receiver.url))


def test_an_error_shows_no_secret():
    channel = Channel("oncall", "webhook", "http://127.0.0.1:9/hook", header="Authorization: secret:token")
    with pytest.raises(Undelivered, match=r"^\*\*\* cannot be reached"):
        send(channel, token="127.0.0.1")
    with pytest.raises(Forbidden) as caught:
        send(Channel("oncall", "email", "secret:mail", sender="a@b", receivers=("c@d",)), mail="ftp://x:hunter2@mail")
    assert "hunter2" not in str(caught.value)


# ------------------------------------------------------------------------------------------------------------- e-mail
def mail(url: str, **more: object) -> Channel:
    return Channel("ops", "email", url, sender="segue@example.com", receivers=("ops@example.com", "b@example.com"))


def test_people_get_mail():
    with mail_receiver() as receiver:
        send(mail(receiver.url))
        (message,) = receiver.got
        assert (message["Subject"], message["From"]) == ("[segue] failed: d", "segue@example.com")
        assert message["To"] == "ops@example.com, b@example.com"
        assert message["X-Segue-Key"] == "d@1/failed/7"
        assert message["Date"] == "Wed, 01 Apr 2026 00:00:00 +0000"
        assert message.get_payload().strip().splitlines() == ["boom <&>", "DAG:     d"]
        assert [word for word in receiver.words if word.startswith("rcpt")] == [
            "rcpt TO:<ops@example.com>", "rcpt TO:<b@example.com>",
        ]  # fmt: skip


def test_a_letter_that_is_sent_again_has_the_same_message_id():
    with mail_receiver() as receiver:
        for _ in range(2):
            send(mail(receiver.url))
        assert len({message["Message-ID"] for message in receiver.await_count(2)}) == 1


def test_a_subject_cannot_add_headers():
    with mail_receiver() as receiver:
        send(mail(receiver.url), Letter("k", "a\r\nBcc: x@y\nz", (("", "t"),), {}))
        (message,) = receiver.got
        assert (message["Bcc"], message["Subject"]) == (None, "a  Bcc: x@y z")


def test_a_mail_server_that_refuses_is_an_undelivered_letter():
    with mail_receiver() as receiver:
        receiver.refuses = True
        with pytest.raises(Undelivered):
            send(mail(receiver.url))
        assert receiver.got == []


def test_a_password_is_not_sent_in_the_clear():
    with mail_receiver() as receiver:
        with pytest.raises(Forbidden, match="offers no TLS"):
            send(mail(receiver.url.replace("//", "//me:hunter2@")))
        assert not any("AUTH" in word.upper() for word in receiver.words)


def test_what_speaks_no_tls_gets_no_mail():
    with mail_receiver() as receiver, pytest.raises(Undelivered):
        send(mail(receiver.url.replace("smtp:", "smtps:")), patience=1.0)


@pytest.mark.parametrize("url", ["http://mail", "smtp://", "mail"])
def test_an_address_that_is_no_mail_server_is_refused(url: str):
    with pytest.raises(Forbidden, match="no mail server"):
        send(mail(url))


def test_a_mail_server_inside_must_be_allowed():
    with mail_receiver() as receiver, pytest.raises(Forbidden, match="alert_hosts"):
        deliver(mail(receiver.url), LETTER, Outbound(), lambda name: name, NOW)
