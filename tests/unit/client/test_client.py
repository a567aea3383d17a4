"""The client against the routes themselves: nothing is missing, nothing is misspelt, and problems become errors."""

import inspect
import io
import re
import typing
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import msgspec
import pytest

from segue.client import Client
from segue.client.acting import OnDags, OnRuns
from segue.model.api.acts import CancelRuns, MarkRuns, PutPool, RetryRuns
from segue.model.api.listing import Listing
from segue.model.api.outcomes import Outcome
from segue.model.api.runs import RunItem
from segue.model.errors import Bug, EnvironmentFault, Forbidden, NoOwner, NotFound, Refused, UsageError
from segue.show.api.topics import TOPICS

TOPIC_NAMES = ("dags", "runs", "attempts", "standing", "acting", "people")
NOT_FOR_PROGRAMS = {  # signing in by browser, the page, the description itself, and what monitors ask
    "show_sign_in_link", "use_sign_in_link", "sign_in", "sign_out", "sign_out_everywhere", "change_password",
    "sign_in_elsewhere", "come_back", "show_page", "show_icon", "show_asset", "openapi", "liveness", "readiness",
    "prometheus",
}  # fmt: skip
EXAMPLES: dict[str, Any] = {"archive": io.BytesIO(b"tar"), "old": 1, "attempt": 7, "backfill": 7}


def _server(answer: Callable[[httpx2.Request], httpx2.Response]) -> Client:
    return Client("http://segue.test", "secret", transport=httpx2.MockTransport(answer))


def _routes() -> dict[str, Any]:
    return {one.function.__name__: one for topic in TOPICS for one in topic._declared}


def _bodies(hint: Any) -> Iterator[Any]:
    """One value of each body that a method takes."""
    for kind in typing.get_args(hint) or (hint,):
        words = {name: _word(kind) for name, kind in inspect.get_annotations(kind, eval_str=True).items()}
        needed = {
            name: words[name]
            for name, one in inspect.signature(kind).parameters.items()
            if one.default is inspect.Parameter.empty and name in words
        }
        yield kind(**needed)


def _word(hint: Any) -> Any:
    return 1 if hint is int else () if typing.get_origin(hint) is tuple else "x"


def _calls() -> Iterator[tuple[str, Callable[..., Any], dict[str, Any]]]:
    client = _server(lambda request: httpx2.Response(404))
    for topic in TOPIC_NAMES:
        for name, method in inspect.getmembers(getattr(client, topic), inspect.ismethod):
            if name.startswith("_"):
                continue
            hints = typing.get_type_hints(method)
            words: dict[str, Any] = {}
            for parameter in inspect.signature(method).parameters.values():
                if parameter.kind is parameter.VAR_KEYWORD:
                    [options] = typing.get_args(hints[parameter.name])
                    words |= {key: "x" for key in options.__annotations__}
                elif parameter.name != "body":
                    words[parameter.name] = EXAMPLES.get(parameter.name, "x")
            for body in _bodies(hints["body"]) if "body" in hints else (None,):
                yield f"{topic}.{name}", getattr(client, topic), {"name": name, "words": words, "body": body}


def _asked() -> list[tuple[str, str, str, set[str]]]:
    """Every request that the client can make: of which method, how, where, with which words in the query."""
    made = []
    for label, _, call in _calls():
        seen: list[httpx2.Request] = []

        def answer(request: httpx2.Request, seen: list[httpx2.Request] = seen) -> httpx2.Response:
            seen.append(request)
            return httpx2.Response(404, json={"detail": "no"})

        with _server(answer) as client:
            method = getattr(getattr(client, label.partition(".")[0]), call["name"])
            words = dict(call["words"]) | ({} if call["body"] is None else {"body": call["body"]})
            with pytest.raises(NotFound):
                method(**words)
        [request] = seen
        made.append((label, request.method, request.url.path, set(request.url.params.keys())))
    return made


def _matching(method: str, path: str) -> str | None:
    for name, one in _routes().items():
        if one.method == method and re.fullmatch(re.sub(r"{\w+}", "[^/]+", one.path), path):
            if "{" in one.path and any(other.path == path for other in _routes().values() if other.method == method):
                continue
            return name
    return None


def test_every_route_for_programs_can_be_called_and_nothing_else_is():
    called = {(label, _matching(method, path)) for label, method, path, _ in _asked()}
    assert {label for label, route in called if route is None} == set()
    assert set(_routes()) - {route for _, route in called} - NOT_FOR_PROGRAMS == {"follow_events"}


def test_the_words_of_a_query_are_those_of_the_route():
    for label, method, path, query in _asked():
        route = _routes()[_matching(method, path) or ""]
        known = set(inspect.signature(route.function).parameters) | {"limit", "cursor"}
        assert query <= known, label


def test_what_a_method_gives_is_what_the_route_gives():
    for label, topic, call in _calls():
        [(_, method, path, _)] = [one for one in _asked_once(label)]
        route = _routes()[_matching(method, path) or ""]
        given = typing.get_type_hints(route.function)["return"]
        if given is not type(None) and getattr(given, "__name__", "") != "Response":
            assert typing.get_type_hints(getattr(topic, call["name"]))["return"] == given, label


_CACHE: list[tuple[str, str, str, set[str]]] = []


def _asked_once(label: str) -> list[tuple[str, str, str, set[str]]]:
    if not _CACHE:
        _CACHE.extend(_asked())
    return [one for one in _CACHE if one[0] == label][:1]


def test_a_list_is_read_page_after_page():
    run = RunItem(
        "shop@1", 1, "shop", "success", 1, 1, "manual", "dana", None, "2026-04-01T00:00:00Z", None, None, None
    )

    def answer(request: httpx2.Request) -> httpx2.Response:
        assert request.url.params["state"] == "failed"
        assert request.headers["Authorization"] == "Bearer secret"
        page = Listing((run,), "more" if "cursor" not in request.url.params else None)
        return httpx2.Response(200, content=msgspec.json.encode(page))

    with _server(answer) as client:
        assert [one.run_id for one in client.each(client.runs.list, state=["failed"])] == ["shop@1", "shop@1"]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, Forbidden), (403, Forbidden), (404, NotFound), (409, Refused), (422, UsageError), (429, Refused),
        (500, Bug), (503, NoOwner),
    ],
)  # fmt: skip
def test_a_problem_becomes_an_error_with_its_words(status: int, error: type[Exception]):
    problem = {"title": "no", "detail": "the reason", "status": status}
    with _server(lambda request: httpx2.Response(status, json=problem)) as client, pytest.raises(error) as raised:
        client.runs.get("shop@latest")
    assert ("the reason" in str(raised.value)) is (status != 401)


def test_no_is_an_answer_and_nothing_is_left_out():
    def answer(request: httpx2.Request) -> httpx2.Response:
        assert str(request.url.params) == "ok=false"
        return httpx2.Response(200, json={"items": [], "next": None})

    with _server(answer) as client:
        assert client.standing.audit(ok=False, dag=None, act=[]).items == ()


def test_the_token_is_in_no_error():
    with _server(lambda request: httpx2.Response(401)) as client, pytest.raises(Forbidden) as raised:
        client.people.myself()
    assert "secret" not in str(raised.value)


def test_what_is_no_segue_is_said_to_be_none():
    with _server(lambda request: httpx2.Response(502, text="<html>")) as client, pytest.raises(Bug, match="is it one"):
        client.dags.get("shop")
    with (
        _server(lambda request: httpx2.Response(200, json={"items": 3})) as client,
        pytest.raises(EnvironmentFault, match="this version does not know"),
    ):
        client.runs.list()


def test_an_address_that_nobody_answers_is_named():
    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused")

    with _server(refuse) as client, pytest.raises(EnvironmentFault, match=r"http://segue.test does not answer"):
        client.dags.overview()


def test_an_act_carries_its_key_and_a_name_is_encoded_whole():
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(200, content=msgspec.json.encode(Outcome()))

    with _server(answer) as client:
        client.acting.do(RetryRuns(runs=("shop@latest",)), key="once")
        client.acting.set_pool("a/../b", PutPool(3))
    assert seen[0].headers["Idempotency-Key"] == "once"
    assert msgspec.json.decode(seen[0].content)["runs"] == ["shop@latest"]
    assert seen[1].url.raw_path == b"/api/v1/pools/a%2F..%2Fb"


def test_the_stream_gives_events_and_where_it_stands():
    wire = (
        'id: 3\nevent: open\ndata: {"seq": 3}\n\n: alive\n\n'
        'id: 4\nevent: run\ndata: {"seq":4,"at":"2026-04-01T00:00:00Z","kind":"run","run":"shop@1"}\n\n'
    )

    def answer(request: httpx2.Request) -> httpx2.Response:
        assert request.headers["Last-Event-ID"] == "3"
        return httpx2.Response(200, headers={"Content-Type": "text/event-stream"}, text=wire)

    with _server(answer) as client:
        (kind, number), (event_kind, event) = client.follow(3)
    assert (kind, number, event_kind) == ("open", 3, "run")
    assert event.run == "shop@1"


def test_every_act_on_runs_and_dags_has_a_path():
    bodies = {*typing.get_args(OnRuns), *typing.get_args(OnDags)}
    assert {CancelRuns, MarkRuns} <= bodies
    for kind in bodies:
        [body] = _bodies(kind)
        with _server(lambda request: httpx2.Response(404, json={})) as client, pytest.raises(NotFound):
            client.acting.do(body)
