"""What decision 0040 asks of `ui/`, read from its sources: the rest `tsc`, Biome and the page's stories see."""

import json
import re
import runpy
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from segue.show.api.pages import SECTIONS, SINGLE

UI = Path(__file__).parents[2] / "ui"
GENERATED = {"src/api/schema.ts", "src/ui/state.ts"}
SOURCES = {
    path.relative_to(UI).as_posix(): path
    for path in sorted((UI / "src").rglob("*"))
    if path.suffix in (".ts", ".tsx", ".css")
}
SCRIPTS = [name for name in SOURCES if not name.endswith(".css") and name not in GENERATED]
LOCKS = ("package-lock.json", "generate/package-lock.json")
COLOUR = re.compile(r"\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch|color)\([^)]*\d")
HEX = {".css": re.compile(r"#[0-9a-fA-F]{3,8}\b"), ".ts": re.compile(r"""["'`]#[0-9a-fA-F]{3,8}["'`]""")}
TEXT_TO_CODE = re.compile(
    r"dangerouslySetInnerHTML|\b(?:innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment|srcdoc|srcDoc)\b"
    r"|document\.write|\beval\(|new Function\(|javascript:|cssText|\.src\s*="
)
ASKING = re.compile(r"\bfetch\(|\bapi\.|\bXMLHttpRequest\b|\bEventSource\(")


def bare(name: str) -> str:
    """A source without its comments; a `//` after a colon is an address."""
    return re.sub(r"/\*.*?\*/|(?<![:\"'`])//[^\n]*", "", SOURCES[name].read_text(), flags=re.DOTALL)


@cache
def generator() -> dict:
    return runpy.run_path(str(UI / "generate" / "generate.py"))


@pytest.mark.parametrize("name", [name for name in SOURCES if name not in GENERATED])
def test_a_file_has_at_most_300_lines(name: str):
    assert len(SOURCES[name].read_text().splitlines()) <= 300


def test_colours_are_named_in_one_file():
    kinds = {name: HEX[".css" if name.endswith(".css") else ".ts"] for name in SOURCES if name != "src/ui/tokens.css"}
    found = {name: [*hexes.findall(bare(name)), *COLOUR.findall(bare(name))] for name, hexes in kinds.items()}
    assert {name: colours for name, colours in found.items() if colours} == {}


def test_no_text_becomes_code():
    assert {name: found for name in SCRIPTS if (found := TEXT_TO_CODE.findall(bare(name)))} == {}


def _effects(text: str) -> Iterator[str]:
    """What stands between the parentheses of each `useEffect`."""
    for found in re.finditer(r"\buse(?:Layout)?Effect\(", text):
        depth, at = 1, found.end()
        while depth and at < len(text):
            depth += {"(": 1, ")": -1}.get(text[at], 0)
            at += 1
        yield text[found.end() : at]


def test_no_effect_asks_the_server():
    asking = {name: [effect[:80] for effect in _effects(bare(name)) if ASKING.search(effect)] for name in SCRIPTS}
    assert {name: effects for name, effects in asking.items() if effects} == {}


def test_there_is_one_way_to_ask_the_server():
    """But for the stream of events, and `/readyz`, whose 503 is an answer."""
    ways = re.compile(r"(?<![\w.])fetch\(|\bXMLHttpRequest\b|new EventSource\(|new WebSocket\(|sendBeacon\(")
    assert {name for name in SCRIPTS if ways.search(bare(name))} <= {"src/live/stream.ts", "src/pages/Health.tsx"}


def test_a_room_of_pure_code_knows_no_page():
    low = [name for name in SCRIPTS if re.match(r"src/(api|ui|live|graph|grid)/", name)]
    assert {name for name in low if re.search(r'from "(~|\.\.)/pages', bare(name))} == set()


def test_the_server_knows_every_address_of_the_page_and_no_other():
    asked = set(re.findall(r'\bpath: "(/[^"]*)"', bare("src/routes.tsx")))
    sections = {f"/{address.split('/')[1]}" for address in asked if address.count("/") > 1}
    assert sections == set(SECTIONS)
    assert {address for address in asked if address.count("/") == 1} - sections == set(SINGLE)


# ----------------------------------------------------------------------------------------------------------- generated
def test_what_is_generated_is_up_to_date():
    """`make ui-types` writes it."""
    assert (UI / "generate" / "openapi.json").read_text() == generator()["openapi"]()
    assert SOURCES["src/ui/state.ts"].read_text() == generator()["states"]()


def test_the_types_of_the_page_are_those_of_the_api():
    """Without Node: each path, and each property of each schema; `make ui-types` writes it."""
    text, document = SOURCES["src/api/schema.ts"].read_text(), json.loads(generator()["openapi"]())
    paths = set(re.findall(r'^    "(/[^"]*)": \{$', text, re.MULTILINE))
    assert paths == document["paths"].keys()
    blocks = dict(re.findall(r'^        "?([\w.-]+)"?: \{\n(.*?)^        \};$', text, re.MULTILINE | re.DOTALL))
    asked = {name: set(schema.get("properties", ())) for name, schema in document["components"]["schemas"].items()}
    has = {
        name: set(re.findall(r'^            "?([\w.$-]+)"?\??: ', blocks.get(name, ""), re.MULTILINE)) for name in asked
    }
    assert {name: (has[name], asked[name]) for name in asked if has[name] != asked[name]} == {}


# --------------------------------------------------------------------------------------------------------------- locks
@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_says_what_and_not_from_where(lock: str):
    packages = json.loads((UI / lock).read_text())["packages"]
    of_others = {name: package for name, package in packages.items() if name}
    assert len(of_others) > 20
    assert [name for name, one in of_others.items() if not one.get("integrity", "").startswith("sha512-")] == []
    assert [name for name, one in of_others.items() if one.get("resolved") or one.get("hasInstallScript")] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_what_every_platform_needs(lock: str):
    """npm leaves out what its registry lacked, and refuses the lock afterwards."""
    packages = json.loads((UI / lock).read_text())["packages"]
    there = {name.rpartition("node_modules/")[2] for name in packages}
    optional = {(name, one) for name, package in packages.items() for one in package.get("optionalDependencies", ())}
    assert {(name, one) for name, one in optional if one not in there} == set()


@pytest.mark.parametrize("lock", LOCKS)
def test_a_package_is_asked_for_in_one_version(lock: str):
    project = json.loads((UI / lock).with_name("package.json").read_text())
    asked = {**project.get("dependencies", {}), **project["devDependencies"]}
    assert {name: version for name, version in asked.items() if not re.fullmatch(r"\d+\.\d+\.\d+", version)} == {}
    locked = json.loads((UI / lock).read_text())["packages"]
    assert {name: locked[f"node_modules/{name}"]["version"] for name in asked} == asked
