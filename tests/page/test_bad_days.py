"""What is slow, away, huge, written from right to left, or an hour off: the page stays one that can be read."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from playwright.sync_api import Route, expect

from tests.e2e.commands import Project
from tests.e2e.served import served
from tests.page.browsing import signed_in
from tests.page.living import ended, run_of

DAGS = """
from segue import Dag, dag, task

@task
def one() -> int:
    return 1

@task
def shouts() -> int:
    print("x" * 10_000_000)
    print("\\u0633\\u0644\\u0627\\u0645 is the last line")
    return 1

@dag(schedule=None, owner="דנה", tags=["مبيعات"], doc="مبيعات (sales) اليوم")
def alone() -> None:
    one()

@dag(schedule=None)
def loud() -> None:
    shouts()

with Dag("huge", schedule=None):
    for n in range(200):
        before = one.with_options(id=f"first_{n}")()
        for k in range(99):
            after = one.with_options(id=f"step_{n}_{k}")()
            before >> after
"""


@pytest.fixture(scope="module")
def server(built, tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("bad") / "shop", workers=1)
    project.write("bad.py", DAGS)
    with served(project) as (one, server):
        yield server
        assert one.end() == 0


def test_what_is_slow_shows_that_it_comes_and_what_is_away_comes_back(server, visit, complaints):
    complaints.expected += ["ERR_", r"status of 50\d"]
    page = visit(server)
    held: list[Route] = []
    page.route("**/api/v1/overview**", lambda route: held.append(route))
    signed_in(page, server, "viewer", "/dags")
    page.get_by_role("link", name="Overview").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    expect(page.locator("main [role=status][aria-label=loading]").first).to_be_visible()
    for route in held:
        route.continue_()
    expect(page.locator(".flow-row", has_text="alone")).to_be_visible()

    page.route("**/api/v1/runs**", lambda route: route.abort())
    page.get_by_role("link", name="Runs", exact=True).first.click()
    expect(page.locator("main [role=alert]").first).to_be_visible()
    page.unroute("**/api/v1/runs**")
    page.get_by_role("button", name="again").first.click()
    expect(page.locator("main [role=alert]")).to_have_count(0)


def test_a_line_of_ten_megabytes_is_shown_in_part_and_the_next_one_after_it(server, visit):
    run = ended(server, run_of(server, "loud"), "success")
    attempt = server.get(f"/api/v1/runs/{quote(run)}/attempts").json()["items"][0]["attempt_id"]
    page = visit(server)
    signed_in(page, server, "viewer", f"/attempts/{attempt}")
    expect(page.locator(".log")).to_contain_text("xxxxxxxxxx")
    page.get_by_label("find in the log").fill("the last line")
    expect(page.locator(".log-hits")).to_contain_text("1 line")
    page.get_by_role("button", name="next hit").click()
    expect(page.locator(".log")).to_contain_text("سلام is the last line")


@pytest.mark.parametrize("dag", ["alone", "huge"])
def test_a_dag_of_one_task_and_one_of_twenty_thousand_open(server, visit, dag):
    page = visit(server)
    signed_in(page, server, "viewer", f"/dags/{dag}?tab=graph")
    expect(page.locator(".graph-node").first).to_be_visible()
    page.get_by_role("link", name="Tasks", exact=True).click()
    expect(page.get_by_role("row").nth(1)).to_be_visible()
    page.get_by_role("link", name="Grid", exact=True).click()
    expect(page.locator(".dag-none")).to_contain_text("has not run yet")


def test_names_from_right_to_left_leave_what_stands_around_them_in_order(server, visit):
    page = visit(server)
    signed_in(page, server, "viewer", "/dags/alone")
    expect(page.locator(".dag-facts bdi", has_text="דנה")).to_be_visible()
    expect(page.locator(".dag-facts .tag bdi", has_text="مبيعات")).to_be_visible()
    owner = page.locator(".dag-facts li", has_text="דנה").inner_text()
    assert owner.startswith("owner")
    assert page.evaluate("document.dir || 'ltr'") == "ltr"


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_an_hour_off_tells_the_right_time(server, visit, hours):
    run = ended(server, run_of(server, "alone"), "success")
    page = visit(server)
    page.clock.install(time=datetime.now(UTC) + timedelta(hours=hours))
    page.clock.resume()
    signed_in(page, server, "viewer", f"/runs/{run}")
    expect(page.locator(".run-facts time").nth(1)).to_have_text(re.compile(r"^(\d+ s ago|just now|now)$"))
