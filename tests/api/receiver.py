"""A program elsewhere that receives webhooks, on this machine."""

from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.http_server import running


class Receiver(BaseHTTPRequestHandler):
    """Notes each request as (headers, body); answers with the server's `status`."""

    def do_POST(self):  # noqa: N802
        length = int(self.headers["Content-Length"])
        self.server.received.append((dict(self.headers), self.rfile.read(length)))
        self.server.over.wait(self.server.seconds)
        self.send_response(self.server.status)
        if self.server.status == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, *arguments):
        pass


@contextmanager
def receiving():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.received, server.status, server.answer = [], 200, b"Thank you."
    server.seconds = 0
    server.url = f"http://127.0.0.1:{server.server_port}/hook"
    with running(server):
        yield server


@pytest.fixture
def receiver(settings):
    settings.LINKS_MAY_BE_PRIVATE = True
    with receiving() as server:
        yield server
