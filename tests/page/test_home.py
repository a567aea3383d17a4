"""What somebody on call opens first, and how they get from there to anything: by keyboard alone."""

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.e2e.commands import Project
from tests.e2e.served import served
from tests.e2e.standing import TICKING, eventually
from tests.page.browsing import signed_in

FAILED = "/api/v1/runs?dag=broken&state=failed"
BROKEN = """
from segue import dag, daily, task

@task
def breaks() -> int:
    raise ValueError("there is no such column")

@task
def follows(n: int) -> int:
    return n

@dag(schedule=daily(), start="2026-01-01", tags=["retail"])
def broken() -> None:
    follows(breaks())
"""


@pytest.fixture(scope="module")
def shop(built, tmp_path_factory):
    """A server with a run that failed, and the run."""
    project = Project(tmp_path_factory.mktemp("home") / "shop", workers=1)
    project.write("ticking.py", TICKING.replace("1s", "1h"))
    project.write("broken.py", BROKEN)
    with served(project) as (one, server):
        assert server.post("/api/v1/dags/trigger", {"dags": ["broken"], "date": "2026-01-01"}).status == 200
        eventually(lambda: server.get(FAILED).json()["items"], "the run")
        yield server, server.get(FAILED).json()["items"][0]["run_id"]
        assert one.end() == 0


def test_a_file_that_cannot_be_read_is_told_until_it_can(shop, visit):
    server, run = shop
    page, file = visit(server), server.home.parent / "orders.py"
    signed_in(page, server, "operator")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    file.write_text("from segue import dag\n\n@dag(schedul=None)\ndef orders() -> None: ...\n")
    row = page.locator(".attention > li", has_text="orders.py")
    expect(row).to_contain_text("orders.py:3")
    expect(row).to_contain_text("schedule")
    expect(row).to_contain_text("segue check orders.py")
    file.unlink()

    def is_gone() -> bool:
        page.reload()
        expect(page.locator(".attention > li", has_text=run)).to_be_visible()
        return row.count() == 0

    eventually(is_gone, "a page without it")


def test_the_overview_tells_what_failed_and_holds_what_mends_it(shop, visit):
    server, run = shop
    page = visit(server)
    signed_in(page, server, "operator")
    row = page.locator(".attention > li", has_text=run)
    expect(row).to_contain_text("there is no such column")
    expect(row).to_contain_text("stops 1 task downstream")
    expect(row).to_contain_text(f"segue retry {run}")
    row.get_by_role("button", name="Retry…").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)

    page.get_by_role("navigation", name="newest runs of broken").get_by_role("link").last.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(re.escape(quote(run, safe="@").replace("@", "%40")) + r"|" + re.escape(run)))
    expect(page).to_have_title(f"{run} · Segue")


def test_the_keyboard_alone_finds_a_run_a_page_and_an_action(shop, visit):
    server, run = shop
    page = visit(server)
    signed_in(page, server, "operator")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Find")).to_be_focused()
    page.keyboard.type("broken@latest")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=run)).to_be_visible()

    page.keyboard.press("g")
    page.keyboard.press("d")
    expect(page).to_have_title("DAGs · Segue")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("Backfills")
    page.keyboard.press("Escape")

    page.keyboard.press("Control+k")
    page.keyboard.type("pause brok")
    expect(page.get_by_role("option", name="Pause broken")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("segue pause broken")


def test_filters_of_the_list_of_dags_stand_in_the_address(shop, visit):
    server, _ = shop
    page = visit(server)
    signed_in(page, server, "viewer", "/dags?tag=retail")
    rows = page.get_by_role("row").filter(has=page.get_by_role("checkbox", name=re.compile("^choose (?!all)")))
    expect(rows).to_have_count(1)
    page.get_by_label("id, owner, tag, file or text").fill("nothing like it")
    expect(page.get_by_text("No DAG fits these filters.")).to_be_visible()
    expect(page).to_have_url(re.compile(r"tag=retail.*text=nothing"))
    page.reload()
    expect(page.get_by_text("No DAG fits these filters.")).to_be_visible()
    page.get_by_role("button", name="Show all").click()
    expect(rows).to_have_count(2)


def test_a_paused_dag_says_who_paused_it_and_why(shop, visit):
    server, _ = shop
    assert server.post("/api/v1/dags/pause", {"dags": ["ticking"], "reason": "stock-taking"}).status == 200
    page = visit(server)
    signed_in(page, server, "viewer", "/dags/ticking")
    expect(page.get_by_text("Paused by")).to_contain_text("(“stock-taking”)")
    assert server.post("/api/v1/dags/unpause", {"dags": ["ticking"]}).status == 200
    expect(page.get_by_text("Paused by")).to_have_count(0)


def test_beside_the_graph_each_failed_attempt_says_why(shop, visit):
    server, run = shop
    page = visit(server)
    signed_in(page, server, "viewer", f"/runs/{run}?task=breaks")
    attempts = page.locator(".run-attempts > li")
    expect(attempts).to_have_count(1)
    expect(attempts.first).to_contain_text("ValueError: there is no such column")


def test_a_backfill_that_waits_for_a_word_is_on_the_overview(built, tmp_path, visit):
    project = Project(tmp_path / "shop", workers=1)
    project.write("late.py", BROKEN.replace('start="2026-01-01"', 'start="2026-01-01", catchup=True'))
    with served(project) as (one, server):
        found = "/api/v1/backfills?state=proposed"
        eventually(lambda: server.get(found).json()["items"], "the proposal")
        number = server.get(found).json()["items"][0]["id"]
        page = visit(server)
        signed_in(page, server, "operator")
        row = page.locator(".attention > li", has_text=f"backfill {number} of broken")
        expect(row).to_contain_text(f"segue backfills resume {number}")
        row.get_by_role("button", name="Start it…").click()
        expect(page.get_by_role("dialog")).to_contain_text("Resume")
        assert one.end() == 0
