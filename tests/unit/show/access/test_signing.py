"""The routes of signing in, users and tokens, through the whole application: only hashes and the clock are fakes."""

import pytest
from starlette.testclient import TestClient

from segue.model.access import Grant, Role
from segue.show.api.application import application
from segue.show.api.people import PEOPLE
from segue.show.api.signing import DOORSTEP, SIGNING
from segue.show.doors import Doors
from segue.show.live.hub import Hub
from tests.unit.show.access.stage import DAY, GOOD, HOME, NOW, OTHER

NAME = "segue_0123abcd"
SAME = {"Sec-Fetch-Site": "same-origin"}
VIEWER = Grant(Role.VIEWER)


class Site:
    def __init__(self, stage) -> None:
        self.stage, self.now = stage, NOW
        doors = Doors(None, None, stage.keeper, lambda: self.now, instance="0123abcd4567")
        hosts = {"localhost", "segue.test"}
        self.app = application(
            doors, (DOORSTEP, SIGNING, PEOPLE), Hub(None, None), hosts=hosts, incident=lambda: "1",
        )  # fmt: skip

    def browser(self, base="http://localhost:8700", address=HOME, **headers):
        return TestClient(self.app, base, headers=SAME | headers, client=(address, 1), follow_redirects=False)

    def signed_in(self, user="dana", password=GOOD, **words):
        browser = self.browser(**words)
        said = browser.post("/api/v1/session", json={"user": user, "password": password})
        assert said.status_code == 200, said.text
        browser.headers["X-Segue-CSRF"] = said.json()["csrf"]
        return browser

    def script(self, token):
        return TestClient(self.app, "http://localhost:8700", headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
def site(stage):
    stage.add("dana")
    stage.add("eve", VIEWER)
    return Site(stage)


# ------------------------------------------------------------------------------------------------------------- session
def test_signing_in_sets_a_cookie_that_scripts_cannot_read(site):
    said = site.browser().post("/api/v1/session", json={"user": "dana", "password": GOOD})
    cookie = said.headers["set-cookie"]
    assert cookie.startswith(f"{NAME}=")
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/"} <= parts
    assert "secure" not in parts
    assert said.headers["cache-control"] == "no-store"
    assert said.json()["user"] == "dana"


def test_off_loopback_the_cookie_goes_over_tls_only(site):
    said = site.browser("https://segue.test").post("/api/v1/session", json={"user": "dana", "password": GOOD})
    assert "secure" in said.headers["set-cookie"].lower()


def test_who_is_signed_in_is_told_what_they_may(site):
    browser = site.signed_in()
    said = browser.get("/api/v1/session").json()
    assert said["grants"] == [{"role": "admin", "select": "*"}]
    assert said["csrf"] == browser.headers["X-Segue-CSRF"]
    assert site.browser().get("/api/v1/session").status_code == 401


def test_an_admin_reads_page_by_page_what_was_done_and_denied(site):
    dana, eve = site.signed_in(), site.signed_in("eve")
    assert eve.delete("/api/v1/users/dana").status_code == 403
    page = dana.get("/api/v1/audit/access?limit=2").json()
    rest = dana.get("/api/v1/audit/access", params={"limit": 50, "cursor": page["next"]}).json()
    told = [(item["actor"], item["act"], item["ok"]) for item in page["items"] + rest["items"]]
    assert told[0] == ("eve", "DELETE /api/v1/users/dana", False)
    assert told[1:3] == [("eve", "sign-in", True), ("dana", "sign-in", True)]
    assert rest["next"] is None
    denied = dana.get("/api/v1/audit/access?ok=false").json()["items"]
    assert [item["act"] for item in denied] == ["DELETE /api/v1/users/dana"]
    assert {item["actor"] for item in dana.get("/api/v1/audit/access?actor=eve").json()["items"]} == {"eve"}
    assert dana.get("/api/v1/audit/access", params={"ok": "true", "cursor": page["next"]}).status_code == 422
    assert eve.get("/api/v1/audit/access").status_code == 403


@pytest.mark.parametrize("user", ["dana", "nobody"])
def test_wrong_passwords_are_told_alike_and_throttled(site, user):
    browser, told = site.browser(), []
    for _ in range(7):
        said = browser.post("/api/v1/session", json={"user": user, "password": "wrong"})
        told.append((said.status_code, said.json()["detail"], said.headers.get("retry-after")))
    assert told == [(401, "wrong name or password", None)] * 5 + [(429, "too many failures: try again in 1 s", "1")] * 2
    elsewhere = site.browser(address="198.51.100.9")
    assert elsewhere.post("/api/v1/session", json={"user": "dana", "password": GOOD}).status_code == 200


def test_a_session_of_before_ends_with_the_next_sign_in(site):
    browser = site.browser()
    browser.post("/api/v1/session", json={"user": "eve", "password": GOOD})
    planted = browser.cookies[NAME]
    browser.post("/api/v1/session", json={"user": "dana", "password": GOOD})
    assert browser.cookies[NAME] != planted
    assert site.stage.keeper.by_session(planted, NOW) is None


def test_signing_out_ends_the_session_at_once(site):
    browser = site.signed_in()
    cookie = browser.cookies[NAME]
    said = browser.delete("/api/v1/session")
    assert said.status_code == 204
    assert "max-age=0" in said.headers["set-cookie"].lower()
    again = site.browser(Cookie=f"{NAME}={cookie}")
    assert again.get("/api/v1/session").status_code == 401


def test_sessions_are_listed_and_ended_together(site):
    one, other = site.signed_in(), site.signed_in()
    items = one.get("/api/v1/sessions").json()["items"]
    assert sorted(item["here"] for item in items) == [False, True]
    assert one.delete("/api/v1/sessions").status_code == 204
    assert other.get("/api/v1/session").status_code == 401


def test_another_password_ends_all_sessions_but_the_new_one(site):
    browser, other = site.signed_in(), site.signed_in()
    wrong = browser.post("/api/v1/session/password", json={"old": "wrong", "new": OTHER})
    assert wrong.status_code == 401
    easy = browser.post("/api/v1/session/password", json={"old": GOOD, "new": "password1234"})
    assert easy.status_code == 422
    before = browser.cookies[NAME]
    said = browser.post("/api/v1/session/password", json={"old": GOOD, "new": OTHER})
    assert said.status_code == 200
    assert browser.cookies[NAME] != before
    assert browser.get("/api/v1/session").status_code == 200
    assert other.get("/api/v1/session").status_code == 401


@pytest.mark.parametrize(
    "headers", [{}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}, {"Origin": "http://evil"}]
)
@pytest.mark.parametrize("path", ["/api/v1/session", "/sign-in/x"])
def test_another_site_signs_nobody_in(site, headers, path):
    stranger = TestClient(site.app, "http://localhost:8700", headers=headers, follow_redirects=False)
    said = stranger.post(path, json={"user": "dana", "password": GOOD})
    assert said.status_code == 403
    assert "set-cookie" not in said.headers


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"user": 1, "password": 2}', b'{"user": "dana"}', b"\xff", b"nul"]
)
def test_a_body_that_makes_no_sense_is_told_and_not_repeated(site, body):
    said = site.browser().post("/api/v1/session", content=body, headers={"Content-Type": "application/json"})
    assert said.status_code in (400, 422)
    secret = {"user": "dana", "password": GOOD, "pasword": "typo"}
    assert GOOD not in site.browser().post("/api/v1/session", json=secret).text


# --------------------------------------------------------------------------------------------------------------- links
def test_looking_at_a_link_does_not_spend_it(site):
    link = site.stage.entering.invite("eve", "dana", NOW)
    browser = site.browser()
    for _ in range(3):
        page = browser.get(f"/sign-in/{link}")
        assert page.status_code == browser.head(f"/sign-in/{link}").status_code == 200
    assert "form-action 'self'" in page.headers["content-security-policy"]
    assert "script" not in page.text
    assert link not in page.text
    said = browser.post(f"/sign-in/{link}")
    assert (said.status_code, said.headers["location"]) == (303, "/")
    assert browser.get("/api/v1/session").json()["must_set_password"] is False
    assert browser.post(f"/sign-in/{link}").status_code == 403


def test_a_page_never_holds_what_stands_in_its_address(site):
    page = site.browser().get("/sign-in/%3Cscript%3Ealert(1)%3C%2Fscript%3E")
    assert "alert" not in page.text
    assert "alert" not in site.browser().post("/sign-in/%3Cscript%3Ealert(1)%3C%2Fscript%3E").text


def test_the_first_link_makes_an_admin_who_has_to_choose_a_password(stage):
    site = Site(stage)
    link = stage.keeper.first_link("root", NOW)
    browser = site.browser()
    assert browser.post(f"/sign-in/{link}").status_code == 303
    said = browser.get("/api/v1/session").json()
    assert (said["user"], said["must_set_password"]) == ("root", True)
    browser.headers["X-Segue-CSRF"] = said["csrf"]
    assert browser.post("/api/v1/session/password", json={"new": GOOD}).json()["must_set_password"] is False
    site.signed_in("root")


# --------------------------------------------------------------------------------------------------------------- users
def test_an_admin_makes_and_changes_users(site):
    dana = site.signed_in()
    made = dana.post("/api/v1/users", json={"name": "bob", "grants": [{"role": "operator", "select": "tag:retail"}]})
    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    bob = site.browser()
    assert bob.post(made.json()["link"]).status_code == 303
    assert bob.get("/api/v1/session").json()["grants"] == [{"role": "operator", "select": "tag:retail"}]
    changed = dana.put("/api/v1/users/bob/grants", json={"grants": [{"role": "viewer"}]})
    assert changed.json()["grants"] == [{"role": "viewer", "select": "*"}]
    assert bob.get("/api/v1/session").status_code == 401
    assert dana.put("/api/v1/users/bob/password", json={"password": OTHER}).status_code == 204
    bob = site.signed_in("bob", OTHER)
    assert dana.delete("/api/v1/users/bob/sessions").status_code == 204
    assert bob.get("/api/v1/session").status_code == 401
    bob = site.signed_in("bob", OTHER)
    assert dana.post("/api/v1/users/bob/disable").json()["disabled"] is True
    assert bob.get("/api/v1/session").status_code == 401
    assert dana.post("/api/v1/users/bob/enable").json()["disabled"] is False
    assert dana.post("/api/v1/users/bob/link").json()["link"].startswith("/sign-in/")
    assert [item["name"] for item in dana.get("/api/v1/users").json()["items"]] == ["bob", "dana", "eve"]
    made = dana.post("/api/v1/users", json={"name": "frank", "elsewhere": True}).json()
    assert (made["link"], made["user"]["outside"], made["user"]["password"]) == (None, True, False)
    assert dana.delete("/api/v1/users/frank").status_code == 204
    assert dana.delete("/api/v1/users/bob").status_code == 204
    assert dana.get("/api/v1/users/bob").status_code == 404
    assert "hash of" not in dana.get("/api/v1/users").text


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/users", {"name": "eve"}, 409),
        ("POST", "/users", {"name": "Eve Smith"}, 422),
        ("POST", "/users", {"name": "new", "password": "short"}, 422),
        ("POST", "/users", {"name": "new", "grants": [{"role": "root"}]}, 422),
        ("POST", "/users", {"name": "new", "grants": [{"role": "viewer", "select": "group:x"}]}, 422),
        ("POST", "/users", {"name": "new", "grants": [{"role": "viewer"}] * 101}, 422),
        ("PUT", "/users/dana/grants", {"grants": []}, 409),
        ("POST", "/users/dana/disable", None, 409),
        ("DELETE", "/users/dana", None, 409),
        ("DELETE", "/users/no", None, 404),
        ("POST", "/users/no/link", None, 409),
        ("PUT", "/users/no/password", {"password": OTHER}, 404),
        ("POST", "/tokens", {"name": "a b"}, 422),
        ("POST", "/tokens", {"name": "ci", "days": 0}, 422),
        ("POST", "/tokens", {"name": "ci", "user": "no"}, 409),
        ("DELETE", "/tokens/dana/no", None, 404),
    ],
)
def test_what_makes_no_sense_or_locks_out_is_refused(site, method, path, body, status):
    said = site.signed_in().request(method, f"/api/v1{path}", json=body)
    assert (said.status_code, said.headers["content-type"]) == (status, "application/problem+json")


@pytest.mark.parametrize(
    "route", [one for one in PEOPLE._declared if one.permit.role is Role.ADMIN], ids=lambda one: one.function.__name__
)
def test_users_are_the_affair_of_an_admin(site, route):
    eve = site.signed_in("eve")
    before = site.stage.book.users()
    said = eve.request(route.method, route.path.replace("{user}", "dana"), json={})
    assert said.status_code == 403
    assert site.stage.book.users() == before


# -------------------------------------------------------------------------------------------------------------- tokens
def test_a_token_is_shown_once_and_may_what_its_user_may(site):
    eve = site.signed_in("eve")
    made = eve.post("/api/v1/tokens", json={"name": "ci", "role": "admin"})
    assert made.status_code == 201
    token = made.json()["token"]
    script = site.script(token)
    said = script.get("/api/v1/session").json()
    assert (said["user"], said["via"], said["csrf"], said["grants"]) == (
        "eve/ci", "token", "", [{"role": "viewer", "select": "*"}],
    )  # fmt: skip
    assert token not in eve.get("/api/v1/tokens").text
    assert [item["name"] for item in script.get("/api/v1/tokens").json()["items"]] == ["ci"]
    assert script.get("/api/v1/users").status_code == 403
    assert script.post("/api/v1/tokens", json={"name": "wider"}).status_code == 403
    assert script.post("/api/v1/session/password", json={"old": GOOD, "new": OTHER}).status_code == 403
    assert script.delete("/api/v1/session").status_code == 403
    assert script.get("/api/v1/sessions").status_code == 403
    assert eve.delete("/api/v1/tokens/eve/ci").status_code == 204
    assert script.get("/api/v1/session").status_code == 401


def test_tokens_of_others_are_the_affair_of_an_admin(site):
    dana, eve = site.signed_in(), site.signed_in("eve")
    assert dana.post("/api/v1/tokens", json={"name": "ci", "user": "eve"}).status_code == 201
    assert eve.post("/api/v1/tokens", json={"name": "ci", "user": "dana"}).status_code == 403
    assert eve.get("/api/v1/tokens?user=dana").status_code == 403
    assert eve.get("/api/v1/tokens?user=*").status_code == 403
    assert eve.delete("/api/v1/tokens/dana/x").status_code == 403
    assert [item["user"] for item in dana.get("/api/v1/tokens?user=*").json()["items"]] == ["eve"]
    assert dana.get("/api/v1/tokens").json()["items"] == []


def test_a_token_ends_by_itself(site):
    token = site.signed_in().post("/api/v1/tokens", json={"name": "ci", "days": 1}).json()["token"]
    assert site.script(token).get("/api/v1/session").status_code == 200
    site.now += DAY
    assert site.script(token).get("/api/v1/session").status_code == 401
