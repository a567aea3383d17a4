"""The provider of identities that the settings name."""

from __future__ import annotations

import importlib
import os
import secrets
from collections.abc import Mapping
from http.client import HTTPException
from threading import BoundedSemaphore
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

from segue.app.settings import OidcTable, Settings
from segue.app.vault import open_vault
from segue.model.access import ALL, Grant
from segue.model.errors import EnvironmentFault, UsageError
from segue.show.access.deciding import check_grant
from segue.show.access.identity import Identity
from segue.show.access.minting import Mint

__all__ = ["fetch", "grants_of", "identity_of"]

_OIDC: Final = "segue.show.access.oidc"
_SECRET: Final = "secret:"
_PATIENCE: Final = 5.0  # seconds for each step
_LONGEST: Final = 1024 * 1024  # bytes of an answer
_AT_ONCE: Final = BoundedSemaphore(4)


def identity_of(settings: Settings) -> Identity | None:
    """The provider that the settings name, None where they name none.

    Raises:
        UsageError: it has no https address, a role in the settings makes no sense, or what it needs is not installed.
        UnknownName: there is no such secret.
        VaultDown: the secret cannot be read now.
    """
    table = settings.keys.oidc
    if table is None:
        return None
    try:
        oidc: Any = importlib.import_module(_OIDC)
    except ModuleNotFoundError as why:
        if why.name is None or why.name.partition(".")[0] != "joserfc":
            raise
        raise UsageError('[tool.segue.oidc] needs a library: pip install "segue[oidc]"') from None
    known = oidc.Oidc(
        table.issuer, table.client_id, _secret(settings, table), table.scopes, table.user, table.roles_claim,
        grants_of(table),
    )  # fmt: skip
    provider: Identity = oidc.Provider(known, Mint(secrets.token_bytes), fetch)
    return provider


def grants_of(table: OidcTable) -> tuple[tuple[str, Grant], ...] | None:
    """What each group gives: `operator`, `operator on tag:retail`, or a list of such.

    Raises:
        UsageError: one makes no sense.
    """
    if table.roles is None:
        return None
    found = []
    for group, said in table.roles.items():
        for one in [said] if isinstance(said, str) else said:
            role, _, select = one.partition(" on ")
            try:
                found.append((group, check_grant(role.strip(), select.strip() or ALL)))
            except UsageError as why:
                raise UsageError(f"[tool.segue.oidc.roles] {group}: {why}") from None
    return tuple(found)


def fetch(url: str, form: Mapping[str, str] | None, headers: Mapping[str, str]) -> tuple[int, bytes]:
    """Get an address, or post a form to it; status and body. It follows no redirect.

    Args:
        url: of the provider.
        form: to post, None: get.
        headers: to send.

    Raises:
        EnvironmentFault: there was no answer, or too long a one.
    """
    if not _AT_ONCE.acquire(blocking=False):
        raise EnvironmentFault("too many people are signing in elsewhere at this moment: try again")
    body = None if form is None else urlencode(form).encode()
    request = Request(url, body, {"Accept": "application/json", "User-Agent": "segue", **headers})
    try:
        with _OPENER.open(request, timeout=_PATIENCE) as answer:
            said = answer.status, answer.read(_LONGEST + 1)
    except HTTPError as refused:
        with refused:
            said = refused.code, b""
    except (OSError, HTTPException, ValueError) as why:
        raise EnvironmentFault(f"the provider of identities does not answer at {url}: {why}") from None
    finally:
        _AT_ONCE.release()
    if len(said[1]) > _LONGEST:
        raise EnvironmentFault(f"the provider of identities says more than {_LONGEST} bytes at {url}")
    return said


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Where an answer sends us, our secret does not go."""


_OPENER: Final = build_opener(_NoRedirects)


def _secret(settings: Settings, table: OidcTable) -> str:
    if not table.client_secret.startswith(_SECRET):
        if table.client_secret:
            raise UsageError('[tool.segue.oidc] client_secret: write "secret:NAME", then `segue secret set NAME`')
        return ""
    return open_vault(settings, os.environ).find("secret", table.client_secret.removeprefix(_SECRET)).value
