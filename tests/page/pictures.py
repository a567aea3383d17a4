"""`python -m tests.page.pictures [NAME...]`: the pictures of `docs/img/`, light and dark, of what `make up` shows.

They are looked at by people and compared with nothing; tests and CI make none.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Page, sync_playwright

import hatch_build
from tests.e2e.commands import Project
from tests.e2e.served import Server, served
from tests.page.browsing import signed_in
from tests.run_stages import find_browser

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "img"
SIZE = {"width": 1440, "height": 900}
HALF = {"x": 0, "y": 0, "width": 1440, "height": 600}  # a list goes on like that, and makes a large file
SETTLED = 1_500  # milliseconds: fonts, graphs and live figures stand still


def addresses_of(server: Server) -> dict[str, str]:
    """The address of every picture."""

    def newest(dag: str, state: str) -> str:
        items = server.get(f"/api/v1/runs?dag={dag}&state={state}&limit=1").json()["items"]
        return quote(items[0]["run_id"]) if items else ""

    failed, good = newest("fleet", "failed"), newest("flights", "success")
    attempts = server.get(f"/api/v1/runs/{failed}/attempts").json()["items"]
    backfills = server.get("/api/v1/backfills").json()["items"]
    held = newest("*", "held") or newest("*", "queued")
    pages = {
        "overview": "/", "dags": "/dags", "dag": "/dags/flights", "dag-graph": "/dags/flights?tab=graph",
        "dag-calendar": "/dags/weather?tab=calendar", "dag-trend": "/dags/flights?tab=trend", "runs": "/runs",
        "run": f"/runs/{failed}", "run-timeline": f"/runs/{good}?tab=timeline",
        "attempt": f"/attempts/{attempts[-1]['attempt_id']}" if attempts else "",
        "held": f"/runs/{held}" if held else "", "backfills": "/backfills",
        "backfill": f"/backfills/{backfills[0]['id']}" if backfills else "",
        "backfill-new": "/backfills?new=1&dag=flights&range=2026-03..2026-09", "missing": "/missing",
        "alerts": "/alerts", "resources": "/resources", "audit": "/audit", "settings": "/settings",
        "palette": "/", "trigger": "/dags/flights",
    }  # fmt: skip
    return {name: address for name, address in pages.items() if address}


def find(page: Page) -> None:
    """Open the palette, with something typed."""
    page.get_by_role("heading", name="Overview").wait_for()  # before that nobody hears keys
    page.keyboard.press("Control+k")
    page.get_by_role("dialog").get_by_role("combobox").fill("fl")


def trigger(page: Page) -> None:
    """Open the dialog that starts a run."""
    page.get_by_role("button", name="Trigger", exact=True).first.click()


BEFORE: dict[str, Callable[[Page], None]] = {"palette": find, "trigger": trigger}


def take(page: Page, name: str, scheme: str) -> None:
    """One picture."""
    BEFORE.get(name, lambda page: None)(page)
    page.wait_for_timeout(SETTLED)
    page.screenshot(path=PICTURES / f"{name}-{scheme}.png", clip=HALF if name == "runs" else None)


def main(wanted: list[str]) -> None:
    """Make those that are wanted, else all."""
    hatch_build.build()
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder) / "flights", workers=2)
        leave = shutil.ignore_patterns(".segue", "out", "__pycache__")
        shutil.copytree(ROOT / "examples" / "flights", project.folder, ignore=leave, dirs_exist_ok=True)
        subprocess.run([sys.executable, "past.py"], cwd=project.folder, check=True)
        with served(project) as (_, server), sync_playwright() as play:
            browser = play.chromium.launch(executable_path=find_browser(), args=["--no-sandbox", "--disable-gpu"])
            pages = addresses_of(server)
            for scheme in ("light", "dark"):
                context = browser.new_context(base_url=server.url, viewport=SIZE, color_scheme=scheme)
                page = context.new_page()
                if not wanted or "sign-in" in wanted:
                    page.goto("/sign-in")
                    take(page, "sign-in", scheme)
                signed_in(page, server, "admin")
                for name, address in pages.items():
                    if not wanted or name in wanted:
                        page.goto(address)
                        take(page, name, scheme)
                context.close()
            browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
