"""What users write is text on every page: not one of hundreds of attacks runs, none does the policy have to stop."""

import json
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.commands import Project
from tests.e2e.served import Server, served
from tests.e2e.standing import eventually
from tests.page.browsing import signed_in
from tests.page.living import ended, run_of
from tests.page.payloads import ID_LIKE, PAYLOADS
from tests.page.test_every_page import look, rest

DAGS = """
import json, sys
from enum import Enum
from pathlib import Path
from segue import Context, Dag, Param, Params, dag, daily, group, injected, task

ALL = json.loads(Path("HERE/payloads.json").read_text())
IDS = json.loads(Path("HERE/ids.json").read_text())

class Form(Params):
    free: str = Param(ALL[0], description=ALL[1])
    chosen: str = Param(ALL[2], enum=ALL[2:40], description=ALL[3])
    many: list[str] = Param(ALL[40:80], description=" ".join(ALL[40:80]))
    kept: dict[str, str] = Param({text: text for text in ALL[80:120]})

@task
def tells(params: Form = injected, context: Context = injected) -> list[dict]:
    for text in ALL:
        print(text)
        context.log.warning(text)
    return [{text: text for text in ALL[at:at + 12]} for at in range(0, len(ALL), 12)]

@task(doc=ALL[4])
def breaks(rows: list[dict], params: Form = injected) -> str:
    print(*ALL, sep="\\n", file=sys.stderr)
    raise ValueError(" ".join(ALL[int(params.free):int(params.free) + 60]))

@task
def rest(text: str) -> str:
    return text

@dag(schedule=None, params=Form, doc="\\n".join(ALL), owner=ALL[5], tags=ALL[6:12], timezone="Asia/Kathmandu")
def constructor() -> None:
    with group("__proto__"):
        told = tells()
    rest(breaks(told))

@task
def good() -> str:
    return "".join(ALL[:50])

@dag(schedule=daily(), start="2026-01-01", end="2026-03-01", catchup=False, owner=ALL[12], tags=ALL[13:16])
def __proto__() -> None:
    for name in IDS:
        good.with_options(id=name)()

for at in range(20, len(ALL), 12):
    with Dag(f"text_{at}", schedule=None, owner=ALL[at], tags=ALL[at + 1:at + 3], doc="\\n".join(ALL[at + 3:at + 12])):
        good()
"""
NAMES = PAYLOADS[::37]
ELSEWHERE = (
    "//evil.example", "https://evil.example/", "javascript:window.__xss=1", "\\\\evil.example", "/\\evil.example",
    "/%09/evil.example", "/.evil.example", "data:text/html,x", "/sign-in/../..//evil.example", " //evil.example",
    "/dags\t//evil.example", "/unheard-of",
)  # fmt: skip
HOOK = """
window.__ran = [];
for (const name of ["alert", "confirm", "prompt", "print", "open"]) window[name] = () => __ran.push(name);
Object.defineProperty(window, "__xss", { set: (which) => __ran.push(which), get: () => undefined });
"""


@pytest.fixture(scope="module")
def hostile(built, tmp_path_factory):
    """A server all of whose texts are hostile, and the addresses of what there is one of."""
    project = Project(tmp_path_factory.mktemp("hostile") / "shop", workers=2)
    project.write("payloads.json", json.dumps(PAYLOADS))
    project.write("ids.json", json.dumps(ID_LIKE))
    project.write(f"{PAYLOADS[0]}.py", DAGS.replace("HERE", str(project.folder)))
    with served(project) as (one, server):
        yield server, fill(server)
        assert one.end() == 0


def fill(server: Server) -> list[str]:
    """Put a text into every field that takes one; the addresses to look at."""
    failed = []
    for n in range(0, len(PAYLOADS), 60):
        failed.append(run_of(server, "constructor", params={"free": str(n)}, reason=" ".join(PAYLOADS[n : n + 12])))
    for run in failed:
        ended(server, run, "failed")
    name = quote(failed[0])
    mark = {"runs": [failed[-1]], "task": "rest", "state": "success", "reason": PAYLOADS[7]}
    assert server.post("/api/v1/runs/mark", mark).status == 200
    assert server.post("/api/v1/dags/pause", {"dags": ["text_20"], "reason": PAYLOADS[8]}).status == 200
    made = server.post("/api/v1/dags/__proto__/backfills", {"range": "2026-02-01", "reason": " ".join(PAYLOADS[12:24])})
    assert made.status == 200, made
    silence = {"select": "constructor", "until": "2h", "reason": PAYLOADS[9]}
    assert server.post("/api/v1/alerts/silence", silence).status == 200
    for at, text in enumerate(NAMES):  # what refuses them says so, with the text in its answer
        server.ask("PUT", f"/api/v1/pools/{quote(text, safe='')}", {"slots": 2})
        server.ask("PUT", f"/api/v1/connections/{quote(text, safe='')}", {"value": f"http://h/{quote(text)}"})
        server.ask("PUT", f"/api/v1/secrets/{quote(text, safe='')}", {"value": text})
        server.post("/api/v1/users", {"user": text, "grants": [{"role": "viewer", "select": NAMES[at - 1]}]})
        server.post("/api/v1/alerts/silence", {"select": text, "until": "2h", "reason": text})
    attempts = server.get(f"/api/v1/runs/{name}/attempts").json()["items"]
    backfill = server.get("/api/v1/backfills").json()["items"][0]["id"]
    eventually(lambda: server.get("/api/v1/runs?dag=__proto__&state=success").json()["items"], "the backfill")
    return [
        *(f"/attempts/{one['attempt_id']}" for one in attempts[:2]),
        f"/runs/{name}", f"/runs/{quote(failed[-1])}?task=rest", "/runs/__proto__%402026-02-01?tab=results",
        "/dags/constructor", "/dags/__proto__", f"/backfills/{backfill}", "/backfills?new=1&dag=constructor",
        "/", "/dags", "/runs", "/backfills", "/missing", "/alerts", "/resources", "/audit", "/settings",
    ]  # fmt: skip


def ran(page: Page) -> list[object]:
    found: list[object] = page.evaluate("window.__ran")
    return found


def test_no_text_of_a_user_is_ever_run(hostile, visit, complaints):
    assert len(set(PAYLOADS)) >= 300
    complaints.expected.append(r"status of (400|404|422)\b")
    server, addresses = hostile
    page = visit(server)
    page.context.add_init_script(HOOK)
    gone: list[str] = []
    page.on("dialog", lambda dialog: (gone.append(dialog.message), dialog.dismiss()))
    page.on("framenavigated", lambda frame: frame.url.startswith(server.url) or gone.append(frame.url))
    page.context.on("page", lambda other: gone.append(other.url))
    signed_in(page, server, "admin")
    seen = 0
    for address in addresses:
        look(page, address)
        seen += sum(f"window.__xss={n}" in page.locator("body").inner_text() for n in (1, 2, 9, 10, 70, 150, 301))
        assert (ran(page), gone) == ([], []), address
    assert seen >= 20, "as text they are there to be read"
    page.evaluate("window.__xss = 'a script'")
    assert ran(page) == ["a script"], "one that ran would have been seen"


def test_dialogs_forms_and_the_palette_show_them_as_text_too(hostile, visit, complaints):
    complaints.expected.append(r"status of (400|404|422)\b")
    server, _ = hostile
    page = visit(server)
    page.context.add_init_script(HOOK)
    signed_in(page, server, "admin", "/dags/constructor")
    page.get_by_role("button", name="Trigger", exact=True).first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("window.__xss=2")
    dialog.get_by_role("textbox", name="free").fill(PAYLOADS[3])
    dialog.get_by_role("textbox", name="Why").fill(PAYLOADS[4])
    expect(dialog).to_contain_text("window.__xss=4")
    page.keyboard.press("Escape")
    page.goto("/runs?dag=constructor&state=failed")
    page.get_by_label("pick all that are shown").check()
    page.get_by_role("button", name="Retry", exact=True).click()
    expect(dialog).to_contain_text("window.__xss=")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    for text in NAMES[:4]:
        dialog.get_by_role("combobox").fill(text)
    dialog.get_by_role("combobox").fill("constructor")
    expect(dialog.get_by_role("option").first).to_be_visible()
    page.keyboard.press("Escape")
    for text in NAMES[:6]:
        page.goto(f"/runs?text={quote(text)}&dag={quote(text)}&error={quote(text)}&tab={quote(text)}")
        rest(page)
        page.goto(f"/dags/{quote(text, safe='')}?tab={quote(text)}")
        page.locator("main").wait_for()
        assert ran(page) == []


def test_whoever_signs_in_stays_here(shop, visit):
    page = visit(shop)
    page.context.add_init_script(HOOK)
    signed_in(page, shop, "viewer")
    for to in ELSEWHERE:
        page.goto(f"/sign-in?to={quote(to, safe='')}")
        expect(page.get_by_role("heading", name="Overview")).to_be_visible()
        assert page.url.startswith(f"{shop.url}/"), to
        assert ran(page) == [], to
