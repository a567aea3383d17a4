"""Signing in at a provider of identities: a real one on the loopback, a browser, and our whole application."""

from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from joserfc.jwk import ECKey
from starlette.testclient import TestClient

from segue.app.identity import fetch
from segue.model.access import Grant, Role
from segue.model.errors import EnvironmentFault, UsageError
from segue.show.access.oidc import Oidc
from segue.show.access.oidc import Provider as Identity
from segue.show.api.application import application
from segue.show.api.elsewhere import ELSEWHERE
from segue.show.api.signing import DOORSTEP, SIGNING
from segue.show.doors import Doors
from segue.show.live.hub import Hub
from tests.unit.show.access.provider import CLIENT, KEY, NEXT_KEY, OTHER_KEY, SECRET, running_provider
from tests.unit.show.access.stage import GOOD, NOW

OPERATOR = Grant(Role.OPERATOR, "tag:retail")
ROLES = (("data", OPERATOR), ("heads", Grant(Role.ADMIN)))
SESSION, FLOW = "segue_0123abcd", "segue_0123abcd_oidc"


class Site:
    def __init__(self, stage, provider, **settings) -> None:
        self.stage, self.provider, self.now = stage, provider, NOW
        known = Oidc(provider.base, CLIENT, **{"client_secret": SECRET, "roles": ROLES} | settings)
        identity = Identity(known, stage.mint, fetch)
        doors = Doors(None, None, stage.keeper, lambda: self.now, instance="0123abcd4567", identity=identity)
        topics = (ELSEWHERE, DOORSTEP, SIGNING)
        self.app = application(doors, topics, Hub(None, None), hosts={"localhost"}, incident=lambda: "1")

    def browser(self):
        return TestClient(self.app, "http://localhost:8700", follow_redirects=False)

    def out(self, browser) -> str:
        """Begin here, sign in there; the address to come back to."""
        said = browser.get("/sign-in/oidc")
        assert said.status_code == 303
        return self.provider.authorise(said.headers["location"])

    def enter(self, browser=None):
        browser = browser or self.browser()
        return browser.get(self.out(browser))

    def who(self, browser):
        return browser.get("/api/v1/session").json()


@pytest.fixture
def provider():
    with running_provider(NOW // 1_000_000) as running:
        yield running


@pytest.fixture
def site(stage, provider):
    return Site(stage, provider)


def changed(url, **parts) -> str:
    query = {**dict(parse_qsl(urlsplit(url).query)), **parts}
    return f"{url.partition('?')[0]}?{urlencode({name: value for name, value in query.items() if value is not None})}"


def refused(site, said, why) -> bool:
    assert said.status_code == 403
    assert why in said.text
    assert f"{SESSION}=" not in said.headers.get("set-cookie", "")
    assert site.stage.book.users() == []
    assert site.stage.audit()[0] == ("", "sign-in by the provider of identities", False)
    return True


# ------------------------------------------------------------------------------------------------------------ entering
def test_who_is_known_there_comes_in_with_what_their_groups_give(site):
    browser = site.browser()
    said = site.enter(browser)
    assert (said.status_code, said.headers["location"]) == (303, "/")
    me = site.who(browser)
    assert (me["user"], me["grants"]) == ("dana@corp.test", [{"role": "operator", "select": "tag:retail"}])
    assert FLOW not in browser.cookies
    assert site.stage.enter("dana@corp.test", "") is None  # there is no password


def test_whoever_comes_again_is_the_same_though_their_name_has_changed(site):
    site.enter()
    site.provider.person["email"] = "dana.ferry@corp.test"
    browser = site.browser()
    site.enter(browser)
    assert site.who(browser)["user"] == "dana@corp.test"
    assert len(site.stage.book.users()) == 1


def test_what_the_groups_give_is_looked_at_each_time(site):
    first = site.browser()
    site.enter(first)
    site.provider.person["groups"] = ["heads", "others"]
    browser = site.browser()
    site.enter(browser)
    assert site.who(browser)["grants"] == [{"role": "admin", "select": "*"}]
    assert first.get("/api/v1/session").status_code == 401
    site.provider.person["sub"], site.provider.person["email"] = "4712", "eve@corp.test"
    site.enter()
    site.provider.person["groups"] = ["others"]
    said = site.enter()
    assert said.status_code == 403
    assert "none of your groups has a role here" in said.text
    assert site.stage.book.user("eve@corp.test").grants == ()


def test_what_a_provider_adds_to_its_answer_is_no_harm(site):
    browser = site.browser()
    assert (
        browser.get(changed(site.out(browser), session_state="4711", scope="openid", authuser="0")).status_code == 303
    )


@pytest.mark.parametrize("methods", [["client_secret_basic"], ["client_secret_post"]])
def test_the_secret_goes_the_way_that_the_provider_takes(site, methods):
    site.provider.methods = methods
    assert site.enter().status_code == 303


@pytest.mark.parametrize(("algorithm", "key"), [("PS256", KEY), ("ES256", ECKey.generate_key("P-256", {"kid": "ec"}))])
def test_other_ways_to_sign_are_known(site, algorithm, key):
    site.provider.algorithm, site.provider.key, site.provider.shown = algorithm, key, [KEY, key]
    assert site.enter().status_code == 303


def test_a_new_key_is_found_when_it_is_used(site):
    assert site.enter().status_code == 303
    assert site.enter().status_code == 303
    assert site.provider.asked.count("/keys") == 1
    site.provider.key, site.provider.shown = NEXT_KEY, [NEXT_KEY]
    assert site.enter().status_code == 303
    assert site.provider.asked.count("/keys") == 2


# -------------------------------------------------------------------------------------------------------- not believed
@pytest.mark.parametrize(
    ("lies", "wrong"),
    [
        ({"nonce": "another"}, "wrong nonce"),
        ({"nonce": None}, "wrong nonce"),
        ({"aud": "another"}, "wrong audience"),
        ({"aud": []}, "wrong audience"),
        ({"aud": ["another", CLIENT]}, "wrong audience"),
        ({"azp": "another"}, "wrong authorised party"),
        ({"iss": "https://evil.test"}, "wrong issuer"),
        ({"exp": NOW // 1_000_000 - 61}, "wrong expiry"),
        ({"exp": None}, "wrong expiry"),
        ({"exp": "tomorrow"}, "wrong expiry"),
        ({"iat": NOW // 1_000_000 + 300}, "wrong time of issue"),
        ({"iat": None}, "wrong time of issue"),
        ({"nbf": NOW // 1_000_000 + 300}, "wrong begin"),
        ({"sub": ""}, "wrong subject"),
        ({"sub": None}, "wrong subject"),
        ({"sub": 4711}, "wrong subject"),
        ({"email": None}, "no claim"),
        ({"email": ["dana"]}, "no claim"),
        ({"email_verified": False}, "has not verified"),
        ({"email_verified": "true"}, "has not verified"),
        ({"email": "dana corp"}, "cannot be the name of a user"),
        ({"email": "<script>alert(1)</script>"}, "cannot be the name of a user"),
        ({"groups": ["others"]}, "nobody has let"),
        ({"groups": "dat"}, "nobody has let"),
        ({"groups": None}, "nobody has let"),
    ],
)
def test_a_token_that_says_something_else_lets_nobody_in(site, lies, wrong):
    site.provider.lies = lies
    said = site.enter()
    assert refused(site, said, wrong)
    assert "<script>" not in said.text


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_token_that_anybody_could_have_made_lets_nobody_in(site, algorithm):
    site.provider.algorithm = algorithm
    assert refused(site, site.enter(), "cannot be believed")


def test_a_token_signed_by_another_key_lets_nobody_in(site):
    site.provider.key = OTHER_KEY
    assert refused(site, site.enter(), "cannot be believed")


@pytest.mark.parametrize(
    "parts",
    [{"state": "another"}, {"state": None}, {"code": None}, {"code": "another"}, {"iss": "https://evil.test"},
     {"error": "access_denied", "code": None}],
)  # fmt: skip
def test_an_answer_to_another_question_lets_nobody_in(site, parts):
    browser = site.browser()
    assert refused(site, browser.get(changed(site.out(browser), **parts)), "Not signed in")


def test_who_did_not_begin_does_not_come_in(site):
    address = site.out(site.browser())
    victim = site.browser()
    assert refused(site, victim.get(address), "was not begun in this browser")
    site.out(victim)  # begun, but another one
    assert refused(site, victim.get(address), "was not begun in this browser")


def test_a_code_is_good_once(site):
    browser = site.browser()
    address = site.out(browser)
    cookie = {"Cookie": f"{FLOW}={browser.cookies[FLOW]}"}
    assert browser.get(address).status_code == 303
    assert site.browser().get(address, headers=cookie).status_code == 403


def test_the_way_back_is_bound_to_the_way_out(site):
    """RFC 7636: who steals the code lacks the verifier, which never leaves the two servers and the cookie."""
    browser = site.browser()
    said = browser.get("/sign-in/oidc")
    asked = dict(parse_qsl(urlsplit(said.headers["location"]).query))
    secret = browser.cookies[FLOW]
    assert secret not in said.headers["location"]
    assert len({asked["state"], asked["nonce"], asked["code_challenge"], secret}) == 4
    parts = said.headers["set-cookie"].lower()
    assert "httponly" in parts
    assert "samesite=lax" in parts
    assert "path=/sign-in/oidc" in parts


# ------------------------------------------------------------------------------------------------------ names and users
@pytest.mark.parametrize("password", [GOOD, None])
def test_a_name_that_was_not_made_for_it_is_not_taken_over(site, password):
    site.stage.add("dana@corp.test", password=password)  # without one: the first admin, who came by a link
    said = site.enter()
    assert said.status_code == 403
    assert "there is another dana@corp.test here" in said.text
    assert not site.stage.book.user("dana@corp.test").subject


def test_a_name_of_another_there_is_not_taken_over(site):
    site.enter()
    site.provider.person["sub"] = "4712"
    assert "there is another dana@corp.test here" in site.enter().text


def test_without_a_table_of_roles_an_admin_lets_people_in(stage, provider):
    site = Site(stage, provider, roles=None)
    assert refused(site, site.enter(), "nobody has let dana@corp.test in")
    site.stage.people.add_user("dana@corp.test", [OPERATOR], None, "root", NOW, elsewhere=True)
    browser = site.browser()
    assert site.enter(browser).status_code == 303
    assert site.who(browser)["grants"] == [{"role": "operator", "select": "tag:retail"}]


def test_who_is_disabled_here_stays_out(site):
    site.stage.add("root-of-all")
    site.enter()
    site.stage.people.set_disabled("dana@corp.test", True, "root-of-all", NOW)
    assert "may not enter" in site.enter().text


def test_another_claim_may_name_people(stage, provider):
    provider.person["preferred_username"], provider.person["email_verified"] = "Dana", False
    site = Site(stage, provider, user="preferred_username")
    browser = site.browser()
    site.enter(browser)
    assert site.who(browser)["user"] == "dana"


# ------------------------------------------------------------------------------------------------------------ troubles
def test_a_provider_that_is_away_is_said_to_be_away(site):
    site.provider.issuer = "https://another.test"
    assert site.browser().get("/sign-in/oidc").status_code == 503
    site.provider.issuer = site.provider.base
    site.provider.status = 500
    assert site.enter().status_code == 503


def test_an_address_without_tls_is_refused(stage):
    for issuer in ("http://id.test", "ftp://id.test", "id.test", ""):
        with pytest.raises(UsageError, match="is no https address"):
            Identity(Oidc(issuer, CLIENT), stage.mint, fetch)


def test_an_endpoint_without_tls_is_refused(site):
    site.provider.discovery = lambda: {
        "issuer": site.provider.base, "authorization_endpoint": "https://a", "jwks_uri": "https://a",
        "token_endpoint": "http://id.test/token",
    }  # fmt: skip
    assert site.browser().get("/sign-in/oidc").status_code == 422


def test_who_names_no_provider_has_no_such_page(stage):
    doors = Doors(None, None, stage.keeper, lambda: NOW, instance="0123abcd4567")
    app = application(doors, (ELSEWHERE, DOORSTEP), Hub(None, None), hosts={"localhost"}, incident=lambda: "1")
    browser = TestClient(app, "http://localhost:8700", follow_redirects=False)
    assert [browser.get(path).status_code for path in ("/sign-in/oidc", "/sign-in/oidc/callback")] == [404, 404]


def test_nobody_there_is_no_bug(provider):
    with pytest.raises(EnvironmentFault, match="does not answer"):
        fetch("http://127.0.0.1:1/", None, {})
    assert fetch(f"{provider.base}/nowhere", None, {}) == (404, b"")
