from __future__ import annotations

from segue.client.transport import Transport, part
from segue.model.api.access import (
    AccessItem,
    GrantsForm,
    LinkMade,
    PasswordForm,
    RoleOn,
    SessionItem,
    SignedIn,
    SignInWays,
    TokenForm,
    TokenItem,
    TokenMade,
    UserForm,
    UserItem,
    UserMade,
)
from segue.model.api.listing import Listing

__all__ = ["People"]


class People:
    """Users, their roles, sessions and tokens.

    Args:
        transport: to the server.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def myself(self) -> SignedIn:
        """Who the token belongs to, and what it may do."""
        me: SignedIn = self._transport.get("/session", SignedIn)
        return me

    def ways(self) -> SignInWays:
        """How one signs in, besides with a password."""
        found: SignInWays = self._transport.get("/session/ways", SignInWays)
        return found

    def role(self, dag: str) -> RoleOn:
        """What one may do on a DAG."""
        found: RoleOn = self._transport.get("/session/role", RoleOn, dag=dag)
        return found

    def sessions(self) -> Listing[SessionItem]:
        """Where one is signed in."""
        found: Listing[SessionItem] = self._transport.get("/sessions", Listing[SessionItem])
        return found

    def users(self) -> Listing[UserItem]:
        """All users."""
        found: Listing[UserItem] = self._transport.get("/users", Listing[UserItem])
        return found

    def user(self, user: str) -> UserItem:
        """One user."""
        found: UserItem = self._transport.get(f"/users/{part(user)}", UserItem)
        return found

    def add_user(self, body: UserForm) -> UserMade:
        """Make a user; without a password the answer holds a link by which they come in once."""
        made: UserMade = self._transport.act("POST", "/users", UserMade, body)
        return made

    def set_grants(self, user: str, body: GrantsForm) -> UserItem:
        """Say what a user may do; ends their sessions."""
        found: UserItem = self._transport.act("PUT", f"/users/{part(user)}/grants", UserItem, body)
        return found

    def set_password(self, user: str, body: PasswordForm) -> None:
        """Give a user a password; ends their sessions."""
        self._transport.act("PUT", f"/users/{part(user)}/password", None, body)

    def invite_user(self, user: str) -> LinkMade:
        """Make a link by which a user comes in once."""
        made: LinkMade = self._transport.act("POST", f"/users/{part(user)}/link", LinkMade)
        return made

    def disable_user(self, user: str) -> UserItem:
        """Let a user in no more; their sessions end and their tokens stop at once."""
        found: UserItem = self._transport.act("POST", f"/users/{part(user)}/disable", UserItem)
        return found

    def enable_user(self, user: str) -> UserItem:
        """Let a user in again."""
        found: UserItem = self._transport.act("POST", f"/users/{part(user)}/enable", UserItem)
        return found

    def end_sessions(self, user: str) -> None:
        """Sign a user out everywhere."""
        self._transport.act("DELETE", f"/users/{part(user)}/sessions", None)

    def remove_user(self, user: str) -> None:
        """Remove a user."""
        self._transport.act("DELETE", f"/users/{part(user)}", None)

    def tokens(self, user: str | None = None) -> Listing[TokenItem]:
        """One's own tokens, those of a user, or (`*`) all."""
        found: Listing[TokenItem] = self._transport.get("/tokens", Listing[TokenItem], user=user)
        return found

    def add_token(self, body: TokenForm) -> TokenMade:
        """Make a token; it is shown this once."""
        made: TokenMade = self._transport.act("POST", "/tokens", TokenMade, body)
        return made

    def revoke_token(self, user: str, name: str) -> None:
        """End a token at once."""
        self._transport.act("DELETE", f"/tokens/{part(user)}/{part(name)}", None)

    def access_audit(
        self, *, actor: str = "", ok: bool | None = None, limit: int = 50, cursor: str | None = None
    ) -> Listing[AccessItem]:
        """Signing in, changes of users and tokens, and what was denied, the newest first."""
        words = {"actor": actor, "ok": ok, "limit": limit, "cursor": cursor}
        found: Listing[AccessItem] = self._transport.get("/audit/access", Listing[AccessItem], **words)
        return found
