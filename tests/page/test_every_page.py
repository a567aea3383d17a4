"""Every page and every view of it, once, in a real browser: nothing is thrown, the policy has nothing to report,
nothing is too wide, and axe finds nothing grave."""

from collections.abc import Callable
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.commands import Project
from tests.e2e.served import served
from tests.e2e.standing import TICKING, eventually
from tests.page.axe import grave_faults
from tests.page.browsing import signed_in

BROKEN = """
from segue import dag, daily, task

@task
def reads() -> int:
    return 1

@task
def breaks(n: int) -> int:
    raise ValueError("there is no such column")

@task
def follows(n: int) -> int:
    return n

@dag(schedule=daily(), start="2026-01-01")
def broken() -> None:
    follows(breaks(reads()))
"""
SINGLE = (
    "/", "/dags", "/runs", "/backfills", "/missing", "/alerts", "/resources", "/audit", "/settings", "/stress/grid",
    "/stress/graph",
)  # fmt: skip


@pytest.fixture(scope="module")
def lively(built, tmp_path_factory):
    """A server with a run that failed and a backfill, and the addresses of what there is one of."""
    project = Project(tmp_path_factory.mktemp("pages") / "shop", workers=2)
    project.write("ticking.py", TICKING.replace("1s", "1h"))
    project.write("broken.py", BROKEN)
    with served(project) as (one, server):
        done = server.post("/api/v1/dags/trigger", {"dags": ["broken"], "date": "2026-01-01"})
        assert done.status == 200, done
        eventually(lambda: server.get("/api/v1/runs?dag=broken&state=failed").json()["items"], "the run")
        run = server.get("/api/v1/runs?dag=broken&state=failed").json()["items"][0]["run_id"]
        attempt = server.get(f"/api/v1/runs/{quote(run)}/attempts?task=breaks").json()["items"][0]["attempt_id"]
        made = server.post("/api/v1/dags/broken/backfills", {"range": "2026-01-02..2026-01-04"})
        assert made.status == 200, made
        backfill = server.get("/api/v1/backfills").json()["items"][0]["id"]
        yield server, ("/dags/broken", f"/runs/{run}", f"/attempts/{attempt}", f"/backfills/{backfill}")
        assert one.end() == 0


def look(page: Page, address: str, check: Callable[[str], None] = lambda view: None) -> None:
    """Open an address, and each of its views in turn; each has come to rest before it is checked."""
    page.goto(address)
    rest(page)
    check(address)
    views = page.get_by_role("navigation", name="views").first.get_by_role("link")
    for at in range(views.count()):
        views.nth(at).click()
        rest(page)
        check(page.url)


def rest(page: Page) -> None:
    expect(page.locator("main h1").first).to_be_visible()
    page.evaluate("() => new Promise((done) => requestIdleCallback(done, { timeout: 300 }))")


@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark", "viewport": {"width": 390, "height": 844}}])
def test_every_page_opens_and_can_be_read_by_everybody(lively, visit, complaints, options):
    complaints.expected.append(r"404 .*/diff\b")  # there is no run to compare the first one with
    server, addresses = lively
    page = visit(server, **options)
    signed_in(page, server, "admin")
    faults: list[str] = []

    def check(view: str) -> None:
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        faults.extend([f"{view} is wider than its window by {wide}"] if wide > 0 else [])
        faults.extend(f"{view}: {fault}" for fault in grave_faults(page))

    for address in (*SINGLE, *addresses):
        look(page, address, check)
    assert faults == []
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog")).to_be_visible()


DIALOGS = (
    ("/dags/broken", "Trigger"), ("/dags/broken", "Pause"), ("/dags/broken", "Backfill"), ("RUN", "Retry"),
    ("RUN", "Rerun all"), ("RUN", "Mark…"), ("/backfills", "New backfill"), ("/settings?tab=users", "New user"),
    ("/settings?tab=tokens", "New token"),
)  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_dialog_can_be_read_by_everybody(lively, visit, complaints, scheme):
    complaints.expected.append(r"404 .*/diff\b")
    server, (_, run, *_) = lively
    page = visit(server, color_scheme=scheme)
    signed_in(page, server, "admin")
    faults: list[str] = []
    for address, button in DIALOGS:
        page.goto(address.replace("RUN", run))
        page.locator("main").get_by_role("button", name=button, exact=True).first.click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        expect(dialog.get_by_label("loading")).to_have_count(0)
        faults += [f"{button} of {address}: {fault}" for fault in grave_faults(page)]
    page.goto("/")
    for stroke in ("Control+k", "?"):
        expect(page.get_by_role("heading", name="Overview")).to_be_visible()
        page.keyboard.press(stroke)
        expect(page.get_by_role("dialog")).to_be_visible()
        faults += [f"{stroke}: {fault}" for fault in grave_faults(page)]
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
    assert faults == []


def test_an_address_that_nobody_knows_is_said_inside_the_page(lively, visit, complaints):
    complaints.expected.append(r"status of 404")
    server, _ = lively
    page = visit(server)
    signed_in(page, server, "viewer", "/runs/broken@1999-01-01")
    expect(page.locator("main")).to_contain_text("there is no run")
