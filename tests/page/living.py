"""DAGs that wait until a story lets them go on, and looks at what a page shows of them."""

import socket
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Locator, Page, expect

from tests.e2e.commands import Project
from tests.e2e.served import Server
from tests.e2e.standing import eventually

__all__ = ["Steady", "do", "ended", "let", "live_in", "node", "remembers", "run_of", "same_page"]

_LIVE = """
import time
from pathlib import Path
from segue import Context, Param, Params, Retry, dag, daily, hourly, injected, task

def wait_for(name: str) -> None:
    while not (Path("HERE") / name).exists():
        time.sleep(0.02)

@task(role="source")
def extract(context: Context = injected) -> list[int]:
    context.log.info("40 planes are read")
    wait_for("extract")
    return list(range(40))

@task(role="transform", retry=Retry(1, delay="2s"))
def clean(rows: list[int], context: Context = injected) -> list[int]:
    if context.attempt == 1:
        raise ConnectionError("the service hung up")
    wait_for("clean")
    return rows

@task(role="curated")
def publish(rows: list[int]) -> int:
    return len(rows)

@task(role="consumer")
def report(n: int) -> str:
    return f"{n} rows"

@dag(schedule=None, owner="dana", tags=["live"])
def flights() -> None:
    report(publish(clean(extract())))

@task
def wait_long() -> int:
    wait_for("long")
    return 1

@dag(schedule=daily(), start="2026-01-01", end="2026-03-01", catchup=False)
def months() -> None:
    wait_long()
"""


class Steady(Project):
    """A project whose web server comes back where it was: a browser finds it again."""

    port = 0

    def environ(self) -> dict[str, str]:
        if not self.port:
            with socket.create_server(("127.0.0.1", 0)) as free:
                self.port = free.getsockname()[1]
        return super().environ() | {"SEGUE_WEB_PORT": str(self.port)}


def live_in(folder: Path) -> str:
    """The DAG file, whose tasks look for their words in that folder."""
    return _LIVE.replace("HERE", str(folder))


def let(server: Server, name: str) -> None:
    """Tasks that wait for this word go on."""
    (server.home.parent / name).touch()


def run_of(server: Server, dag: str, **asked: object) -> str:
    """A new run of a DAG; its name."""
    done = server.post("/api/v1/dags/trigger", {"dags": [dag], **asked})
    assert done.status == 200, done.body
    return str(done.json()["done"][0]["run_id"])


def ended(server: Server, run: str, state: str) -> str:
    """Wait until a run has that state; its name."""
    eventually(lambda: server.get(f"/api/v1/runs/{quote(run)}").json().get("state") == state, f"{run} {state}")
    return run


def node(page: Page, words: str) -> Locator:
    """A box of the graph that is told so: `clean, running`."""
    return page.locator(f'.graph-node[aria-label^="{words}"]')


def remembers(page: Page) -> None:
    """Mark this document, and keep all that the boxes of its graph are ever told as."""
    page.evaluate("""() => {
      window.told = [];
      new MutationObserver((moved) => { for (const { target } of moved) told.push(target.ariaLabel ?? "") })
        .observe(document.body, { subtree: true, attributes: true, attributeFilter: ["aria-label"] });
    }""")


def same_page(page: Page) -> list[str]:
    """What the boxes have been told as since `remembers`: nothing was loaded anew meanwhile."""
    told: list[str] = page.evaluate("window.told")
    assert told is not None, "the page was loaded anew"
    return told


def do(page: Page, button: str, within: Locator | None = None, reason: str = "") -> Locator:
    """Press a button, look at the plan, say why, do it; the dialog with what has become of it."""
    (within or page.locator("main")).get_by_role("button", name=button, exact=True).first.click()
    dialog = page.get_by_role("dialog")
    if reason:
        dialog.get_by_role("textbox", name="Why").fill(reason)
    does = dialog.locator(".dialog-foot button").last
    expect(does).to_be_enabled()
    does.click()
    expect(dialog.get_by_role("button", name="Close", exact=True)).to_be_visible()
    return dialog
