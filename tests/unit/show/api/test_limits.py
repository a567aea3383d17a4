"""RELIABILITY D30: what a request may weigh."""

import asyncio

import pytest
from fastapi import Request

from segue.model.access import Role
from segue.show.api.limits import BODY, HEADER_BYTES, HEADERS, Limits
from segue.show.api.routing import Of, Routes
from tests.unit.show.api.asgi import PROVEN, app_of, call

LARGE = 3 * BODY


@pytest.fixture(scope="module")
def app():
    topic = Routes("planted")

    async def swallow(request: Request) -> int:
        return sum([len(chunk) async for chunk in request.stream()])

    topic.post("/small", needs=Role.ADMIN, of=Of.EVERYTHING)(swallow)
    topic.post("/large", needs=Role.ADMIN, of=Of.EVERYTHING, body=LARGE)(swallow)
    topic.post("/none", needs=Role.ADMIN, of=Of.EVERYTHING)(lambda: 0)
    return app_of((topic,))


def post(app, path, size, *, chunked=False, announced=None):
    pieces = [b"x" * min(65536, size - at) for at in range(0, size, 65536)]
    told = {"transfer-encoding": "chunked"} if chunked else {"content-length": str(announced or size)}
    return call(app, "POST", f"/api/v1/{path}", {**PROVEN, **told}, pieces)


@pytest.mark.parametrize(("path", "limit"), [("small", BODY), ("large", LARGE)])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_may_be_so_long_and_not_a_byte_longer(app, path, limit, chunked):
    whole = post(app, path, limit, chunked=chunked)
    assert (whole.status, whole.json) == (200, limit)
    answer = post(app, path, limit + 1, chunked=chunked)
    assert (answer.status, answer.headers["connection"]) == (413, "close")
    assert str(limit) in answer.json["detail"]


def test_a_body_that_is_announced_too_long_is_not_read(app):
    read = []

    def pieces():
        read.append(1)
        yield b"x"

    answer = call(app, "POST", "/api/v1/small", {**PROVEN, "content-length": str(1 << 30)}, pieces())
    assert answer.status == 413
    assert post(app, "none", 10).headers["connection"] == "close"


def test_a_length_that_is_none_is_no_way_around(app):
    for length in ("-1", "x", "", "9" * 400):
        assert post(app, "small", BODY + 1, announced=length).status == 413


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "Multipart/Mixed", " multipart/form-data"])
def test_forms_with_parts_are_taken_nowhere(app, kind):
    for path in ("small", "large", "nothing"):
        answer = call(app, "POST", f"/api/v1/{path}", {**PROVEN, "content-type": kind}, b"--x--")
        assert (answer.status, answer.headers["connection"]) == (415, "close")


def test_what_is_refused_before_anybody_is_asked_for_has_the_headers_of_every_answer(app):
    usual = {name.decode(): value.decode() for name, value in HEADERS}
    for answer in (
        call(app, path="/" + "p" * 9_000), call(app, headers={"x": "y" * HEADER_BYTES}), post(app, "small", BODY + 1),
        call(app, "POST", "/api/v1/small", {"content-type": "multipart/form-data"}, b"--x--"), call(app),
    ):  # fmt: skip
        assert {name: answer.headers.get(name) for name in usual} == usual, answer.status


def test_urls_headers_and_ranges_are_bounded(app):
    assert call(app, path="/api/v1/x?" + "q" * 9_000, headers=PROVEN).status == 414
    assert call(app, path="/" + "p" * 9_000).status == 414
    assert call(app, headers={f"x-{number}": "y" for number in range(101)}).status == 431
    assert call(app, headers={"x": "y" * HEADER_BYTES}).status == 431
    assert call(app, headers={"range": "bytes=" + ",".join(["0-0"] * 5_000)}).status == 416
    many = {"headers": [(b"host", b"127.0.0.1"), *[(b"range", b"bytes=0-1")] * 9]}
    assert call(app, scope=many).status == 416
    assert call(app, headers={"range": "bytes=0-5"}).status == 401  # as everything that is not there


def test_a_body_that_comes_too_slowly_is_given_up():
    sent = []

    async def app(scope, receive, send):
        while (await receive()).get("more_body"):
            pass

    async def receive():
        await asyncio.sleep(0.001)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "headers": [(b"content-length", b"1000000")], "state": {}}
    with pytest.raises(Exception, match="comes too slowly") as refused:
        asyncio.run(Limits(app, patience=0.02)(scope, receive, send))
    assert refused.value.status_code == 408
