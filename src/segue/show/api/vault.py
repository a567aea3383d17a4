"""Connections and secrets come in, and never go out: a value is encrypted before anything else is done with it."""

from __future__ import annotations

from typing import Final

from fastapi import Response

from segue.model.access import Role
from segue.model.acts import SecretKind, SetSecret
from segue.model.api.acts import KeepValue
from segue.model.api.outcomes import Done, KnownName, ObjectPlan, Outcome
from segue.model.errors import NotFound
from segue.show.api.asking import ANSWERS, ask, errand
from segue.show.api.routing import Of, Routes, encoded
from segue.show.api.visiting import Visit, Visiting

__all__ = ["VAULT"]

VAULT: Final = Routes("configure")
_ACTS: Final = {
    "needs": Role.ADMIN, "of": Of.EVERYTHING, "responses": ANSWERS, "response_model": Outcome | ObjectPlan,
}  # fmt: skip


@VAULT.get("/connections", needs=Role.OPERATOR, of=Of.EVERYTHING)
def connections(visit: Visiting) -> tuple[KnownName, ...]:
    """The names of connections, and where each is kept."""
    return tuple(visit.doors.safe.names("connection"))


@VAULT.put("/connections/{name}", asks=KeepValue("postgresql://shop:…@db:5432/orders"), **_ACTS)
def set_connection(visit: Visiting, name: str, body: KeepValue) -> Response:
    """Keep the address of a system outside, `scheme://user:password@host:port/database`."""
    return _keep(visit, "connection", name, body)


@VAULT.delete("/connections/{name}", **_ACTS)
def remove_connection(visit: Visiting, name: str, dry_run: bool = False) -> Response:
    """Forget the address that is kept under a name."""
    return _remove(visit, "connection", name, dry_run)


@VAULT.post("/connections/{name}/test", needs=Role.ADMIN, of=Of.EVERYTHING)
def test_connection(visit: Visiting, name: str) -> Done:
    """Connect to where a connection leads."""
    return Done(name, visit.doors.safe.test(name), "")


@VAULT.get("/secrets", needs=Role.OPERATOR, of=Of.EVERYTHING)
def secrets(visit: Visiting) -> tuple[KnownName, ...]:
    """The names of secrets, and where each is kept."""
    return tuple(visit.doors.safe.names("secret"))


@VAULT.put("/secrets/{name}", asks=KeepValue("…"), **_ACTS)
def set_secret(visit: Visiting, name: str, body: KeepValue) -> Response:
    """Keep a secret."""
    return _keep(visit, "secret", name, body)


@VAULT.delete("/secrets/{name}", **_ACTS)
def remove_secret(visit: Visiting, name: str, dry_run: bool = False) -> Response:
    """Forget the secret that is kept under a name."""
    return _remove(visit, "secret", name, dry_run)


def _keep(visit: Visit, kind: SecretKind, name: str, body: KeepValue) -> Response:
    with visit.doors.safe.sealed(kind, name, body.value) as act:
        if body.dry_run:
            return encoded(ObjectPlan(f"keep {kind}", (name,)))
        return ask(visit, [errand(visit, _named(kind, name), act)])


def _remove(visit: Visit, kind: SecretKind, name: str, dry_run: bool) -> Response:
    with visit.read() as reader:
        if all(row.name != name for row in reader.sealed_rows(kind)):
            raise NotFound(f"the encrypted store has no {kind} {name!r}; it removes only what it keeps itself")
    if dry_run:
        return encoded(ObjectPlan(f"remove {kind}", (name,)))
    return ask(visit, [errand(visit, _named(kind, name), SetSecret(kind, name, None))])


def _named(kind: SecretKind, name: str) -> str:
    return f"{kind} {name}"
