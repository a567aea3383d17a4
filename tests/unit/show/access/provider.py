"""A provider of identities: real HTTP on the loopback, real keys; it can be told to lie."""

import base64
import hashlib
import hmac
import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT, SECRET = "segue", "what only the two know"
KEY = RSAKey.generate_key(2048, {"kid": "one"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "one"})
NEXT_KEY = RSAKey.generate_key(2048, {"kid": "two"})


class Provider:
    """Who it says somebody is, how it signs that, and what it was asked.

    Args:
        base: where it listens.
        now: seconds; the time it writes into tokens.
    """

    def __init__(self, base: str, now: int) -> None:
        self.base, self.issuer, self.now = base, base, now
        self.person = {"sub": "4711", "email": "dana@corp.test", "email_verified": True, "groups": ["data"]}
        self.lies: dict[str, object] = {}
        self.algorithm, self.key, self.shown = "RS256", KEY, [KEY]
        self.methods = ["client_secret_basic"]
        self.status = 200
        self.asked: list[str] = []
        self.codes: dict[str, dict[str, str]] = {}

    def authorise(self, url: str) -> str:
        """What its page does when somebody has signed in there: the address they are sent back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert (asked["response_type"], asked["client_id"], asked["code_challenge_method"]) == ("code", CLIENT, "S256")
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state'], 'iss': self.issuer})}"

    def discovery(self) -> dict[str, object]:
        return {
            "issuer": self.issuer, "authorization_endpoint": f"{self.base}/authorise",
            "token_endpoint": f"{self.base}/token", "jwks_uri": f"{self.base}/keys",
            "token_endpoint_auth_methods_supported": self.methods,
        }  # fmt: skip

    def redeem(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, object]]:
        """A token for a code, once, for whoever has the verifier and the secret."""
        asked = self.codes.pop(form["code"], None)
        if asked is None:
            return 400, {"error": "invalid_grant"}
        pair = f"{CLIENT}:{SECRET.replace(' ', '+')}"
        known = authorization == f"Basic {base64.b64encode(pair.encode()).decode()}" if authorization else (
            (form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET)
        )  # fmt: skip
        challenge = (
            base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        )
        if not known or challenge != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return 401, {"error": "invalid_client"}
        claims = {
            "iss": self.issuer, "aud": CLIENT, "iat": self.now, "exp": self.now + 300, "nonce": asked["nonce"],
            **self.person, **self.lies,
        }  # fmt: skip
        return self.status, {
            "id_token": self.signed({name: value for name, value in claims.items() if value is not None})
        }

    def signed(self, claims: dict[str, object]) -> str:
        if self.algorithm in ("none", "HS256"):  # by hand: no library does this
            parts = [json.dumps(part).encode() for part in ({"alg": self.algorithm, "kid": "one"}, claims)]
            text = ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
            known_to_all = hmac.digest(KEY.as_pem(private=False), text.encode(), "sha256")
            signature = base64.urlsafe_b64encode(known_to_all).rstrip(b"=").decode()
            return f"{text}.{signature if self.algorithm == 'HS256' else ''}"
        header = {"alg": self.algorithm, "kid": self.key.kid}
        return jwt.encode(header, claims, self.key, algorithms=[self.algorithm])


@contextmanager
def running_provider(now: int):
    """A provider that listens."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            provider.asked.append(self.path)
            said = {
                "/.well-known/openid-configuration": provider.discovery(),
                "/keys": KeySet(provider.shown).as_dict(private=False),
            }.get(self.path)
            self._say(404 if said is None else 200, said)

        def do_POST(self) -> None:
            provider.asked.append(self.path)
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            flat = {name: values[0] for name, values in form.items()}
            self._say(*provider.redeem(flat, self.headers.get("Authorization", "")))

        def _say(self, status: int, said: object) -> None:
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = Provider(f"http://127.0.0.1:{server.server_port}", now)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
