"""Hostile words wherever an act takes a word: nothing is a fault of ours, and nothing is obeyed (RELIABILITY D11)."""

import json
import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from segue.model.value import decode
from tests.unit.show.api.test_matrix import TABLE

SHELL = ("$(touch pwned)", "`id`", "; rm -rf /", "| cat /etc/passwd", "&& reboot", "a\nb", "%0a id", "${IFS}")
FLAGS = ("--upload-pack=touch pwned", "-oProxyCommand=id", "--", "-", "--output=/etc/x", "-rf")
TEMPLATES = ("{{ 7 * 7 }}", "{% raw %}", "${7*7}", "#{7*7}", "{0.__class__}", "%s%s%n", "<%= 7 %>")
UNICODE = ("\u202egnp.exe", "e\u0301", "\ufeffx", "\U0001d54f" * 50, "\x1b[31m", "\u2028", "\U0001f986")
PATHS = ("../../etc/passwd", "/etc/passwd", "a/b", "a\\b", "file:///etc/passwd", "'", '"', "' OR 1=1 --", "*", "[", "")
LARGE = ("x" * 100_000, "9" * 400, "1e400", "99999-01-01", "0000-00-00", "2026-04-01..9999-12-31", "1000000000d")
UNKEPT = ("\0", "\ud800")
WORDS = (*SHELL, *FLAGS, *TEMPLATES, *UNICODE, *PATHS)
CORPUS = (*WORDS, *LARGE, *UNKEPT)
ACTS = sorted(name for name, row in TABLE.items() if row.get("acts") and row.get("body", "").startswith('{"'))
MORE = {
    "POST /api/v1/dags/trigger": {
        "date": "d",
        "interval": "i",
        "reason": "r",
        "select": "s",
        "params": {"region": "x"},
    },
    "POST /api/v1/dags/pause": {"until": "2h", "reason": "r"},
    "POST /api/v1/dags/unpause": {"run": "latest"},
    "POST /api/v1/dags/{dag}/backfills": {"only": ["missing"], "order": "oldest", "reason": "r", "params": {"x": "y"}},
    "POST /api/v1/runs/retry": {"tasks": ["a"], "select": {"dag": "d", "since": "2h", "tag": "t", "error": "e"}},
    "POST /api/v1/runs/rerun": {"tasks": ["a"]},
    "POST /api/v1/runs/release": {"task": "a"},
    "POST /api/v1/backfills/cancel": {"select": {"dag": "mine", "states": ["running"]}},
}


def _with_each_word(body: object, word: str) -> Iterator[object]:
    """The body with one text after the other, and one key after the other, replaced."""
    if isinstance(body, str):
        yield word
    elif isinstance(body, list):
        for at, value in enumerate(body):
            yield from ([*body[:at], other, *body[at + 1 :]] for other in _with_each_word(value, word))
    elif isinstance(body, dict):
        for name, value in body.items():
            yield from ({**body, name: other} for other in _with_each_word(value, word))
            yield {(word if key == name else key): value for key, value in body.items()}


@pytest.mark.parametrize("name", ACTS)
def test_no_word_of_a_body_is_a_fault_of_ours(office, name):
    made = office.objects("mine")
    method, _, path = name.partition(" ")
    good = json.loads(re.sub(r"\{(\w+)\}", lambda found: made.get(found[1], found[0]), TABLE[name]["body"]))
    path = path.replace("{dag}", "mine").replace("{name}", "known")
    for body in (
        good,
        good | MORE.get(name, {}),
        {key: value for key, value in (good | MORE.get(name, {})).items() if key != "runs"},
    ):
        for word in CORPUS:
            for hostile in _with_each_word(body, word):
                answer = office(
                    method,
                    path,
                    hostile,
                    headers={"idempotency-key": word[:50].strip() if word.isprintable() and word.isascii() else ""},
                )
                assert answer.status < 500, (hostile, answer)
                assert answer.status != 200 or word not in UNKEPT or word not in json.dumps(hostile), hostile


@pytest.mark.parametrize("path", ["/pools/{}", "/secrets/{}", "/connections/{}", "/dags/{}/backfills", "/requests/{}"])
def test_no_word_of_a_path_is_a_fault_of_ours(office, path):
    method = {"/dags/{}/backfills": "POST", "/requests/{}": "GET"}.get(path, "PUT")
    body = {"/pools/{}": {"slots": 1}, "/dags/{}/backfills": {"range": "1972-09-20"}}.get(
        path, {"value": "long enough"}
    )
    for word in (*WORDS, *LARGE[1:]):
        place = "/api/v1" + path.format(quote(word, safe=""))
        answer = office(method, place, None if method == "GET" else body)
        assert answer.status < 500, (word, answer)


def test_what_is_given_for_a_param_is_what_the_run_has(office):
    for word in (*WORDS, *LARGE):
        answer = office("POST", "/api/v1/dags/trigger", {"dags": ["manual"], "params": {"region": word}})
        assert answer.status == 200, (word, answer)
    kept = [decode(view.row.params)["region"] for view in office.world.store.runs.values()]
    assert sorted(kept) == sorted((*WORDS, *LARGE))
