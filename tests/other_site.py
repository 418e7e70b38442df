"""Another web site, on this machine, which notes what it is asked for."""

from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.http_server import running


class Elsewhere(BaseHTTPRequestHandler):
    """/<status>, /to?<address>, /round and round, /slow, /get-only without HEAD.

    What is put into the server's `mended` answers well.
    """

    def do_HEAD(self):  # noqa: N802
        self.server.asked.append((self.command, self.path))
        name, _, query = self.path.lstrip("/").partition("?")
        if self.path in self.server.mended:
            self.send_response(200)
        elif name in ("to", "round"):
            self.send_response(302)
            self.send_header("Location", query or "/round")
        elif name == "get-only":
            self.send_response(405 if self.command == "HEAD" else 200)
        elif name == "slow":
            self.server.over.wait(5)
            self.send_response(200)
        else:
            self.send_response(int(name))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self):  # noqa: N802
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posted.append((self.headers["Content-Type"], body.decode()))
        self.do_HEAD()

    do_GET = do_HEAD  # noqa: N815

    def log_message(self, *arguments):
        pass


@contextmanager
def serving(host):
    server = ThreadingHTTPServer((host, 0), Elsewhere)
    server.asked, server.posted, server.mended = [], [], set()
    with running(server):
        yield server
