"""What axe, which knows the rules of accessibility, finds on a page."""

from functools import cache
from pathlib import Path

from playwright.sync_api import Page

__all__ = ["grave_faults"]

_SOURCE = Path(__file__).parents[2] / "ui/node_modules/axe-core/axe.min.js"
_GRAVE = ("serious", "critical")
_RUN = "() => axe.run(document, { resultTypes: ['violations'], elementRef: false })"


@cache
def _source() -> str:
    return _SOURCE.read_text()


def grave_faults(page: Page) -> list[str]:
    """What is serious or critical on a page as it stands: the rule, where, and why."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_source())
    return [
        f"{fault['id']}: {place['target'][0]}: {place['failureSummary'].splitlines()[-1].strip()}"
        for fault in page.evaluate(_RUN)["violations"]
        if fault["impact"] in _GRAVE
        for place in fault["nodes"][:3]
    ]
