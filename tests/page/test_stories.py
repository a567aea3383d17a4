"""What somebody on call does with the page, from beginning to end, on a server that works."""

import json
import os
import re
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread

import pytest
from playwright.sync_api import expect

from tests.e2e.served import children, served
from tests.e2e.standing import eventually
from tests.page.browsing import signed_in
from tests.page.living import Steady, do, ended, let, live_in, node, remembers, run_of, same_page

MENDED = """
from segue import dag, daily, task

@task
def reads() -> list[int]:
    return [3, 4]

@task
def adds(rows: list[int]) -> int:
    print("adding", len(rows), "rows")
    return sum(row["cents"] for row in rows)

@task
def tells(total: int) -> str:
    return f"{total} cents"

@dag(schedule=daily(), start="2026-01-01", end="2026-03-01", catchup=False)
def takings() -> None:
    tells(adds(reads()))
"""

EXAMPLE = Path(__file__).parents[2] / "examples" / "flights"


@contextmanager
def airports_served(answers: Queue[int]) -> Iterator[str]:
    """A server of airports that gives one of these statuses to each who asks, and lets them wait until there is one."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(answers.get())
            self.end_headers()
            self.wfile.write(json.dumps([{"faa": "LAX", "name": "Los Angeles"}]).encode())

        def log_message(self, *told: object) -> None:
            """The task says what it met."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_the_flights_example_is_watched_with_a_retry_of_a_task(built, tmp_path, visit):
    project, answers = Steady(tmp_path / "flights", workers=2), Queue[int]()
    shutil.copytree(EXAMPLE, project.folder, ignore=shutil.ignore_patterns("out", ".*"), dirs_exist_ok=True)
    with airports_served(answers) as url, served(project) as (one, server):
        page = visit(server)
        signed_in(page, server, "operator", "/dags/flights")
        page.get_by_role("button", name="Trigger", exact=True).first.click()
        form = page.get_by_role("dialog")
        form.get_by_label("By a date, or a range of dates").check()
        form.get_by_label("date, or range of dates").fill("2026-01-02")
        form.get_by_role("textbox", name="airports_url").fill(url)
        form.get_by_role("textbox", name="out").fill(str(tmp_path / "out"))
        does = form.locator(".dialog-foot button").last
        expect(does).to_be_enabled()
        does.click()
        form.get_by_role("link").first.click()
        expect(node(page, "fetch_airports, running")).to_be_visible()
        remembers(page)
        answers.put(503)
        eventually(
            lambda: any(told.startswith("fetch_airports, up for retry") for told in same_page(page)), "the retry"
        )
        node(page, "fetch_airports").click()
        picked = page.locator(".run-picked")
        expect(picked).to_contain_text(re.compile("attempt 1.*failed.*attempt 2.*running", re.DOTALL))
        expect(node(page, "per_airport, pending")).to_be_visible()
        answers.put(200)
        expect(page.get_by_role("list", name="legend")).to_contain_text("success 9")
        same_page(page)
        page.get_by_role("link", name="Events", exact=True).click()
        expect(page.locator("main")).to_contain_text("HTTP Error 503")
        page.close()
        assert (tmp_path / "out" / "flights.duckdb").exists()
        assert one.end() == 0


@pytest.fixture(scope="module")
def server(built, tmp_path_factory):
    project = Steady(tmp_path_factory.mktemp("stories") / "shop", workers=2)
    project.write("live.py", live_in(project.folder))
    project.write("mended.py", MENDED)
    with served(project) as (one, server):
        server.up = one
        yield server
        for word in ("extract", "clean", "long"):
            let(server, word)
        assert one.end() == 0


def test_a_run_and_a_retry_are_watched_as_they_go_on(server, visit):
    run = run_of(server, "flights")
    page = visit(server)
    signed_in(page, server, "viewer", f"/runs/{run}")
    expect(node(page, "extract, running")).to_be_visible()
    expect(node(page, "clean, pending")).to_be_visible()
    remembers(page)

    let(server, "extract")
    expect(node(page, "clean, running")).to_be_visible()
    expect(node(page, "extract, success")).to_be_visible()
    eventually(lambda: any(told.startswith("clean, up for retry") for told in same_page(page)), "the retry")
    node(page, "clean").click()
    picked = page.locator(".run-picked")
    expect(picked).to_contain_text(re.compile("attempt 1.*failed.*attempt 2.*running", re.DOTALL))
    let(server, "clean")
    expect(page.get_by_role("list", name="legend")).to_contain_text("success 4")
    expect(picked).to_contain_text(re.compile("attempt 2.*success", re.DOTALL))
    same_page(page)

    page.get_by_role("link", name="Events", exact=True).click()
    expect(page.locator("main")).to_contain_text("the service hung up")


def test_a_broken_task_is_read_mended_and_run_again_with_the_new_code(server, visit):
    run = ended(server, run_of(server, "takings", date="2026-01-05"), "failed")
    page = visit(server)
    signed_in(page, server, "operator", f"/runs/{run}")
    fault = page.locator(".run-fail")
    expect(fault).to_contain_text("First culprit: adds")
    expect(fault).to_contain_text("1 task of this run: tells")
    expect(fault.get_by_role("group", name="the last lines of the log")).to_contain_text("adding 2 rows")
    fault.get_by_role("link", name="the whole log").click()
    log = page.get_by_label("find in the log")
    expect(page.locator(".log")).to_contain_text("TypeError: 'int' object is not subscriptable")
    log.fill("subscriptable")
    expect(page.locator(".log-hits")).to_contain_text(re.compile(r"\d line"))
    page.get_by_role("link", name=run).click()

    expect(fault).to_be_visible()
    server.up.project.write("mended.py", MENDED.replace('row["cents"]', "row"))
    again = page.get_by_role("button", name="Rerun failed with new code").first
    expect(again).to_be_visible()  # by itself, as soon as the file has been read again
    again.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("2 tasks anew, 1 taken over")
    dialog.locator("summary", has_text="code").first.click()
    expect(dialog).to_contain_text('return sum(row["cents"] for row in rows)')
    expect(dialog).to_contain_text("return sum(row for row in rows)")
    page.keyboard.press("Escape")
    dialog = do(page, "Rerun failed with new code")
    dialog.get_by_role("link").first.click()
    expect(node(page, "tells, success")).to_be_visible()


def test_a_backfill_is_made_with_its_preview_paused_and_cancelled(server, visit):
    page = visit(server)
    signed_in(page, server, "operator", "/backfills?new=1")
    form = page.get_by_role("dialog")
    form.get_by_role("combobox", name="DAG", exact=True).fill("months")
    form.get_by_role("combobox", name="DAG", exact=True).press("Enter")
    form.get_by_role("textbox", name="Intervals").fill("2026-02-01..2026-02-06")
    plan = form.get_by_role("region", name="what it will do")
    expect(plan).to_contain_text(re.compile("6 intervals"))
    form.get_by_label("Runs at once").fill("2")
    form.get_by_label("Why").fill("a tax rule was wrong")
    expect(plan).to_contain_text("2 at once")
    start = form.get_by_role("button", name="Run 6 intervals")
    expect(start).to_be_enabled()
    assert server.get("/api/v1/backfills?dag=months").json()["items"] == []
    start.click()
    form.get_by_role("link", name=re.compile("backfill")).click()

    expect(page.get_by_role("heading", name=re.compile(r"Backfill \d+ of months"))).to_be_visible()
    expect(page.locator("main")).to_contain_text("a tax rule was wrong")
    expect(page.locator(".backfill-counts")).to_contain_text(re.compile("running.*2"))
    do(page, "Pause")
    page.keyboard.press("Escape")
    expect(page.locator(".backfill-verdict")).to_contain_text("It is paused")
    do(page, "Cancel")
    page.keyboard.press("Escape")
    expect(page.locator(".backfill-verdict")).to_contain_text("It was cancelled")
    made = server.get("/api/v1/backfills?dag=months").json()["items"]
    assert [one["state"] for one in made] == ["cancelled"]


def test_a_viewer_can_do_nothing_and_is_told_why(server, visit, complaints):
    complaints.expected.append("status of 403")
    page = visit(server)
    signed_in(page, server, "viewer", "/dags/flights")
    for name in ("Pause", "Trigger"):
        button = page.get_by_role("button", name=name, exact=True)
        expect(button).to_be_disabled()
        expect(button).to_have_attribute("title", "it needs the role operator; yours here is viewer")
        button.click(force=True)
    expect(page.get_by_role("dialog")).to_have_count(0)
    status = """async ([path, body]) => (await fetch(path, { method: "POST", body: JSON.stringify(body),
      headers: { "content-type": "application/json" } })).status"""
    for path, body in (
        ("/api/v1/dags/trigger", {"dags": ["flights"]}),
        ("/api/v1/dags/pause", {"dags": ["flights"]}),
        ("/api/v1/dags/months/backfills", {"range": "2026-02-01"}),
    ):
        assert page.evaluate(status, [path, body]) == 403


def test_two_browsers_see_one_update(server, visit):
    one, two = visit(server), visit(server)
    signed_in(one, server, "operator", "/dags/months")
    signed_in(two, server, "viewer", "/dags/months")
    expect(two.locator(".pulse")).to_have_text("live")
    do(one, "Pause")
    expect(two.locator(".dag-banner")).to_contain_text("Paused")
    one.keyboard.press("Escape")
    do(one, "Unpause")
    expect(two.locator(".dag-banner")).to_have_count(0)


def test_six_tabs_of_a_browser_share_one_stream(server, visit):
    page = visit(server)
    opened: list[str] = []
    page.context.on("request", lambda request: opened.append(request.url) if request.url.endswith("/events") else None)
    signed_in(page, server, "operator", "/dags/flights")
    tabs = [page, *(page.context.new_page() for _ in range(5))]
    for tab in tabs[1:]:
        tab.goto("/dags/months")
        expect(tab.locator("main h1")).to_contain_text("months")
    for tab in tabs:
        expect(tab.locator(".pulse")).to_have_text("live")
    assert len(opened) == 1, opened
    assert server.post("/api/v1/dags/pause", {"dags": ["months"]}).status == 200
    for tab in tabs[1:]:
        expect(tab.locator(".dag-banner")).to_contain_text("Paused")
    page.close()  # the one that listens: another takes it up
    assert server.post("/api/v1/dags/unpause", {"dags": ["months"]}).status == 200
    for tab in tabs[1:]:
        expect(tab.locator(".dag-banner")).to_have_count(0)
        expect(tab.locator(".pulse")).to_have_text("live")


def test_whoever_looks_is_told_that_nobody_schedules_and_that_somebody_does_again(server, visit, complaints):
    complaints.expected += [r"status of 50\d", "ERR_"]
    page = visit(server)
    signed_in(page, server, "viewer", "/dags")
    expect(page.get_by_role("link", name="flights").first).to_be_visible()
    remembers(page)
    loop = server.up.loop()
    os.kill(loop, signal.SIGSTOP)  # an owner that starts a new one at once would be too quick for eyes
    try:
        expect(page.get_by_role("alert")).to_contain_text("Nobody schedules: runs wait.")
    finally:
        os.kill(loop, signal.SIGKILL)
    expect(page.get_by_role("alert")).to_have_count(0)
    same_page(page)


def test_the_page_comes_back_by_itself_after_the_web_server_was_killed(server, visit, complaints):
    complaints.expected += [r"status of 50\d", "ERR_"]
    page = visit(server)
    signed_in(page, server, "viewer", "/dags/flights")
    expect(page.locator(".pulse")).to_have_text("live")
    remembers(page)
    [web] = children(server.up, "segue.app.web")
    os.kill(web, signal.SIGKILL)
    expect(page.locator(".pulse")).to_have_text("connecting…")
    server.await_answer()
    expect(page.locator(".pulse")).to_have_text("live")
    run = run_of(server, "flights")
    expect(page.get_by_role("link", name=re.compile(re.escape(run.partition("@")[2]))).first).to_be_visible()
    same_page(page)
