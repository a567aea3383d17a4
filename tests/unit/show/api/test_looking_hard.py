"""Whatever a question says, the answer is a sentence: no fault of ours, and no row that was not asked for (D29)."""

import re
from urllib.parse import quote

import pytest

from segue.show.api.routing import Threads
from segue.show.api.topics import TOPICS
from tests.unit.show.api.reading_room import furnished

WORDS = (
    "'; DROP TABLE runs; --", '" OR ""="', "\\", "%", "*[", "\x00", "\x1b[31m", "😀", "a/b", "../../etc/passwd",
    "\u202e", "\ufffd", "1e309", "-1", "99999999999999999999", "2026-02-30", "9999-12-31", "x" * 480, "", "\n",
    "orders",
)  # fmt: skip
ROUTES = [
    route
    for topic in TOPICS
    for route in topic.made(Threads())
    if route.methods == {"GET"} and route.path.startswith("/api/v1/") and route.path != "/api/v1/events"
]
OWN = re.compile(r"/(session|sessions|tokens|users|openapi|health|requests|connections|secrets)")
LOOKING = [route for route in ROUTES if not OWN.search(route.path)]


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    room = furnished(tmp_path_factory.mktemp("room"), sqlite=True)
    yield room
    room.close()


def good(room, path):
    names = {"dag": "orders", "run": room.failed, "attempt": "1", "backfill": "1"}
    return re.sub(r"\{(\w+)\}", lambda found: names[found[1]], path.removeprefix("/api/v1"))


def needed(route, name):
    """What a question must have beside one word."""
    return "".join(
        f"&{one}={value}" for one, value in (("date", "1972-09-27"), ("old", "1")) if one in route.words - {name}
    )


@pytest.mark.parametrize("route", LOOKING, ids=lambda route: route.path)
def test_no_word_of_a_question_is_a_fault_of_ours(room, route):
    for name in sorted(route.words):
        for word in WORDS:
            answer = room.see(f"{good(room, route.path)}?{name}={quote(word)}{needed(route, name)}", who="root")
            assert answer.status in (200, 404, 422), (name, word, answer.body)
            if answer.status != 200:
                assert answer.json["detail"]


@pytest.mark.parametrize("route", [route for route in LOOKING if "{" in route.path], ids=lambda route: route.path)
def test_no_name_in_a_path_is_a_fault_of_ours(room, route):
    for word in WORDS:
        if not word or "/" in word or "?" in word:
            continue
        path = re.sub(r"\{\w+\}", lambda _, word=word: word, route.path.removeprefix("/api/v1"))
        answer = room.see(f"{path}?{needed(route, '')[1:]}", who="root")
        assert answer.status in (200, 404, 422), (word, answer.body)


@pytest.mark.parametrize("word", ["' OR '1'='1", "x') OR 1=1 --", "%' OR dag LIKE '%", '" OR 1=1 --', "_"])
@pytest.mark.parametrize(
    "path",
    ["/runs?dag=", "/runs?tag=", "/runs?owner=", "/runs?error=", "/dags?tag=", "/dags?text=", "/audit?actor=",
     "/audit?act=", "/audit?dag=", "/audit?run=", "/alerts?dag=", "/backfills?dag=", "/dags/orders/events?kind="],
)  # fmt: skip
def test_a_filter_never_lets_more_through(room, path, word):
    answer = room.see(path + quote(word), who="root")
    assert answer.status == 422 or answer.json["items"] == []


def test_absent_and_unseen_are_told_in_the_same_words(room):
    for unseen, absent in (
        ("/backfills/1", "/backfills/4711"), ("/runs/orders@latest", "/runs/ordres@latest"),
        ("/dags/orders", "/dags/ordres"), ("/attempts/1", "/attempts/4711"),
    ):  # fmt: skip
        one, other = room.see(unseen, "eve"), room.see(absent, "eve")
        assert (one.status, other.status) == (404, 404)
        name, wrong = unseen.rpartition("/")[2], absent.rpartition("/")[2]
        assert one.json["detail"].replace(name, wrong) == other.json["detail"]


def test_no_filter_shows_what_one_may_not_see(room):
    for path in ("/runs?dag=*", "/runs?dag=orders", "/runs?tag=retail", "/backfills?dag=orders", "/audit?dag=orders"):
        seen = {one["dag_id"] for one in room.json(path, "eve")["items"]}
        assert seen <= {"quiet"}, path
    for path in ("/runs?backfill=1", "/alerts?dag=orders", "/dags?tag=retail", "/forecasts", "/missing", "/next"):
        seen = {one["dag_id"] for one in room.json(path, "eve")["items"]}
        assert seen <= {"quiet"}, path
