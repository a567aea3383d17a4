"""A server of jobs that run elsewhere: submit, ask, cancel, over HTTP. A job runs until it is finished or cancelled."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

__all__ = ["CLIENT", "Jobs", "serving"]

CLIENT = """
import json
import time
from urllib.request import Request, urlopen
from segue import dag, task, Context

def call(method, path):
    with urlopen(Request(URL + path, method=method, data=b""), timeout=30) as answer:
        return json.load(answer)

def stop(context: Context):
    if job := context.state.get("job"):
        call("DELETE", f"/jobs/{job}")

@task(on_cancel=stop)
def compute(context: Context):
    job = context.state.get("job")
    if job is None:
        job = call("POST", "/jobs")["id"]
        context.state.set("job", job)
    while (state := call("GET", f"/jobs/{job}")["state"]) == "running":
        time.sleep(0.02)
    if state != "finished":
        raise RuntimeError(f"job {job} is {state}")  # a result would count, even of a task that is being cancelled
    return job, state

@dag
def remote():
    compute()
"""
"""A DAG file, but for the line that says `URL`."""


class Jobs:
    """What the server knows.

    Attributes:
        states: of every job, in order of submission: running, finished, cancelled.
        asked: how often each was asked for.
    """

    def __init__(self) -> None:
        self.states: dict[str, str] = {}
        self.asked: dict[str, int] = {}
        self.url = ""

    def finish(self) -> None:
        """All jobs have done their work."""
        self.states = {job: "finished" for job in self.states}

    def answer(self, method: str, path: str) -> dict[str, str]:
        """What the server says."""
        job = path.rpartition("/")[2]
        if method == "POST":
            job = f"j-{len(self.states) + 1}"
            self.states[job] = "running"
        elif method == "DELETE":
            self.states[job] = "cancelled"
        else:
            self.asked[job] = self.asked.get(job, 0) + 1
        return {"id": job, "state": self.states[job]}


@contextmanager
def serving() -> Iterator[Jobs]:
    """A server on a port of this machine."""
    jobs = Jobs()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = json.dumps(jobs.answer(self.command, self.path)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = _answer

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        jobs.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield jobs
        finally:
            server.shutdown()
            thread.join()
