"""Where alerts go: a receiver of JSON, a chat that takes JSON of its own shape, people by e-mail."""

from __future__ import annotations

import json
import smtplib
import socket
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final, Literal, TypeAlias
from urllib.parse import unquote, urlsplit

import msgspec

from segue.model.ids import Instant
from segue.model.masking import Mask
from segue.model.moment import datetime_at
from segue.tell.letters import Letter
from segue.tell.outbound import Forbidden, Outbound, Undelivered

__all__ = ["Channel", "ChannelKind", "Reveal", "deliver"]

ChannelKind: TypeAlias = Literal["webhook", "slack", "email"]
Reveal: TypeAlias = Callable[[str], str]
"""Gives the value of a secret by its name."""

_SECRET: Final = "secret:"
_STEPS: Final = 6  # of a conversation with a mail server


class Channel(msgspec.Struct, frozen=True):
    """One target.

    Args:
        name: what people call it.
        kind: how it is spoken to.
        url: `https://…`, of a mail server `smtp://[user:password@]host[:port]` or `smtps://…`; or `secret:NAME`.
        room: of a chat, where it is not the one that the address names.
        sender, receivers: of e-mail.
        header: a header that proves who we are, `Authorization: secret:NAME`.
    """

    name: str
    kind: ChannelKind
    url: str
    room: str = ""
    sender: str = ""
    receivers: tuple[str, ...] = ()
    header: str = ""


def deliver(channel: Channel, letter: Letter, outbound: Outbound, reveal: Reveal, now: Instant) -> None:
    """Send a letter once.

    Args:
        channel: where to.
        letter: what.
        outbound: opens the connection.
        reveal: gives secrets.
        now: the date of an e-mail.

    Raises:
        Forbidden: it must not go there.
        Undelivered: it has not arrived, for all we know; the text holds no secret.
    """
    url = _revealed(channel.url, reveal)
    name, _, value = channel.header.partition(":")
    value = _revealed(value.strip(), reveal)
    hidden = [value, unquote(urlsplit(url).password or "") if channel.kind == "email" else ""]
    if url != channel.url:
        hidden.append(url)
    try:
        if channel.kind == "email":
            _mail(channel, url, letter, outbound, now)
        else:
            headers = {"Content-Type": "application/json", "Idempotency-Key": letter.key, "User-Agent": "segue"}
            body = letter.json() if channel.kind == "webhook" else _chat(channel, letter)
            _check(outbound.post(url, body, headers | ({name: value} if name else {})).status)
    except Undelivered as why:
        raise type(why)(Mask(hidden).hide_text(str(why))) from None


def _revealed(text: str, reveal: Reveal) -> str:
    return reveal(text.removeprefix(_SECRET)) if text.startswith(_SECRET) else text


def _check(status: int) -> None:
    if 300 <= status < 400:
        raise Undelivered(f"it answered {status}: redirects are not followed")
    if not 200 <= status < 300:
        raise Undelivered(f"it answered {status}")


def _chat(channel: Channel, letter: Letter) -> bytes:
    escaped = letter.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    said = {"text": f"*{letter.subject}*\n{escaped}"}
    return json.dumps(said | ({"channel": channel.room} if channel.room else {})).encode()


# ------------------------------------------------------------------------------------------------------------- e-mail
class _Client(smtplib.SMTP):
    """Speaks over a connection that somebody else has opened and judged."""

    def __init__(self, connection: socket.socket, host: str, port: int, patience: float) -> None:
        self._opened = connection
        super().__init__(host, port, timeout=patience)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self._opened


def _mail(channel: Channel, url: str, letter: Letter, outbound: Outbound, now: Instant) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise Forbidden("its address is no mail server: write smtp://host:25")
    tls, host = ssl.create_default_context(), parts.hostname
    port = parts.port or (465 if parts.scheme == "smtps" else 25)
    with outbound.connected(host, port, _STEPS) as plain:
        connection = tls.wrap_socket(plain, server_hostname=host) if parts.scheme == "smtps" else plain
        with _Client(connection, host, port, outbound.patience) as client:
            client.ehlo()
            if parts.scheme == "smtp" and client.has_extn("starttls"):
                client.starttls(context=tls)
                client.ehlo()
            elif parts.scheme == "smtp" and parts.password:
                raise Forbidden(f"{host} offers no TLS: a password is not sent in the clear; write smtps://…")
            if parts.password:
                client.login(unquote(parts.username or ""), unquote(parts.password))
            client.send_message(_message(channel, letter, now))


def _message(channel: Channel, letter: Letter, now: Instant) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = letter.subject.replace("\n", " ").replace("\r", " ")
    message["From"], message["To"] = channel.sender, ", ".join(channel.receivers)
    message["Date"] = format_datetime(datetime_at(now, "UTC"))
    message["Message-ID"] = f"<{letter.digest}@segue.invalid>"
    message["X-Segue-Key"] = letter.key
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    return message
