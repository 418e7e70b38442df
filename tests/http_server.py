"""HTTP servers on this machine, each in a thread of its test."""

import threading
from contextlib import contextmanager


@contextmanager
def running(server):
    """The server at work; what its requests wait for ends with `server.over`."""
    server.over = threading.Event()
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
