"""The first minute: a link in a terminal, a password of one's own, the overview."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.commands import Project
from tests.e2e.served import Server
from tests.e2e.standing import TICKING, up
from tests.page.browsing import signed_in

PASSWORD = "tulip ferry nine glass"


def test_from_the_first_link_to_the_overview(tmp_path, visit, complaints):
    complaints.expected += [r"422 .*/session/password", r"403 .*/sign-in/"]  # too easy a password; a spent link
    shop = Project(tmp_path / "shop", workers=1)
    shop.write("ticking.py", TICKING.replace("1s", "1h"))
    shop.web = True
    with up(shop) as one:
        one.await_word("/sign-in/")
        [link] = re.findall(r"/sign-in/\S+", one.said)
        page = visit(Server(shop.home), link)
        page.get_by_role("button", name="Sign in").click()

        expect(page.get_by_text("Welcome, root")).to_be_visible()
        page.get_by_label("New password").fill("password1234")
        page.get_by_role("button", name="Set the password").click()
        expect(page.get_by_text("first that are tried")).to_be_visible()
        page.get_by_label("New password").fill(PASSWORD)
        page.get_by_role("button", name="Set the password").click()
        expect(page.get_by_role("heading", name="Overview")).to_be_visible()
        expect(page.get_by_role("link", name="ticking").first).to_be_visible()

        page.get_by_role("button", name="Sign out").click()
        page.get_by_label("User").fill("root")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="Overview")).to_be_visible()

        again = visit(Server(shop.home), link)
        again.get_by_role("button", name="Sign in").click()
        expect(again.get_by_role("heading", name="This link is spent")).to_be_visible()
        for left in (page, again):
            left.context.close()
        assert one.end() == 0


def test_whoever_is_not_signed_in_comes_back_to_where_they_wanted_to_go(shop, visit):
    page = visit(shop, "/runs?state=failed")
    expect(page.get_by_label("User")).to_be_visible()
    assert page.evaluate("document.body.innerText").count("ticking") == 0
    name = signed_in(visit(shop), shop, "viewer")
    page.get_by_label("User").fill(name)
    page.get_by_label("Password").fill("not this one either")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("wrong name or password")).to_be_visible()
    page.get_by_label("Password").fill("correct horse battery staple")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/runs?state=failed")


TRIED = {
    "markup": "document.body.innerHTML = '<img src=x onerror=window.ran=1>'",
    "a script": "const one = document.createElement('script'); one.text = 'window.ran=1'; document.body.append(one)",
    "a handler": "document.body.setAttribute('onclick', 'window.ran=1'); document.body.click()",
    "a worker": "new Worker('data:text/javascript,postMessage(1)')",
    "a policy": "trustedTypes.createPolicy('mine', { createHTML: (text) => text })",
    "another server": "await fetch('http://localhost:9/?secret')",
    "a style": "document.body.setAttribute('style', 'color: red'); window.ran = document.body.style.color || undefined",
}


@pytest.mark.parametrize("tried", TRIED)
def test_what_the_policy_forbids_is_not_done_and_is_reported(shop, visit, complaints, tried):
    complaints.expected.append("")
    page = visit(shop, "/sign-in")
    page.get_by_label("User").wait_for()
    script = "async () => { try { %s } catch (error) { return error.name } return window.ran ?? 'quiet' }"
    assert page.evaluate(script % TRIED[tried]) in ("TypeError", "quiet")
    assert page.evaluate("window.ran") is None
    assert [text for text in complaints.said if text.startswith("policy:")], complaints.said
