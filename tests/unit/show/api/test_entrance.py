"""RELIABILITY D1, D2, D5, D6, D7: what every request passes, whatever routes there are."""

import re
from functools import cache

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from segue.model.access import Grant, Principal, Role
from segue.model.errors import Bug
from segue.show.api.routing import Of, Route, Routes, Threads
from segue.show.api.signing import DOORSTEP, SIGNING
from segue.show.api.topics import TOPICS
from tests.unit.show.api.asgi import ADMIN, AWAY, COOKIE, HOST, PROVEN, SAME, Gate, Library, app_of, call, doors

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "FOO", "get")
PUBLIC = {
    "GET /healthz", "GET /readyz", "GET /sign-in/{link}", "POST /sign-in/{link}", "POST /api/v1/session",
    "GET /sign-in/oidc", "GET /sign-in/oidc/callback", "GET /api/v1/session/ways",
    # The page: the same document for each of its addresses, and files out of a table.
    "GET /", "GET /sign-in", "GET /missing", "GET /alerts", "GET /resources", "GET /audit", "GET /settings",
    "GET /dags", "GET /dags/{rest:path}", "GET /runs", "GET /runs/{rest:path}", "GET /attempts",
    "GET /attempts/{rest:path}", "GET /backfills", "GET /backfills/{rest:path}", "GET /stress",
    "GET /stress/{rest:path}", "GET /icon.svg", "GET /assets/{file}",
}  # fmt: skip
"""Reviewed: what anybody may ask. Each new line here is a door to the street."""


@cache
def routes():
    return [route for topic in TOPICS for route in topic.made(Threads())]


def concrete(route):
    return re.sub(r"\{[^}]+\}", "1", route.path)


def is_public(method, path):
    asked = "GET" if method == "HEAD" else method
    return any(asked in one.methods and one.path_regex.match(path) for one in routes() if one.permit.role is None)


@pytest.fixture(scope="module")
def app():
    return app_of()


# ----------------------------------------------------------------------------------------------------------- D1: a walk
def test_only_the_reviewed_routes_are_public():
    assert {f"{method} {one.path}" for one in routes() if one.permit.role is None for method in one.methods} == PUBLIC


def test_metrics_are_public_only_where_a_setting_says_so():
    assert call(app_of((), open_metrics=False), path="/metrics").status == 401
    assert call(app_of((), open_metrics=True), path="/metrics").status == 200


def test_every_route_refuses_strangers_with_every_method_and_on_every_transport(app):
    walked = 0
    for route in routes():
        for method in METHODS:
            if is_public(method, concrete(route)):
                continue
            answer = call(app, method, concrete(route), SAME)
            assert answer.status == 401, (method, route.path, answer)
            assert answer.headers["www-authenticate"] == "Bearer"
            walked += 1
        assert call(app, path=concrete(route), kind="websocket").status == 401
    assert walked > 500


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/assets", "/index.html", "/docs", "/redoc", "/openapi.json", "/api/v1", "/static/x.js", "*"],
)
def test_what_does_not_exist_is_refused_before_that_is_said(app, path):
    assert call(app, path=path).status == 401
    assert call(app, path=path, headers=COOKIE).status == 404


def test_a_route_that_says_nothing_stops_the_start():
    class Planted(Routes):
        def made(self, threads):
            yield APIRoute("/planted", lambda: "anybody", methods=["GET"])

    with pytest.raises(RuntimeError, match="says nothing about who may use it"):
        app_of((*TOPICS, Planted("planted")))
    with pytest.raises(ValueError, match="say what it needs, or public=True"):
        Routes("planted").get("/planted")
    with pytest.raises(ValueError, match="say what it needs, or public=True"):
        Routes("planted").get("/planted", needs=Role.VIEWER, public=True)


def test_the_framework_brings_no_route_of_its_own():
    assert {type(one) for one in routes()} == {Route}
    assert not FastAPI(openapi_url=None).routes


# ------------------------------------------------------------------------------------- D2: nothing is decided by a URL
@pytest.mark.parametrize("host", ["a?", "a#", "a/x", "127.0.0.1?", "127.0.0.1#", "127.0.0.1/healthz", "127.0.0.1@evil"])
def test_a_host_that_bends_the_url_is_no_host_of_ours(app, host):
    for path in ("/healthz", "/api/v1/runs"):
        assert call(app, path=path, headers={"host": host}).status == 421
        assert call(app, path=path, headers={"host": host, **COOKIE}).status == 421


@pytest.mark.parametrize(
    "suffix",
    ["/healthz", "/health", "/ready", "/readyz", "/configs", "//", "/.", "/..", "/../healthz", "%2e", "%2e%2e/healthz",
     ";x", ";/healthz", "?/healthz", "%00", "%0a", "\\healthz", "#/healthz"],
)  # fmt: skip
def test_no_suffix_opens_a_route(app, suffix):
    for route in routes():
        if route.permit.role is not None:
            assert call(app, path=concrete(route) + suffix).status == 401, route.path


@pytest.mark.parametrize("prefix", ["/healthz", "/", "/x/..", "/%2e%2e", "/.;"])
def test_no_prefix_opens_a_route(app, prefix):
    for route in routes():
        if route.permit.role is not None:
            assert call(app, path=prefix + concrete(route)).status == 401, route.path


def test_case_matters(app):
    for path in ("/HEALTHZ", "/Healthz", "/API/v1/runs", "/healthz/"):
        assert call(app, path=path).status == 401


# ------------------------------------------------------------------------------------------------------------- D5: host
@pytest.mark.parametrize(
    "host", ["127.0.0.1", HOST, "localhost:8321", "LOCALHOST", "[::1]:8321", "[::1]", "segue.example"]
)
def test_its_own_names_are_answered(app, host):
    assert call(app, headers={"host": host}).status == 200


@pytest.mark.parametrize(
    "host", ["evil.test", "evil.test:8321", "", "127.0.0.1.evil.test", "::1", "localhost:x", None, "a:1:2"]
)
def test_another_name_is_421_on_every_route_and_transport(app, host):
    for route in routes():
        assert call(app, path=concrete(route), headers={"host": host, **PROVEN}).status == 421
    assert call(app, kind="websocket", headers={"host": host}).status == 421


def test_two_hosts_are_none(app):
    two = {"headers": [(b"host", b"127.0.0.1"), (b"host", b"127.0.0.1")]}
    assert call(app, **{"scope": two}).status == 421


# ----------------------------------------------------------------------------------------------- D6 and D7: other sites
OTHERS = (
    {}, {"origin": "null"}, {"origin": "http://evil.test"}, {"origin": "https://127.0.0.1:8322"},
    {"origin": "//" + HOST}, {"sec-fetch-site": "cross-site", "origin": f"http://{HOST}"},
    {"sec-fetch-site": "same-site"}, {"sec-fetch-site": "none"},
)  # fmt: skip


@pytest.fixture
def planted():
    """A route for every method, and what it has done."""
    done, topic = [], Routes("planted")
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "FOO"):
        topic.add(method, "/planted", needs=Role.ADMIN, of=Of.EVERYTHING)(lambda method=method: done.append(method))
    topic.post("/open", public=True)(lambda: done.append("open"))
    return topic, done


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "FOO"])
def test_an_unsafe_method_with_a_cookie_needs_its_own_site_and_the_csrf_token(planted, method):
    topic, done = planted
    gate = Gate()
    app = app_of((topic,), doors(gate))
    for other in OTHERS:
        assert call(app, method, "/api/v1/planted", {**COOKIE, **other, "x-segue-csrf": ADMIN.csrf}).status == 403
    for token in (None, "", "wrong", ADMIN.csrf[:-1]):
        assert call(app, method, "/api/v1/planted", {**COOKIE, **SAME, "x-segue-csrf": token}).status == 403
    assert done == []
    assert {who for who, _, _ in gate.denied} == {"ann"} and len(gate.denied) == len(OTHERS) + 4
    assert call(app, method, "/api/v1/planted", PROVEN).status == 204
    same = {"origin": f"http://{HOST}", "x-segue-csrf": ADMIN.csrf, **COOKIE}
    assert call(app, method, "/api/v1/planted", same).status == 204
    assert done == [method, method]


def test_a_public_route_that_changes_something_needs_its_own_site_too(planted):
    topic, done = planted
    app = app_of((topic,))
    for other in OTHERS:
        assert call(app, "POST", "/api/v1/open", other).status == 403
    assert done == []
    assert call(app, "POST", "/api/v1/open", SAME).status == 204


def test_a_token_needs_neither_site_nor_csrf(planted):
    topic, done = planted
    token = Principal("ann/ci", (Grant(Role.ADMIN),), "token", "k2")
    app = app_of((topic,), doors(Gate(token=token)))
    assert (
        call(app, "POST", "/api/v1/planted", {"authorization": "Bearer t0ken", "origin": "http://evil.test"}).status
        == 204
    )
    assert call(app, "POST", "/api/v1/planted", {"authorization": "bearer t0ken"}).status == 204
    for wrong in ("Basic t0ken", "Bearer", "Bearer t0ke", "t0ken", "Bearer t0ken x"):
        assert call(app, "POST", "/api/v1/planted", {"authorization": wrong}).status == 401
    assert done == ["POST", "POST"]


def test_a_wrong_token_beside_a_good_cookie_is_nobody(planted):
    assert (
        call(app_of((planted[0],)), path="/api/v1/planted", headers={**COOKIE, "authorization": "Bearer x"}).status
        == 401
    )


def test_safe_methods_need_no_csrf_token(planted):
    app = app_of((planted[0],))
    assert call(app, "GET", "/api/v1/planted", {**COOKIE, "origin": "http://evil.test"}).status == 204


def test_no_answer_ever_says_that_other_sites_may_read(app):
    preflight = {"origin": "http://evil.test", "access-control-request-method": "POST", **COOKIE}
    for route in routes():
        for method in ("OPTIONS", "GET"):
            if method == "GET" and "events" in route.path:
                continue
            answer = call(app, method, concrete(route), preflight)
            assert not [name for name in answer.headers if name.startswith("access-control")], route.path


def test_a_websocket_is_refused_even_to_the_signed_in(app):
    assert call(app, kind="websocket", path="/api/v1/events", headers=PROVEN).status == 401


# ------------------------------------------------------------------------------------------------------------ the rest
def test_every_answer_has_the_headers_that_close_a_browser(app):
    for path, status in (("/healthz", 200), ("/api/v1/runs", 401)):
        answer = call(app, path=path)
        assert answer.status == status
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["referrer-policy"] == "same-origin"
        assert len(answer.names) == len(set(answer.names))


def test_a_cookie_is_found_among_those_of_other_ports(app):
    for cookie in ("a=b; segue_abcdef01=s3cret", 'bad"; x=[{; segue_abcdef01=s3cret; c', 'segue_abcdef01="s3cret"'):
        assert call(app, path="/api/v1/openapi.json", headers={"cookie": cookie}).status == 200
    for cookie in ("segue_abcdef02=s3cret", "segue_abcdef01", "segue_abcdef01=", "xsegue_abcdef01=s3cret"):
        assert call(app, path="/api/v1/openapi.json", headers={"cookie": cookie}).status == 401


def test_a_head_is_a_get_without_its_body(app):
    answer = call(app, "HEAD", "/healthz")
    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "15")


def test_a_denied_write_is_written_down_without_the_secret_in_a_public_path():
    gate = Gate()
    app = app_of((SIGNING, DOORSTEP), doors(gate))
    assert call(app, "POST", "/api/v1/runs/retry", SAME).status == 401
    assert call(app, "POST", "/sign-in/verysecret").status == 403
    assert call(app, "GET", "/api/v1/runs").status == 401
    assert gate.denied == [
        ("", "POST /api/v1/runs/retry", "sign in first"), ("", "POST /sign-in/{link}", "not allowed"),
    ]  # fmt: skip


def test_whoever_has_no_role_is_told_so_before_the_body_is_read():
    topic = Routes("planted")
    topic.post("/planted", needs=Role.ADMIN, of=Of.EVERYTHING)(lambda count: count)
    viewer = Principal("vic", (Grant(Role.VIEWER),), "token", "k3")
    app = app_of((topic,), doors(Gate(token=viewer)))
    answer = call(app, "POST", "/api/v1/planted", {"authorization": "Bearer t0ken"}, b"{not json")
    assert (answer.status, answer.json["title"]) == (403, "not allowed")
    assert "vic is viewer on *" in answer.json["detail"]


def test_an_access_database_that_is_away_is_503():
    answer = call(app_of((), doors(Gate(fault=AWAY))), path="/api/v1/runs", headers=COOKIE)
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_fault_of_ours_is_told_as_a_number_only(caplog):
    topic = Routes("planted")

    @topic.get("/planted", needs=Role.VIEWER)
    def fails() -> None:
        raise ZeroDivisionError("secret detail")

    @topic.get("/bug", needs=Role.VIEWER)
    def bug() -> None:
        raise Bug("secret detail")

    for path in ("/api/v1/planted", "/api/v1/bug"):
        answer = call(app_of((topic,)), path=path, headers=COOKIE)
        assert (answer.status, answer.json["incident"]) == (500, "no1")
        assert b"secret" not in answer.body
    answer = call(
        app_of((topic,), doors(Gate(fault=ZeroDivisionError("secret")))), path="/api/v1/planted", headers=COOKIE
    )
    assert (answer.status, answer.json["incident"]) == (500, "no1")
    assert [record.getMessage() for record in caplog.records] == ["incident no1"] * 3


def test_a_store_that_is_away_is_503():
    viewer = Principal("vic", (Grant(Role.VIEWER, "orders_*"),), "session", "k3", csrf="x")
    topic = Routes("planted")
    topic.get("/planted/{dag}", needs=Role.VIEWER, of=Of.DAG)(lambda: "never")
    answer = call(app_of((topic,), doors(Gate(viewer), Library(AWAY))), path="/api/v1/planted/orders_x", headers=COOKIE)
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")


def test_a_stranger_is_told_the_ways_in():
    for identity in (None, object()):
        answer = call(app_of(opened=doors(identity=identity)), path="/api/v1/session/ways")
        assert (answer.status, answer.json) == (200, {"oidc": identity is not None})
