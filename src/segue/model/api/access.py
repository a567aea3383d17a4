"""Who speaks, who may enter, and with what."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "AccessItem",
    "Credentials",
    "GrantForm",
    "GrantsForm",
    "LinkMade",
    "PasswordChange",
    "PasswordForm",
    "RoleOn",
    "SessionItem",
    "SignInWays",
    "SignedIn",
    "TokenForm",
    "TokenItem",
    "TokenMade",
    "UserForm",
    "UserItem",
    "UserMade",
]


@dataclass(frozen=True, slots=True)
class GrantForm:
    """A role on what a selection names.

    Attributes:
        role: *viewer*, *operator*, *author* or *admin*; each may also what those before it may.
        select: `*`, `orders_*`, `tag:retail`, `owner:dana`, `location:finance`; `,` joins, `&` keeps what both name.
    """

    role: str
    select: str = "*"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What is typed to sign in."""

    user: str
    password: str


@dataclass(frozen=True, slots=True)
class SignInWays:
    """How people get in besides by a password and by a link: `oidc` at the provider of identities."""

    oidc: bool


@dataclass(frozen=True, slots=True)
class PasswordChange:
    """Another password of one's own; `old` is not needed where there is none yet."""

    new: str
    old: str = ""


@dataclass(frozen=True, slots=True)
class PasswordForm:
    """Another password of somebody."""

    password: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whoever speaks.

    Attributes:
        via: *session* or *token*.
        csrf: what unsafe requests of a session carry as `X-Segue-CSRF`; empty for a token.
        until: when the session or token ends by itself.
        must_set_password: came in by a link and has no password yet.
    """

    user: str
    grants: tuple[GrantForm, ...]
    via: str
    csrf: str = ""
    until: str | None = None
    must_set_password: bool = False


@dataclass(frozen=True, slots=True)
class RoleOn:
    """The widest role that whoever asks has on a DAG; None: they may not see it, or there is none."""

    dag_id: str
    role: str | None


@dataclass(frozen=True, slots=True)
class SessionItem:
    """Where somebody is signed in.

    Attributes:
        how: *password*, *link* or *oidc*.
        here: it is the session of this very request.
    """

    id: str
    how: str
    address: str
    created_at: str
    seen_at: str
    until: str
    here: bool = False


@dataclass(frozen=True, slots=True)
class UserItem:
    """Somebody who may enter.

    Attributes:
        password: they have one.
        outside: they come, or are to come, from the provider of identities.
    """

    name: str
    grants: tuple[GrantForm, ...]
    disabled: bool
    password: bool
    outside: bool
    created_at: str


@dataclass(frozen=True, slots=True)
class UserForm:
    """Somebody who is to be able to enter.

    Attributes:
        name: lower case letters, digits and `. _ + @ -`.
        password: theirs; none: the answer holds a link by which they come in once and choose one.
        elsewhere: they sign in at the provider of identities instead, who knows them by that name.
    """

    name: str
    grants: tuple[GrantForm, ...] = ()
    password: str | None = None
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class UserMade:
    """Somebody new; `link` is the path by which they come in once, and is not shown again."""

    user: UserItem
    link: str | None = None


@dataclass(frozen=True, slots=True)
class LinkMade:
    """A path by which somebody comes in once; not shown again."""

    user: str
    link: str


@dataclass(frozen=True, slots=True)
class GrantsForm:
    """What somebody may do, instead of what they may do now."""

    grants: tuple[GrantForm, ...]


@dataclass(frozen=True, slots=True)
class TokenItem:
    """A token, without itself.

    Attributes:
        id: the part of it that is no secret.
        role, select: what it may at most; never more than its user.
        used_at: about when it was last used.
    """

    id: str
    user: str
    name: str
    role: str
    select: str
    created_at: str
    until: str | None
    used_at: str | None


@dataclass(frozen=True, slots=True)
class TokenForm:
    """A token that is to be.

    Attributes:
        name: theirs only once.
        role, select: what it may at most; never more than its user.
        days: for which it is good, 1 to 3,650.
        user: whose; none: of whoever asks.
    """

    name: str
    role: str = "viewer"
    select: str = "*"
    days: int = 90
    user: str | None = None


@dataclass(frozen=True, slots=True)
class TokenMade:
    """A new token; it is not shown again."""

    token: str
    item: TokenItem


@dataclass(frozen=True, slots=True)
class AccessItem:
    """A row of the audit of who may enter: signing in, changes of users and tokens, and what was denied.

    Attributes:
        actor: who; empty where nobody was recognised.
        act: `sign-in`, `user.grants`, `token.revoke`, …, or of what was denied `POST /api/v1/runs/retry`.
        target: of what.
        text: old and new, or why not.
        ok: it was done.
    """

    id: str
    at: str
    actor: str
    act: str
    target: str
    text: str
    ok: bool
    address: str
