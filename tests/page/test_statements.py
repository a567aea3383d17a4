"""What the statements of acceptance ask of the page (S10, S55, S82, S86 to S91, S107)."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.commands import Project
from tests.e2e.served import served
from tests.e2e.standing import eventually
from tests.page.browsing import signed_in
from tests.page.living import do, ended, let, live_in, node, run_of

DAGS = """
from segue import Param, Params, dag, daily, injected, task

class Form(Params):
    env: str = Param("test", enum=["test", "production"], description="where it writes")
    smallest: int = Param(3, minimum=0, maximum=9)

@task(role="source")
def reads(params: Form = injected) -> int:
    print("reading for", params.env)
    return params.smallest

@task(role="transform")
def breaks(n: int) -> int:
    if n == 3:
        raise ValueError("there is no such column")
    return n

@task(role="curated")
def keeps(n: int) -> int:
    return n

@task(role="consumer")
def shows(n: int) -> int:
    return n

@dag(schedule=daily(), start="2026-01-01", end="2026-03-01", catchup=False, params=Form)
def orders() -> None:
    shows(keeps(breaks(reads())))
"""


@pytest.fixture(scope="module")
def server(built, tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("statements") / "shop", workers=2, worker_price=0.5)
    project.write("orders.py", DAGS)
    project.write("live.py", live_in(project.folder))
    with served(project) as (one, server):
        server.failed = ended(server, run_of(server, "orders", date="2026-02-03"), "failed")
        ended(server, run_of(server, "orders", date="2026-02-02", params={"smallest": 1}), "success")
        yield server
        let(server, "long")
        assert one.end() == 0


def test_s86_the_overview_has_every_dag_what_failed_and_what_comes(server, visit):
    page = visit(server)
    signed_in(page, server, "viewer")
    trouble = page.locator(".attention > li", has_text=server.failed)
    expect(trouble).to_contain_text("there is no such column")
    expect(trouble).to_contain_text("stops 2 tasks downstream")
    for dag in ("flights", "months", "orders"):
        expect(page.locator(".flow-row", has_text=dag)).to_be_visible()
    runs = page.get_by_role("navigation", name="newest runs of orders").get_by_role("link")
    expect(runs).to_have_count(2)
    expect(page.get_by_text("the next 24 hours")).to_be_visible()


def test_s87_the_page_of_a_dag_has_its_runs_their_trend_states_errors_and_logs(server, visit):
    page = visit(server)
    signed_in(page, server, "viewer", "/dags/orders")
    expect(page.get_by_role("region", name="grid").locator("canvas").first).to_be_visible()
    page.get_by_role("link", name="Trend", exact=True).click()
    expect(page.locator("main")).to_contain_text(re.compile("1 good run: median .* nine of ten within"))
    page.get_by_role("link", name="Runs", exact=True).last.click()
    row = page.get_by_role("region", name="runs").get_by_role("row", name=re.compile("2026-02-03"))
    expect(row).to_contain_text("ValueError: there is no such column")
    row.get_by_role("link", name="breaks, its log").click()
    expect(page.locator(".run-fail")).to_contain_text("ValueError")


def test_s88_resources_tell_of_workers_their_use_the_queue_and_the_cost(server, visit):
    page = visit(server)
    signed_in(page, server, "viewer", "/resources")
    figures = page.locator(".figures")
    expect(figures).to_contain_text(re.compile(r"\d of 2 busy"))
    expect(figures).to_contain_text(re.compile("nothing waits|task"))
    expect(figures).to_contain_text("0.5")
    expect(page.locator("table.costs").get_by_role("row", name=re.compile("orders"))).to_be_visible()


def test_s91_the_health_of_every_part_is_told(server, visit):
    page = visit(server)
    signed_in(page, server, "viewer", "/resources")
    parts = page.locator(".parts li")
    expect(parts).to_have_count(5)
    for part in ("Scheduler", "Workers", "Database", "DAG folder", "Web server"):
        expect(parts.filter(has_text=part)).to_have_count(1)
    expect(page.locator(".parts .ill")).to_have_count(0)


def test_s89_s107_the_graph_has_states_roles_and_what_a_failure_stops(server, visit):
    page = visit(server)
    signed_in(page, server, "viewer", f"/runs/{server.failed}?tab=graph")
    for words in (
        "reads, success", "breaks, failed", "keeps, upstream failed", "shows, upstream failed",
    ):  # fmt: skip
        expect(node(page, words)).to_have_count(1)
    for name, role in (("reads", "source"), ("breaks", "transform"), ("keeps", "curated"), ("shows", "consumer")):
        expect(node(page, name)).to_have_attribute("aria-label", re.compile(rf"\b{role}\b"))
    for name in ("keeps", "shows"):
        expect(node(page, name)).to_have_attribute("aria-label", re.compile("downstream of a failure"))
    expect(page.locator(".run-blast")).to_contain_text("2 tasks of this run: keeps, shows")


def test_s90_trigger_pause_mark_and_rerun_from_the_page(server, visit):
    page = visit(server)
    signed_in(page, server, "operator", "/dags/orders")
    do(page, "Pause")
    page.keyboard.press("Escape")
    expect(page.locator(".dag-banner")).to_contain_text("Paused")
    do(page, "Unpause")
    page.keyboard.press("Escape")
    failed = ended(server, run_of(server, "orders", date="2026-02-04"), "failed")
    page.goto(f"/runs/{failed}?task=breaks")
    do(page, "Mark…", page.locator(".run-picked"), reason="the column came by mail")
    page.keyboard.press("Escape")
    expect(page.get_by_role("list", name="legend")).to_contain_text("success 2")
    page.goto(f"/runs/{server.failed}")
    do(page, "Rerun all")
    eventually(lambda: len(server.get("/api/v1/runs?dag=orders&slot=2026-02-03").json()["items"]) > 1, "the rerun")


def test_s82_params_are_a_form_that_says_what_is_wrong_and_starts_what_was_asked_for(server, visit, complaints):
    complaints.expected.append("status of 422")
    page = visit(server)
    signed_in(page, server, "operator", "/dags/orders")
    page.get_by_role("button", name="Trigger", exact=True).first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("where it writes")
    dialog.get_by_role("combobox", name="env").select_option(label="production")
    dialog.get_by_role("textbox", name="smallest").fill("10")
    expect(dialog.get_by_text("9 or less is wanted", exact=True)).to_be_visible()
    dialog.get_by_role("textbox", name="smallest").fill("2")
    does = dialog.locator(".dialog-foot button").last
    expect(does).to_be_enabled()
    expect(dialog).to_contain_text("--param env=production")
    does.click()
    dialog.get_by_role("link", name=re.compile("orders@")).first.click()
    page.get_by_role("link", name="Params", exact=True).click()
    expect(page.get_by_role("row", name=re.compile("env"))).to_contain_text("production")


def test_s10_a_run_that_waits_for_the_one_before_says_so(server, visit):
    first, second = (run_of(server, "months", date=f"2026-02-0{day}") for day in (1, 2))
    page = visit(server)
    signed_in(page, server, "viewer", f"/runs/{second}")
    expect(page.locator("main")).to_contain_text(f"waits: 1 of 1 runs of months are active (max_active_runs): {first}")


def test_s55_the_calendar_tells_of_each_day_what_it_is_and_runs_one_alone(server, visit):
    page = visit(server)
    signed_in(page, server, "operator", "/dags/orders?tab=calendar&month=2026-02")
    for day, state in (("2026-02-02", "fresh"), ("2026-02-10", "missing")):
        expect(page.locator(f'[data-day="{day}"]').first).to_have_attribute("title", re.compile(state))
    page.locator('[data-day="2026-02-02"]').first.click()
    expect(page.locator("main")).to_contain_text("2026-02-02: 1 interval")
    page.get_by_role("button", name="Run this day again").click()
    expect(page.get_by_role("dialog")).to_contain_text("1 interval")
