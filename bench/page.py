"""What the page costs, in the system's Chromium: first load, stress pages, a million task rows, live updates.

Nothing here is an assertion. The built page is served by the real server under its real policy.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

import hatch_build
from bench.million import WIDE, fill
from bench.owner import wait
from bench.web import Served, served
from segue.app.access import opened_keeper
from segue.app.clock import SystemClock
from segue.app.settings import read_settings
from segue.model.access import Grant, Role
from segue.model.api.acts import TriggerDags
from tests.run_stages import find_browser

__all__ = ["Figure", "everything"]

_ARGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
_PASSWORD = "a very long password of a bench"
_PATIENCE = 120_000
# The moment, since 1970 and in seconds, at which a text first stands on the page.
_WATCH = """(text) => new Promise((resolve) => {
  const look = () => document.body.innerText.includes(text) && (resolve(Date.now() / 1000), true);
  if (!look()) { const watch = new MutationObserver(() => look() && watch.disconnect());
    watch.observe(document.body, { childList: true, subtree: true, characterData: true }); }
})"""
_LOADED = """() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
  .filter((entry) => !entry.name.includes('/api/')).reduce((sum, entry) => sum + entry.encodedBodySize, 0)"""


@dataclass(frozen=True)
class Figure:
    """One line: what, its budget, the values that were seen, their unit; `limit` is the budget as a number."""

    what: str
    budget: str
    values: tuple[float, ...]
    unit: str
    limit: float

    @property
    def middle(self) -> float:
        """The median."""
        return statistics.median(self.values)


def everything(repeats: int) -> Iterator[Figure]:
    """Measure all of it, each on pages opened anew."""
    hatch_build.build()
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=find_browser(), args=list(_ARGS))
        with tempfile.TemporaryDirectory(prefix="segue-bench-") as name:
            folder = Path(name)
            with served(folder) as one:
                yield from _stress(chromium, one, repeats)
                yield from _live(chromium, one, repeats)
            fill(folder / ".segue" / "segue.db")
            with served(folder) as one:
                yield _history(chromium, one, repeats)
        chromium.close()


@contextmanager
def _page(chromium: Browser, one: Served, *, inside: bool = True) -> Iterator[Page]:
    """A page in a browser of its own, signed in as an admin."""
    context = chromium.new_context(base_url=one.url, viewport={"width": 1440, "height": 900})
    context.set_default_timeout(_PATIENCE)
    if inside:
        _sign_in(context, one)
    yield context.new_page()
    context.close()


def _sign_in(context: BrowserContext, one: Served) -> None:
    now = SystemClock().now()
    name = f"page{now}"
    with opened_keeper(read_settings(one.home.parent, {}), lambda text: None) as keeper:
        keeper.people.add_user(name, [Grant(Role.ADMIN)], _PASSWORD, "bench", now)
    asked = {"user": name, "password": _PASSWORD}
    answer = context.request.post(f"{one.url}/api/v1/session", data=asked, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.ok, answer.text()


# --------------------------------------------------------------------------------------------------------- stress pages
def _stress(chromium: Browser, one: Served, repeats: int) -> Iterator[Figure]:
    with _page(chromium, one) as page:
        page.goto("/")
        page.get_by_role("heading", name="Overview").wait_for()
        page.wait_for_timeout(2_000)  # what is loaded when idle counts too
        yield Figure("first load of the overview, compressed", "<= 350 KB", (page.evaluate(_LOADED) / 1000,), "KB", 350)
    for nodes, limit in ((1_000, 2_000), (5_000, 2_000), (20_000, 0)):
        spans, longest = [], []
        for _ in range(repeats):
            with _page(chromium, one, inside=False) as page:
                page.goto(f"/stress/graph?nodes={nodes}")
                page.wait_for_function("() => window.__segueStress?.interactive")
                spans.append(page.evaluate("() => window.__segueStress.interactive"))
                page.wait_for_timeout(1_000)
                longest.append(max(page.evaluate("() => window.__segueStress.longTasks"), default=0))
        what = f"graph of {nodes:,} nodes is interactive (longest task after that {max(longest):.0f} ms)"
        yield Figure(what, "<= 2 s" if limit else "(stated)", tuple(spans), "ms", limit)
    yield from _scroll(chromium, one, repeats)
    yield _heap(chromium, one)


def _scroll(chromium: Browser, one: Served, repeats: int) -> Iterator[Figure]:
    painted, tasks, frames = [], [], []
    for _ in range(repeats):
        with _page(chromium, one, inside=False) as page:
            page.goto("/stress/grid?runs=365&tasks=200")
            page.wait_for_function("() => window.__segueStress?.done")
            told = page.evaluate("() => window.__segueStress")
            painted.append(told["opened"])
            tasks.append(max(told["longTasks"], default=0))
            frames.append(told["slowest"])
    yield Figure("grid of 365 x 200, first cells on the page", "<= 1 s", tuple(painted), "ms", 1_000)
    what = f"longest task in a scripted scroll of the whole grid (slowest frame {max(frames):.0f} ms)"
    yield Figure(what, "<= 50 ms", tuple(tasks), "ms", 50)


def _heap(chromium: Browser, one: Served) -> Figure:
    """The heap after 10,000 live updates over that after 1,000, each after a forced collection.

    Of 500 nodes, so that every one has its state after the first thousand.
    """
    with _page(chromium, one, inside=False) as page:
        tools = page.context.new_cdp_session(page)

        def used() -> float:
            for _ in range(3):
                tools.send("HeapProfiler.collectGarbage")
            return float(tools.send("Runtime.getHeapUsage")["usedSize"])

        page.goto("/stress/graph?nodes=500")
        page.wait_for_function("() => window.__segueStress?.interactive")
        page.evaluate("() => window.__segueStress.play(1000)")
        early = used()
        page.evaluate("() => window.__segueStress.play(9000)")
        late = used()
    what = f"heap after 10,000 live updates over that after 1,000 ({early / 1e6:.1f} MB)"
    return Figure(what, "<= 1.05", (late / early,), "x", 1.05)


# ------------------------------------------------------------------------------------------------------ live, history
def _live(chromium: Browser, one: Served, repeats: int) -> Iterator[Figure]:
    """From the answer to a trigger, which comes after the commit, until the run stands in the list."""
    with one.client() as client, _page(chromium, one) as page:
        wait(lambda: any(dag.dag_id == "years" for dag in client.dags.list().items))
        page.goto("/runs")
        page.get_by_role("heading", name="Runs").wait_for()
        page.wait_for_timeout(2_000)
        spans = []
        for number in range(5 * repeats):
            day = f"1990-{1 + number // 28:02}-{1 + number % 28:02}"
            page.evaluate(f"() => {{ window.seen = ({_WATCH})('{day}'); }}")
            client.acting.do(TriggerDags(dags=("years",), date=day))
            done = time.time()
            spans.append(1000 * (page.evaluate("() => window.seen") - done))
            page.wait_for_timeout(700)
    yield Figure("commit to pixel: a new run in the list of runs", "<= 500 ms", tuple(spans), "ms", 500)


def _history(chromium: Browser, one: Served, repeats: int) -> Figure:
    """The grid of a DAG of 200 tasks whose home has a million task rows."""
    spans = []
    for _ in range(repeats):
        with _page(chromium, one) as page:
            page.goto("/audit")
            page.get_by_role("heading", name="Audit").first.wait_for()
            began = time.perf_counter()
            page.goto(f"/dags/{WIDE}")
            page.locator(".grid-scroller").wait_for()
            page.evaluate("() => new Promise((later) => requestAnimationFrame(() => requestAnimationFrame(later)))")
            spans.append(1000 * (time.perf_counter() - began))
    return Figure("grid of 200 tasks over 1,000,000 task rows, opened anew", "<= 1 s", tuple(spans), "ms", 1_000)
