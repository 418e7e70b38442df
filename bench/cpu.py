"""The processor time that answers take, wherever it is spent."""

import time
from pathlib import Path

from django.db import connection


def get_cpu():
    """Seconds of this process, and of PostgreSQL's for it on this machine."""
    return time.process_time() + get_server_cpu()


def get_server_cpu():
    if connection.vendor != "postgresql":
        return 0
    connection.ensure_connection()
    pid = connection.connection.info.backend_pid
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
