"""Acts through their dialog: what it will do is shown, it is done, and what has become of it is told."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.e2e.commands import Project
from tests.e2e.served import Server, served
from tests.e2e.standing import eventually
from tests.page.browsing import signed_in

DAGS = """
from segue import Param, Params, dag, daily, injected, task

class Form(Params):
    country: str = Param(enum=["de", "fr"])
    smallest: int = Param(0, maximum=1000)
    where: dict[str, str] = Param({})
    token: str = Param(secret=True)

@task
def note(params: Form = injected) -> str:
    return params.country

@dag(schedule=None, params=Form)
def asked() -> None:
    note()

@task
def breaks() -> int:
    raise ValueError("there is no such column")

@dag(schedule=daily(), start="2026-01-01", max_active_runs=4)
def broken() -> None:
    breaks()

@dag(schedule=daily(), start="2026-01-01")
def spare() -> None:
    breaks()

@task(empty="hold")
def load() -> list[int]:
    return []

@dag(schedule=daily(), start="2026-01-01")
def empty() -> None:
    load()
"""


@pytest.fixture(scope="module")
def server(built, tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("acts") / "shop", workers=2)
    project.write("asked.py", DAGS)
    with served(project) as (one, server):
        for dag, date, state, count in (
            ("broken", "2026-01-01..2026-01-12", "failed", 12), ("empty", "2026-01-02", "held", 1),
        ):  # fmt: skip
            done = server.post("/api/v1/dags/trigger", {"dags": [dag], "date": date})
            assert done.status == 200, done
            eventually(lambda dag=dag, state=state, count=count: _count(server, dag, state) == count, dag)
        yield server
        assert one.end() == 0


def _count(server: Server, dag: str, state: str) -> int:
    return len(server.get(f"/api/v1/runs?dag={dag}&state={state}").json()["items"])


def dialog_of(page: Page) -> tuple[Locator, Locator]:
    """The open dialog, and the button that does it."""
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    return dialog, dialog.locator(".dialog-foot button").last


def test_a_form_made_of_params_says_at_once_what_is_wrong_and_keeps_a_secret(server, visit, complaints):
    complaints.expected.append(r"status of 422")
    page = visit(server)
    signed_in(page, server, "operator", "/dags/asked")
    page.get_by_role("button", name="Trigger").first.click()
    dialog, does = dialog_of(page)
    expect(does).to_be_disabled()
    expect(dialog).to_contain_text("Fill in country, token.")
    dialog.get_by_role("combobox", name="country").select_option(label="fr")
    dialog.get_by_label("token").first.fill("hunter2")
    dialog.get_by_role("textbox", name="smallest").fill("5000")
    expect(dialog.get_by_text("1000 or less is wanted", exact=True)).to_be_visible()
    expect(does).to_be_disabled()
    dialog.get_by_role("textbox", name="smallest").fill("5")
    dialog.get_by_role("textbox", name="where").fill('{"shop": ')
    expect(dialog).to_contain_text("This is no JSON yet")
    dialog.get_by_role("textbox", name="where").fill('{"shop": "a"}')
    expect(dialog).to_contain_text("--param token=-")
    expect(dialog).not_to_contain_text("hunter2")
    dialog.get_by_role("textbox", name="Why").fill("a try")
    dialog.get_by_role("textbox", name="Why").press("Enter")  # a field confirms nothing
    expect(does).to_have_text("Trigger 1 run")
    does.click()
    expect(dialog).to_contain_text(re.compile(r"asked@manual-\w+ is queued"))
    expect(dialog).to_contain_text("success")  # live
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("status").filter(has_text="is queued")).to_be_visible()


def test_more_than_ten_runs_of_a_filtered_list_need_a_word_more(server, visit):
    page = visit(server)
    signed_in(page, server, "operator", "/runs?dag=broken&state=failed")
    page.get_by_label("pick all that are shown").check()
    retry = page.get_by_role("button", name="Retry", exact=True)
    retry.click()
    dialog, does = dialog_of(page)
    expect(dialog).to_contain_text("ValueError: there is no such column")
    expect(does).to_be_disabled()
    page.keyboard.press("Escape")
    expect(retry).to_be_focused()
    retry.click()
    dialog.get_by_label("yes, all 12").check()
    does.click()
    expect(dialog).to_contain_text("12 done.")


def test_what_is_held_stands_beside_what_was_good_and_is_released_with_a_reason(server, visit):
    page = visit(server)
    signed_in(page, server, "operator", "/runs/empty@2026-01-02")
    held = page.get_by_role("region", name="load")
    expect(held).to_contain_text("it returned 0 rows")
    expect(held).to_contain_text("No earlier run was good.")
    held.get_by_role("button", name="Release", exact=True).click()
    dialog, does = dialog_of(page)
    expect(does).to_be_disabled()
    dialog.get_by_role("textbox", name="Why").fill("a bank holiday")
    does.click()
    expect(dialog).to_contain_text("is released")
    page.keyboard.press("Escape")
    expect(held).to_have_count(0)


def test_a_backfill_is_asked_for_by_its_address_and_names_its_dag(server, visit):
    page = visit(server)
    signed_in(page, server, "operator", "/backfills?new=1")
    dialog, does = dialog_of(page)
    expect(dialog).to_contain_text("Name the DAG.")
    expect(dialog.get_by_role("combobox", name="DAG", exact=True)).to_be_focused()
    dialog.get_by_role("combobox", name="DAG", exact=True).fill("broken")
    dialog.get_by_role("textbox", name="Intervals").fill("2026-01-01..2026-02-05")
    expect(dialog.get_by_role("grid", name="intervals that would run")).to_be_visible()
    expect(dialog).to_contain_text("segue backfill broken 2026-01-01..2026-02-05")
    expect(does).to_have_text("Run 24 intervals")  # twelve have failed, and are not missing
    expect(dialog).to_contain_text(re.compile(r"Left alone:\s*12\s*failed"))
    dialog.get_by_role("button", name="a month").click()
    dialog.get_by_role("combobox", name="Intervals").select_option("2026-02")
    expect(does).to_have_text("Run 28 intervals")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert "new=" not in page.url


def test_the_pointer_takes_no_focus_from_the_intervals_of_a_backfill(server, visit):
    made = server.post("/api/v1/dags/spare/backfills", {"range": "2026-03-01..2026-03-05"}).json()["done"]
    page = visit(server)
    signed_in(page, server, "viewer", f"/backfills/{made[0]['backfill_id']}")
    slot = lambda number: page.locator(f"[data-slot='{number}']")  # noqa: E731
    about = page.locator(".slots-about")
    slot(0).focus()
    page.keyboard.press("ArrowRight")
    expect(slot(1)).to_be_focused()
    grid = page.get_by_role("grid")
    grid.hover(position={"x": 104 + 4 * 20 + 10, "y": 10})
    expect(about).to_contain_text("2026-03-05")
    expect(slot(1)).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(slot(2)).to_be_focused()
    expect(about).to_contain_text("2026-03-03")


def test_the_list_of_backfills_is_filtered_by_the_server(server, visit, complaints):
    complaints.expected.append(r"status of 422")
    page = visit(server)
    signed_in(page, server, "viewer", "/backfills")
    with page.expect_request(re.compile(r"/backfills\?.*state=proposed")):
        page.get_by_label("state").select_option("proposed")
    expect(page.get_by_text("No backfill fits these filters.")).to_be_visible()
    page.goto("/backfills?state=proposedly")
    expect(page.get_by_role("alert")).to_contain_text("did you mean proposed?")


def test_of_a_long_list_only_what_is_near_is_drawn_and_asked_for_again(server, visit):
    """Its pages come from here: six of a hundred runs."""
    (run,) = server.get("/api/v1/runs?dag=broken&limit=1").json()["items"]
    asked: list[int] = []

    def answer(route: Route) -> None:
        page = int(parse_qs(urlsplit(route.request.url).query).get("cursor", ["0"])[0])
        asked.append(page)
        items = [{**run, "run_id": f"broken@{page}-{n}", "key": f"{page}-{n}"} for n in range(100)]
        route.fulfill(json={"items": items, "next": str(page + 1) if page < 5 else None})

    page = visit(server)
    page.route(re.compile(r"/api/v1/runs\?"), answer)
    signed_in(page, server, "operator", "/runs")
    row = lambda name: page.locator(f"tr[data-run='broken@{name}']")  # noqa: E731
    for number in range(6):
        row(f"{number}-99").scroll_into_view_if_needed()
        expect(row(f"{number}-99")).to_be_in_viewport()
    expect(row("1-50")).to_have_count(0)
    assert page.locator("tr[data-run]").count() <= 300
    page.get_by_label("pick all that are shown").check()
    expect(page.get_by_text("600 runs picked")).to_be_visible()
    page.get_by_role("heading", name="Runs").scroll_into_view_if_needed()
    expect(row("0-0")).to_be_in_viewport()
    expect(row("5-99")).to_have_count(0)
    asked.clear()
    with page.expect_response(re.compile("cursor=1")):
        server.post("/api/v1/dags/trigger", {"dags": ["spare"], "date": "2026-01-20"})
    expect(page.get_by_role("button", name="More")).to_be_attached()  # what was far away has gone
    assert set(asked) == {0, 1}


def test_a_viewer_is_told_why_not(server, visit):
    page = visit(server)
    signed_in(page, server, "viewer", "/runs?dag=broken")
    expect(page.get_by_role("row")).to_have_count(13)  # before that keys mean nothing
    page.keyboard.press("j")
    page.keyboard.press("x")
    cancel = page.get_by_role("button", name="Cancel", exact=True)
    expect(cancel).to_be_disabled()
    expect(cancel).to_have_attribute("title", "it needs the role operator; yours here is viewer")
    cancel.click(force=True)
    expect(page.get_by_role("dialog")).to_have_count(0)
