"""What monitors ask: the process, the whole, its figures, and what the API can do."""

import asyncio
from dataclasses import replace

import pytest

from segue.model.access import Grant, Principal, Role
from segue.model.api.health import Part, Readiness
from segue.model.ids import Instant
from segue.show.api.health import HEALTH, Examination, examine
from segue.show.doors import Health
from tests.unit.show.api.asgi import AWAY, COOKIE, NOW, Desk, Gate, Library, app_of, call, doors


def of(opened):
    return {part.name: part for part in examine(opened).parts}


def test_all_is_well_where_somebody_leads_and_the_store_can_be_read():
    found = examine(doors(parts=lambda: (Part("dags", True, "there"),)))
    assert found.ready
    assert [(part.name, part.ok) for part in found.parts] == [
        ("scheduler", True), ("workers", True), ("store", True), ("dags", True), ("web", True),
    ]  # fmt: skip


def test_without_a_leader_it_is_not_ready():
    opened = doors(desk=Desk(Health(False, detail="nobody drives this home")))
    assert not examine(opened).ready
    assert of(opened)["scheduler"] == Part("scheduler", False, "nobody drives this home")
    assert not of(opened)["workers"].ok
    assert of(opened)["store"].ok


def test_a_leader_whose_last_turn_is_long_ago_does_not_lead():
    assert not examine(doors(desk=Desk(Health(True, turned_at=Instant(NOW - 60_000_000))))).ready
    assert examine(doors(desk=Desk(Health(True, turned_at=Instant(NOW - 1_000_000))))).ready


def test_without_its_store_it_is_not_ready():
    opened = doors(library=Library(AWAY))
    assert not examine(opened).ready
    assert of(opened)["store"] == Part("store", False, str(AWAY))


def test_a_folder_of_dags_that_is_missing_is_told_and_stops_nothing():
    opened = doors(parts=lambda: (Part("dags", False, "there is no dags"),))
    assert examine(opened).ready
    assert not of(opened)["dags"].ok


def test_readiness_is_503_and_gives_sentences_to_who_may_look_at_everything_only():
    app = app_of((HEALTH,), doors(desk=Desk(Health(False, detail="process 7 is gone"))))
    stranger, known = call(app, path="/readyz"), call(app, path="/readyz", headers=COOKIE)
    assert (stranger.status, known.status) == (503, 503)
    assert stranger.headers["retry-after"] == "5"
    assert b"process 7" not in stranger.body
    assert "process 7 is gone" in known.json["parts"][0]["detail"]
    gate = Gate(token=Principal("eve", (Grant(Role.ADMIN, "orders_*"),), "token"))
    some = app_of((HEALTH,), doors(gate, desk=Desk(Health(False, detail="process 7 is gone"))))
    assert b"process 7" not in call(some, path="/readyz", headers={"authorization": "Bearer t0ken"}).body
    assert call(app_of((HEALTH,)), path="/readyz").json["ready"] is True


def test_strangers_who_ask_at_once_cost_one_look():
    desk = Desk()

    async def ask():
        examination = Examination(replace(doors(desk=desk)))
        found = await asyncio.gather(*(examination.look(NOW) for _ in range(50)))
        await examination.look(Instant(NOW + 2_000_000))
        return found

    found = asyncio.run(ask())
    assert isinstance(found[0], Readiness) and len(set(map(id, found))) == 1
    assert desk.looked == 2


def test_the_process_answers_whatever_is_wrong():
    app = app_of((HEALTH,), doors(Gate(fault=AWAY), Library(AWAY), Desk(Health(False))))
    assert call(app).json == {"status": "ok"}


@pytest.mark.parametrize(("grant", "status"), [(Grant(Role.VIEWER), 200), (Grant(Role.ADMIN, "orders_*"), 403)])
def test_figures_are_for_who_may_see_everything(grant, status):
    token = Principal("mon/prometheus", (grant,), "token", "k")
    app = app_of((HEALTH,), doors(Gate(token=token)))
    answer = call(app, path="/metrics", headers={"authorization": "Bearer t0ken"})
    assert answer.status == status
    if status == 200:
        assert answer.headers["content-type"].startswith("text/plain") and b"# TYPE segue_" in answer.body


@pytest.fixture(scope="module")
def whole():
    return app_of()


def test_the_description_names_schemes_problems_and_roles(whole):
    app = whole
    answer = call(app, path="/api/v1/openapi.json", headers=COOKIE)
    document = answer.json
    assert document["openapi"] == "3.1.0"
    assert set(document["components"]["securitySchemes"]) == {"token", "session"}
    assert document["components"]["securitySchemes"]["session"]["name"] == "segue_abcdef01"
    assert "incident" in document["components"]["schemas"]["Problem"]["properties"]
    assert document["paths"]["/healthz"]["get"]["security"] == []
    events = document["paths"]["/api/v1/events"]["get"]
    assert events["security"] == [{"token": []}, {"session": []}]
    assert events["x-segue-role"] == "viewer"
    told = events["responses"]["401"]["content"]["application/problem+json"]
    assert told == {"schema": {"$ref": "#/components/schemas/Problem"}}
    again = call(app, path="/api/v1/openapi.json", headers={**COOKIE, "if-none-match": answer.headers["etag"]})
    assert (again.status, again.body) == (304, b"")


def test_every_reference_of_the_description_leads_somewhere(whole):
    document = call(whole, path="/api/v1/openapi.json", headers=COOKIE).json
    names = set(document["components"]["schemas"])

    def references(node):
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            node = list(node.values())
        if isinstance(node, list):
            for one in node:
                yield from references(one)

    assert {one.removeprefix("#/components/schemas/") for one in references(document)} <= names


def test_every_operation_has_a_name_of_its_own_and_a_sentence(whole):
    document = call(whole, path="/api/v1/openapi.json", headers=COOKIE).json
    operations = [one for path in document["paths"].values() for one in path.values()]
    names = [one["operationId"] for one in operations]
    assert len(names) == len(set(names))
    assert all(one["summary"] and one["x-segue-role"] for one in operations)
