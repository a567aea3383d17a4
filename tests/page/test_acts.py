"""Acts through their dialog: what it will do is shown, it is done, and what has become of it is told."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

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
