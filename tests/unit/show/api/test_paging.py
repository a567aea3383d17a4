"""Every list, page by page: filters and rights hold on every page, and a cursor belongs to one question."""

from urllib.parse import quote

import pytest

from segue.model.moment import iso_utc
from segue.show.api.routing import Threads
from segue.show.api.topics import TOPICS
from tests.unit.show.api.office import everything_of
from tests.unit.show.api.reading_room import NOW, furnished

LISTS = [
    route
    for topic in TOPICS
    for route in topic.made(Threads())
    if route.methods == {"GET"} and {"limit", "cursor"} <= route.words
]
WORDS = {
    "dag": "orders", "state": "success", "kind": "task", "since": "2h", "until": "2h", "tag": "retail", "owner": "dana",
    "backfill": "1", "error": "*boom*", "sort": "oldest", "task": "a", "map_index": "0", "text": "o", "newest": "true",
    "location": "x", "paused": "false", "retired": "true", "days": "31", "risk": "true", "unsettled": "true",
    "actor": "ana", "act": "PauseDags", "run": "orders@day-1", "ok": "true", "level": "INFO", "user": "ana",
}  # fmt: skip
OTHERWISE = {
    "/api/v1/runs": {"kind": "manual"},
    "/api/v1/dags": {"sort": "-name"},
    "/api/v1/alerts": {"kind": "failed"},
}
SHORT = {"/api/v1/dags/{dag}/versions", "/api/v1/dags/{dag}/logs", "/api/v1/alerts", "/api/v1/audit/access"}
"""Of which this room has one item at most."""

SHOWN_ELSEWHERE = {("/api/v1/dags", "runs"), ("/api/v1/runs", "slot")}
"""Words that do not say which rows there are, or make a list that has no pages."""


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    room = furnished(tmp_path_factory.mktemp("room"))
    room.world.define(everything_of("more"), everything_of("third"))
    room.backfill("orders", 24)
    room.backfill("more", 3)
    room.principal("half", ("viewer", "orders"))
    yield room
    room.close()


def walked(room, path, who):
    """All items, one a page; what is in none of them."""
    found, cursor, mark = [], "", "&" if "?" in path else "?"
    while True:
        page = room.json(f"{path}{mark}limit=1{cursor}", who)
        assert page["items"] or "/events" in path, "no page is empty but where events are sought that fit"
        found += page["items"]
        if page["next"] is None:
            return found
        cursor = f"&cursor={quote(page['next'])}"


@pytest.mark.parametrize(
    "path",
    [
        "/runs", "/runs?state=failed,held", "/runs?sort=oldest&until={minute}", "/runs?since={minute}",
        "/runs?tag=retail",
        "/runs?owner=dana", "/runs?kind=manual", "/runs?error=*boom*", "/runs?sort=longest&dag=orders",
        "/dags?text=o", "/dags?owner=dana", "/next?owner=dana", "/backfills", "/audit", "/audit?act=TriggerRun",
        "/audit?until={minute}", "/dags/orders/events?kind=run", "/runs/{good}/tasks?text=a",
        "/runs/{held}/tasks?state=success,pending", "/runs/{good}/attempts?task=each", "/runs/{good}/events",
        "/runs/{good}/attempts?map_index=2", "/runs/{good}/events?newest=true",
    ],
)  # fmt: skip
def test_what_is_filtered_and_what_may_be_seen_is_the_same_on_every_page(room, path):
    path = path.format(minute=iso_utc(NOW + 60_000_001), good=room.good, held=room.held)
    mark = "&" if "?" in path else "?"
    whole = room.json(f"{path}{mark}limit=200", "half")
    assert whole["items"] and whole["next"] is None
    assert walked(room, path, "half") == whole["items"]
    assert {one.get("dag_id", "orders") for one in whole["items"]} == {"orders"}


def test_dags_that_fit_are_the_same_on_every_page(room):
    whole = room.json("/dags?text=r")["items"]
    assert [one["dag_id"] for one in whole] == ["more", "orders", "third"], "quiet and stocks stand between"
    assert walked(room, "/dags?text=r", "root") == whole


@pytest.mark.parametrize("route", LISTS, ids=lambda route: route.path)
def test_a_cursor_goes_with_all_filters_of_its_question(room, route):
    path = route.path.removeprefix("/api/v1")
    path = path.format(dag="orders", run=room.good, attempt="1") + "?limit=1"
    path += "&date=1972-09-27" if "date" in route.words else ""
    cursor = room.json(path, "root")["next"]
    assert (cursor is None) is (route.path in SHORT)
    if cursor is None:
        return
    for word in sorted(route.words - {"limit", "cursor", "date"}):
        if (route.path, word) in SHOWN_ELSEWHERE:
            continue
        value = OTHERWISE.get(route.path, {}).get(word, WORDS[word])
        answer = room.see(f"{path}&{word}={quote(value)}&cursor={quote(cursor)}", "root")
        assert answer.status == 422, (word, answer.body)
        assert "another question" in answer.json["detail"], word
