"""A real browser before a real server."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

import hatch_build
from tests.e2e.commands import Project
from tests.e2e.served import Server, served
from tests.e2e.standing import TICKING
from tests.page.browsing import PATIENCE, Complaints
from tests.run_stages import NO_BROWSER, find_browser

ARGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")


@pytest.fixture(scope="session")
def built() -> None:
    """The page of this tree lies where the server looks for it."""
    hatch_build.build()


@pytest.fixture(scope="session")
def browser(built: None) -> Iterator[Browser]:
    """The system's Chromium."""
    found = find_browser()
    if found is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(NO_BROWSER)
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as play:
        one = play.chromium.launch(executable_path=found, args=ARGS)
        yield one
        one.close()


@pytest.fixture
def complaints() -> Complaints:
    """What the browsers of a test complain of; see `Complaints.expected`."""
    return Complaints()


@pytest.fixture
def visit(browser: Browser, complaints: Complaints) -> Iterator[Callable[..., Page]]:
    """`visit(server, path=None, **options)` opens a page in a browser of its own, `options` are those of a context.

    What any of them complains of without being expected to fails the test in the end.
    """
    with ExitStack() as stack:

        def open_page(server: Server, path: str | None = None, **options: object) -> Page:
            context = browser.new_context(base_url=server.url, **options)
            stack.callback(context.close)
            context.set_default_timeout(PATIENCE)
            complaints.listen(context)
            page = context.new_page()
            if path is not None:
                page.goto(path)
            return page

        yield open_page
    assert complaints.unexpected() == []


@pytest.fixture(scope="session")
def shop(built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with one DAG, for stories that leave nothing behind."""
    project = Project(tmp_path_factory.mktemp("page") / "shop", workers=1)
    project.write("ticking.py", TICKING.replace("1s", "1h"))
    with served(project) as (one, server):
        yield server
        assert one.end() == 0
