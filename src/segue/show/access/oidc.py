"""OpenID Connect: authorisation code with PKCE (OpenID Connect Core 1.0, RFC 7636, RFC 9700).

One random secret in the browser's cookie binds the way back to the way out: *state*, *nonce* and the verifier of PKCE
are derived from it, so nothing is kept here meanwhile, and any server of an installation may finish what another began.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from secrets import compare_digest
from typing import Any, Final, TypeAlias
from urllib.parse import quote_plus, urlencode, urlsplit

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from segue.model.access import Grant
from segue.model.errors import EnvironmentFault, Forbidden, UsageError
from segue.model.ids import Instant
from segue.show.access.identity import Begun, Claimed, Return
from segue.show.access.minting import Mint

__all__ = ["Fetch", "Oidc", "Provider"]

Fetch: TypeAlias = Callable[[str, Mapping[str, str] | None, Mapping[str, str]], tuple[int, bytes]]
"""Gets an address, or posts a form to it; status and body. Follows no redirect. Raises EnvironmentFault."""

_SIGNED_BY: Final = ("RS256", "PS256", "ES256", "Ed25519", "EdDSA")
"""No *none*, and nothing that is signed by what is public."""

_LEEWAY: Final = 60
_SECOND: Final = 1_000_000
_HOUR: Final = 3_600 * _SECOND


@dataclass(frozen=True, slots=True)
class Oidc:
    """What the settings say.

    Args:
        issuer: address of the provider, as its tokens name it.
        client_id: what we are called there.
        client_secret: by which we are known there; empty for a public client.
        scopes: that are asked for.
        user: claim that holds the name of a user.
        roles_claim: claim that holds groups.
        roles: what each group gives; none: that is decided here.
    """

    issuer: str
    client_id: str
    client_secret: str = ""
    scopes: str = "openid profile email"
    user: str = "email"
    roles_claim: str = "groups"
    roles: tuple[tuple[str, Grant], ...] | None = None


class _Found(msgspec.Struct):
    """What a provider says of itself."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: Sequence[str] = ("client_secret_basic",)


class _Answer(msgspec.Struct):
    id_token: str


class Provider:
    """Signs people in at a provider of identities.

    Args:
        settings: in force.
        mint: makes secrets.
        fetch: reaches the provider.

    Raises:
        UsageError: the provider would be reached without TLS.
    """

    def __init__(self, settings: Oidc, mint: Mint, fetch: Fetch) -> None:
        _check_address(settings.issuer)
        self._settings, self._mint, self._fetch = settings, mint, fetch
        self._found: _Found | None = None
        self._keys: tuple[Instant, KeySet] | None = None

    def begin(self, callback: str) -> Begun:
        """Begin to sign somebody in; see `Identity.begin`."""
        secret = self._mint.make().secret
        challenge = urlsafe_b64encode(hashlib.sha256(_derived(secret, "verifier").encode()).digest()).rstrip(b"=")
        asked = {
            "response_type": "code", "client_id": self._settings.client_id, "redirect_uri": callback,
            "scope": self._settings.scopes, "state": _derived(secret, "state"), "nonce": _derived(secret, "nonce"),
            "code_challenge": challenge.decode(), "code_challenge_method": "S256",
        }  # fmt: skip
        address = self._provider().authorization_endpoint
        return Begun(f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}", secret)

    def finish(self, back: Return, callback: str, now: Instant) -> Claimed:
        """Find out who came back; see `Identity.finish`."""
        if not back.cookie or not compare_digest(back.state.encode(), _derived(back.cookie, "state").encode()):
            raise Forbidden("this sign-in was not begun in this browser, or too long ago: begin again")
        if back.error or not back.code:
            raise Forbidden(f"the provider of identities refused: {back.error[:200] or 'it sent no code'}")
        provider = self._provider()
        if back.issuer and back.issuer != provider.issuer:
            raise Forbidden("this answer comes from another provider of identities")
        token = self._token(provider, back.code, _derived(back.cookie, "verifier"), callback)
        claims = self._claims(provider, token, now)
        self._check(claims, _derived(back.cookie, "nonce"), now)
        return self._claimed(claims)

    # -------------------------------------------------------------------------------------------------- the provider
    def _provider(self) -> _Found:
        if self._found is None:
            issuer = self._settings.issuer
            found = self._read(f"{issuer.rstrip('/')}/.well-known/openid-configuration", _Found)
            if found.issuer != issuer:
                raise EnvironmentFault(f"{issuer} calls itself {found.issuer}: write that in [tool.segue.oidc]")
            for address in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri):
                _check_address(address)
            self._found = found
        return self._found

    def _read(self, address: str, kind: type[Any]) -> Any:
        status, body = self._fetch(address, None, {})
        if status != 200:
            raise EnvironmentFault(f"the provider of identities answers {status} at {address}")
        return _decoded(body, kind, address)

    def _token(self, provider: _Found, code: str, verifier: str, callback: str) -> str:
        settings = self._settings
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": callback, "code_verifier": verifier}
        headers = {}
        if not settings.client_secret:
            form["client_id"] = settings.client_id
        elif "client_secret_basic" in provider.token_endpoint_auth_methods_supported:
            pair = f"{quote_plus(settings.client_id)}:{quote_plus(settings.client_secret)}"
            headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        else:
            form |= {"client_id": settings.client_id, "client_secret": settings.client_secret}
        status, body = self._fetch(provider.token_endpoint, form, headers)
        if status >= 500:
            raise EnvironmentFault(f"the provider of identities answers {status}")
        if status != 200:
            raise Forbidden(f"the provider of identities does not take the code it gave (it answers {status})")
        token: str = _decoded(body, _Answer, provider.token_endpoint).id_token
        return token

    # ------------------------------------------------------------------------------------------------------- the token
    def _claims(self, provider: _Found, token: str, now: Instant) -> dict[str, Any]:
        """What a token says whose signature is the provider's; its keys are read anew where none fits."""
        known = self._keys
        if known is not None and now - known[0] < _HOUR:
            try:
                return jwt.decode(token, known[1], _SIGNED_BY).claims
            except (JoseError, ValueError):
                pass
        keys = _key_set(self._read(provider.jwks_uri, dict[str, Any]))
        self._keys = (now, keys)
        try:
            return jwt.decode(token, keys, _SIGNED_BY).claims
        except (JoseError, ValueError) as why:
            raise Forbidden(f"the token of the provider of identities cannot be believed: {why}") from None

    def _check(self, claims: Mapping[str, Any], nonce: str, now: Instant) -> None:
        """The checks of OpenID Connect Core 1.0, 3.1.3.7."""
        own, seconds = self._settings.client_id, now // _SECOND
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        believed = {
            "issuer": claims.get("iss") == self._settings.issuer,
            "audience": own in audiences and (len(audiences) == 1 or claims.get("azp") == own),
            "authorised party": claims.get("azp", own) == own,
            "expiry": _number(claims.get("exp")) + _LEEWAY > seconds,
            "time of issue": 0 < _number(claims.get("iat")) <= seconds + _LEEWAY,
            "begin": _number(claims.get("nbf", 0)) <= seconds + _LEEWAY,
            "nonce": compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()),
            "subject": isinstance(claims.get("sub"), str) and 0 < len(claims["sub"]) <= 255,
        }
        wrong = [name for name, good in believed.items() if not good]
        if wrong:
            raise Forbidden(f"the token of the provider of identities cannot be believed: wrong {', '.join(wrong)}")

    def _claimed(self, claims: Mapping[str, Any]) -> Claimed:
        settings = self._settings
        name = claims.get(settings.user)
        if not isinstance(name, str):
            raise Forbidden(f"the provider of identities sends no claim {settings.user!r} to name you by")
        if settings.user == "email" and claims.get("email_verified") is not True:
            raise Forbidden(f"the provider of identities has not verified that {name[:80]!r} is yours")
        grants = None
        if settings.roles is not None:
            said = claims.get(settings.roles_claim, [])
            groups = said if isinstance(said, list) else [said]
            grants = tuple(dict.fromkeys(grant for group, grant in settings.roles if group in groups))
        return Claimed(f"{settings.issuer}|{claims['sub']}", name.lower(), grants)


def _derived(secret: str, what: str) -> str:
    return hashlib.sha256(f"{what} {secret}".encode()).hexdigest()


def _decoded(body: bytes, kind: type[Any], address: str) -> Any:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError as why:
        raise EnvironmentFault(f"the provider of identities answers something else at {address}: {why}") from None


def _key_set(said: dict[str, Any]) -> KeySet:
    try:
        return KeySet.import_key_set(said)  # type: ignore[arg-type]  # what does not fit raises
    except (JoseError, ValueError, KeyError, TypeError) as why:
        raise EnvironmentFault(f"the keys of the provider of identities cannot be read: {why}") from None


def _number(value: object) -> float:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else -1


def _check_address(address: str) -> None:
    parts = urlsplit(address)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost")):
        return
    raise UsageError(f"[tool.segue.oidc]: {address!r} is no https address: who reads along could sign in as anybody")
