"""The page's files as browsers get them: a table, a policy, and nothing of the disk."""

import gzip

import pytest

from segue.show.api.describing import described
from segue.show.api.pages import PAGES, SECTIONS, SINGLE, Built
from segue.show.api.routing import Threads
from tests.unit.show.api.asgi import COOKIE, app_of, call

DOCUMENT, SCRIPT, FONT = b"<!doctype html><p>here", b"console.log(1)" * 100, b"wOF2"
FILES = {
    "index.html": DOCUMENT, "index.html.gz": gzip.compress(DOCUMENT), "icon.svg": b"<svg/>", "secret.txt": b"no",
    "assets/a-12.js": SCRIPT, "assets/a-12.js.gz": gzip.compress(SCRIPT), "assets/b-34.woff2": FONT,
}  # fmt: skip
NESTED = [f"{section}/{name}" for section in SECTIONS for name in ("x", "daily@2026-04-01T00:00:00+02:00", "a/b", "..")]


@pytest.fixture(scope="module")
def app():
    return app_of((PAGES,), page=Built(FILES))


@pytest.mark.parametrize("path", [*SINGLE, *SECTIONS, *NESTED, "/runs?state=failed&since=2h"])
@pytest.mark.parametrize("headers", [{}, COOKIE])
def test_every_address_of_the_page_gives_anybody_the_same_document(app, path, headers):
    answer = call(app, path=path, headers=headers)
    assert (answer.status, answer.body) == (200, DOCUMENT)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"


def test_nothing_but_the_server_s_own_files_becomes_code(app):
    for path in ("/", "/dags/x", "/assets/a-12.js"):  # a worker has the policy of its own script
        answer = call(app, path=path)
        policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";"))
        assert policy == {
            "default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "font-src": "'self'",
            "img-src": "'self' data:", "connect-src": "'self'", "worker-src": "'self'", "base-uri": "'none'",
            "form-action": "'self'", "frame-ancestors": "'none'", "require-trusted-types-for": "'script'",
            "trusted-types": "segue",
        }  # fmt: skip
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert len(answer.names) == len(set(answer.names))


@pytest.mark.parametrize(
    ("path", "kind", "kept"),
    [
        ("/assets/a-12.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"),
        ("/assets/b-34.woff2", "font/woff2", "public, max-age=31536000, immutable"),
        ("/icon.svg", "image/svg+xml", "no-cache"),
    ],
)
def test_a_file_whose_name_has_a_digest_is_kept(app, path, kind, kept):
    answer = call(app, path=path)
    assert (answer.status, answer.body) == (200, FILES[path[1:]])
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == (kind, kept)


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip, deflate, br", True), ("br;q=1.0, GZIP;q=0.5", True), ("gzip;q=0", False), ("gzip; q=0.0", False),
        ("br", False), ("", False), ("xgzip", False),
    ],
)  # fmt: skip
def test_what_lies_there_compressed_goes_to_whoever_takes_it(app, accepted, packed):
    answer = call(app, path="/assets/a-12.js", headers={"accept-encoding": accepted})
    assert (answer.headers.get("content-encoding") == "gzip") is packed
    assert (gzip.decompress(answer.body) if packed else answer.body) == SCRIPT
    assert int(answer.headers["content-length"]) == len(answer.body)
    assert answer.headers["vary"] == "Accept-Encoding"


def test_a_font_is_not_compressed_again(app):
    assert "content-encoding" not in call(app, path="/assets/b-34.woff2", headers={"accept-encoding": "gzip"}).headers


def test_what_a_browser_has_is_not_sent_again(app):
    tags = set()
    for accepted in ("gzip", ""):
        tag = call(app, headers={"accept-encoding": accepted}, path="/").headers["etag"]
        for has in (tag, f'"other", W/{tag}'):
            again = call(app, headers={"accept-encoding": accepted, "if-none-match": has}, path="/")
            assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
            assert again.headers["cache-control"] == "no-cache"
        assert call(app, headers={"if-none-match": '"other"'}, path="/").status == 200
        tags.add(tag)
    assert len(tags) == 2, "what is compressed is another thing"


@pytest.mark.parametrize(
    "name",
    ["c.js", "..%2findex.html", "../index.html", "..", "a-12.js.gz", "/etc/passwd", "%2e%2e%2f%2e%2e%2fpyproject.toml",
     "a-12.js%00", "../secret.txt", "..\\secret.txt", ""],
)  # fmt: skip
def test_a_name_that_is_not_in_the_table_is_nothing(app, name):
    answer = call(app, path=f"/assets/{name}", headers=COOKIE)
    assert answer.status == 404
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; frame-ancestors")


@pytest.mark.parametrize("path", ["/secret.txt", "/index.html", "/index.html.gz", "/icon.svg.gz", "/favicon.ico"])
def test_a_file_without_an_address_is_refused_to_strangers(app, path):
    assert call(app, path=path).status == 401


def test_a_head_says_how_long_the_document_is(app):
    answer = call(app, "HEAD", "/")
    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", str(len(DOCUMENT)))


def test_where_nothing_was_built_it_says_how_to_build_it():
    app = app_of((PAGES,))
    for path in ("/", "/sign-in", "/runs/41"):
        answer = call(app, path=path)
        assert answer.status == 404
        assert answer.headers["content-type"].startswith("text/html")
        assert b"make ui-build" in answer.body and b"/api/v1" in answer.body
        assert "script-src" not in answer.headers["content-security-policy"]
    assert call(app, path="/assets/a-12.js").status == call(app, path="/icon.svg").status == 404


def test_the_page_is_no_part_of_the_api():
    assert described(PAGES.made(Threads()), "segue")["paths"] == {}
