"""An HTTP source that fails the first time: every key is answered 503 first, then with the data.

It stands in for the services of other teams, so that the example has something to retry. It is strictly regular: what
was asked is remembered in a folder, not in the process, because the second attempt may run in another one; the answer
wipes the memory, so the next run of the example sees a failure again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import blake2b
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

__all__ = ["serving"]

Tables = Mapping[str, Callable[[], list[dict[str, Any]]]]


@contextmanager
def serving(memory: Path, tables: Tables) -> Iterator[str]:
    """Serve tables on a free port of the loopback address, and answer the URL.

    `<url>/planes?day=2013-01-01` fails the first time and gives the rows of the table `planes` the second; each other
    query is a key of its own. `memory` is the folder that remembers who asked; `tables` give the rows, by name.
    """
    memory.mkdir(parents=True, exist_ok=True)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = urlsplit(self.path).path.strip("/")
            if name not in tables:
                self._answer(404, {"error": f"no table {name}"})
            elif _first_time(memory, self.path):
                self._answer(503, {"error": "try again"})
            else:
                self._answer(200, tables[name]())

        def _answer(self, status: int, content: object) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing; the task says what it met."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def _first_time(memory: Path, path: str) -> bool:
    mark = memory / blake2b(path.encode(), digest_size=8).hexdigest()
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        mark.unlink(missing_ok=True)
        return False
    return True
