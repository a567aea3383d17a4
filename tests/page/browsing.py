"""What stories of the page share: who signs in, and what a browser may complain of."""

import re
import secrets
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, ConsoleMessage, Page

from segue.app.access import opened_keeper
from segue.app.clock import SystemClock
from segue.app.settings import read_settings
from segue.model.access import Grant, Role
from tests.e2e.served import PASSWORD, Server

__all__ = ["PATIENCE", "Complaints", "add_user", "signed_in"]

PATIENCE = 60_000
"""Milliseconds that a story waits for what a person would see at once."""

_REPORT = """
document.addEventListener("securitypolicyviolation", (event) => console.error(
  "policy:", event.violatedDirective, event.blockedURI, event.sample, event.sourceFile, event.lineNumber));
"""


@dataclass
class Complaints:
    """What browsers said that a story did not expect: errors of scripts, of requests, of the page's policy.

    Args:
        expected: patterns of what may be said; a story that breaks something on purpose adds its own.
    """

    expected: list[str] = field(default_factory=lambda: [r"the server responded with a status of (401|409)\b"])
    said: list[str] = field(default_factory=list)

    def listen(self, context: BrowserContext) -> None:
        """Hear every page of a browser, also those that it opens later, and their workers."""
        context.add_init_script(_REPORT)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.said.append(f"thrown: {error.error}"))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "assert"):
            self.said.append(f"{message.text} ({message.location.get('url', '')})")

    def unexpected(self) -> list[str]:
        """What nobody expected."""
        return [text for text in self.said if not any(re.search(pattern, text) for pattern in self.expected)]


def add_user(server: Server, role: str, select: str = "*") -> str:
    """A new user with that role on a selection and the password of all tests; their name."""
    name = f"{role}-{secrets.token_hex(3)}"
    with opened_keeper(read_settings(server.home.parent, {}), lambda text: None) as keeper:
        keeper.people.add_user(name, [Grant(Role(role), select)], PASSWORD, "tests", SystemClock().now())
    return name


def signed_in(page: Page, server: Server, role: str, path: str = "/", select: str = "*") -> str:
    """Let a new user with that role into this browser, and open an address; their name.

    The way through the form is a story of its own; others begin behind it.
    """
    name = add_user(server, role, select)
    asked = {"user": name, "password": PASSWORD}
    answer = page.request.post(f"{server.url}/api/v1/session", data=asked, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.ok, answer.text()
    page.goto(path)
    page.locator("main *:visible").first.wait_for()
    return name
