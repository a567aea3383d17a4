"""Who may do what, for every route: generated from the routes themselves and one small table (RELIABILITY D8, D31)."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from segue.model.access import Role
from segue.model.acts import SetPool, SetSecret
from segue.show.api.routing import Of, Route, Threads
from segue.show.api.topics import TOPICS
from tests.unit.show.api.office import Office

TABLE = tomllib.loads(Path(__file__).with_name("matrix.toml").read_text())
ROUTES = {
    f"{method} {route.path}": route for topic in TOPICS for route in topic.made(Threads()) for method in route.methods
}
ROLES = ("", *Role)
STREAMS = "GET /api/v1/events"
SAFE = ("GET", "HEAD", "OPTIONS")
CASES = [
    (name, role, own)
    for name in ROUTES.keys() & TABLE.keys()
    for role in ROLES
    for own in ((True, False) if TABLE[name]["on"] in ("object", "everything") else (True,))
]


def test_every_route_has_a_row_and_every_row_a_route():
    assert {name for name in ROUTES if name != STREAMS} ^ TABLE.keys() == set()


@pytest.mark.parametrize("name", sorted(ROUTES.keys() & TABLE.keys()))
def test_a_route_declares_what_the_table_says(name):
    row, permit = TABLE[name], ROUTES[name].permit
    assert (None if permit.role is None else str(permit.role)) == row.get("role")
    assert {"self": permit.of is Of.SELF, "everything": permit.of is Of.EVERYTHING}.get(row["on"], True)


def _expected(row: dict, needed: str, role: str, own: bool) -> set[int] | None:
    """The statuses of a refusal; None: whoever asks may."""
    if row["on"] == "public":
        return None
    if not role:
        return {401}
    enough = Role(role).rank >= Role(needed).rank
    if row["on"] == "self" or (row["on"] == "list" and enough):
        return None
    if row["on"] != "object" or own:
        return None if enough and (own or row["on"] != "everything") else {403}
    return {row.get("other", 404), *([] if enough else [403])}


@pytest.mark.parametrize(("name", "role", "own"), sorted(CASES), ids=lambda one: str(one) or "none")
def test_who_may_use_a_route(office, name, role, own):
    row, route = TABLE[name], ROUTES[name]
    method = name.partition(" ")[0]
    sent = _sent(office, row, route, own)
    if role:
        select = "*" if own and row["on"] == "everything" else "mine"
        office.principal("asker", (role, select), via=row.get("via", "token"))
    asked, audited, denied = len(office.desk.asked), office.audit(), len(office.gate.denied)
    answer = office(method, *sent, who="asker" if role else "")
    refusal = _expected(row, row.get("role", ""), role, own)
    if refusal is not None:
        assert answer.status in refusal, answer
        assert answer.headers["content-type"] == "application/problem+json"
        assert len(office.gate.denied) - denied == (method not in SAFE), "a denied write is noted once, a look never"
        assert (len(office.desk.asked), office.audit()) == (asked, audited), "nothing was done"
        return
    assert answer.status not in (401, 403, 405, 500, 503) or row["on"] == "public", answer
    assert row["on"] in ("self", "public") or answer.status != 404, answer
    if row.get("acts"):
        assert answer.status == 200, answer
        assert [one.actor for one in office.desk.asked[asked:]] == ["asker"]
        assert office.audit() - audited == 1, "one act, one row"
        assert len(office.gate.denied) == denied


def _attempt(office: Office, run: str) -> str:
    with office.library.read() as reader:
        return str(reader.attempts(reader.find(run).run, "a", None)[0].id)


def _sent(office: Office, row: dict, route: Route, own: bool):
    """Path and body, with the names of objects in them."""
    theirs, mine = office.objects("theirs"), office.objects("mine")
    for one in (theirs, mine):
        one["paused"] = office.backfill(one["dag"], 30)
        office.pause_backfill(one["paused"])
    office.world.ask(SetPool("known", 1))
    for kind in ("connection", "secret"):
        office.world.ask(SetSecret(kind, "known", b"sealed", "k0"))
    meant = mine if own or row["on"] == "everything" else theirs
    names = {**meant, "link": "x", "id": "x", "user": "dana", "attempt": _attempt(office, meant["failed"])}
    if "{user}" in route.path and "dana" not in {one.name for one in office.gate.people.users()}:
        office.gate.people.add_user("dana", (), "tulip-ferry-glass-9", "root", office.world.now)

    def filled(text: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda found: names.get(found[1], "unknown"), text)

    path, body = filled(row.get("path", route.path)), row.get("body")
    if body is None:
        return (path,)
    return path, filled(body).encode() if route.path.endswith("/deploy") else json.loads(filled(body))
