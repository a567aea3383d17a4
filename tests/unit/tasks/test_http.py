import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from segue import tasks as t
from segue.model.errors import Fail, RetryAfter
from tests.unit.tasks.places import attempt


class Shop(BaseHTTPRequestHandler):
    def answer(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length).decode()
        status = int(self.path.rpartition("/status/")[2].partition("?")[0]) if "/status/" in self.path else 200
        said = {"method": self.command, "path": self.path, "body": body and json.loads(body)}
        said["headers"] = {name.lower(): value for name, value in self.headers.items()}
        plain = self.path.startswith("/text")
        data = b"caf\xe9" if plain else json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=latin-1" if plain else "application/json")
        if status == 429:
            self.send_header("Retry-After", "7")
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_DELETE = answer

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def shop():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_json_is_decoded_and_text_is_text(shop):
    with attempt():
        assert t.http(f"http://{shop}/orders")["path"] == "/orders"
        assert t.http(f"http://{shop}/text") == "café"


def test_what_a_template_inserts_into_a_url_is_one_part_of_it(shop):
    with attempt(params={"who": "a/b?admin=1#x"}):
        said = t.http(f"http://{shop}/orders/{{{{ ds }}}}/{{{{ params.who }}}}", query={"day": "{{ ds }}", "q": "a&b"})
    assert said["path"] == "/orders/2026-04-01/a%2Fb%3Fadmin%3D1%23x?day=2026-04-01&q=a%26b"


def test_a_body_is_sent_as_json(shop):
    with attempt():
        said = t.http(
            f"http://{shop}/orders",
            method="post",
            body={"day": "{{ ds }}", "n": [1, 2]},
            headers={"X-Run": "{{ run_id }}"},
        )
    assert (said["method"], said["body"]) == ("POST", {"day": "2026-04-01", "n": [1, 2]})
    assert said["headers"]["x-run"] == "dag@2026-04-01" and said["headers"]["content-type"] == "application/json"


def test_a_connection_gives_address_and_credentials(shop):
    with attempt(api=f"http://me:s%3Acret@{shop}/v2"):
        said = t.http("/orders", connection="api")
    assert said["path"] == "/v2/orders"
    assert said["headers"]["authorization"] == "Basic bWU6czpjcmV0"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_what_is_refused_for_good_is_not_retried(shop, status):
    with attempt(), pytest.raises(Fail, match=f"GET http://{shop}/status/{status}: {status}"):
        t.http(f"http://{shop}/status/{status}?key=hidden")


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_a_service_in_trouble_is_tried_again(shop, status):
    with attempt(), pytest.raises(OSError, match=str(status)):
        t.http(f"http://{shop}/status/{status}")


def test_a_service_may_say_when(shop):
    with attempt(), pytest.raises(RetryAfter) as caught:
        t.http(f"http://{shop}/status/429")
    assert caught.value.seconds == 7


def test_a_service_that_is_away_is_named_without_its_credentials():
    with (
        attempt(api="http://me:secret@127.0.0.1:9/"),
        pytest.raises(OSError, match="http://127.0.0.1:9/x: .*refused") as caught,
    ):
        t.http("x", connection="api")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x/y", "orders", ""])
def test_only_web_addresses_are_asked(url):
    with attempt(), pytest.raises(Fail, match="http://"):
        t.http(url)
