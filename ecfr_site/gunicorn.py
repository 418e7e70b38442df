"""Configuration of gunicorn, started with `--config python:ecfr_site.gunicorn`.

Every process writes its counts into files of one folder. Those of a process that died
stay, since what it counted has happened; they go when the server is started anew.
"""

import contextlib
import os
import re
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("VAR_DIR") or BASE_DIR / "var")
# Read by prometheus_client when it is imported, which this precedes.
FOLDER = Path(
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(VAR_DIR / "metrics"))
)
FOLDER.mkdir(parents=True, exist_ok=True)


def on_starting(server):
    """Empty the folder, but for a server that is just handing over to this one."""
    for file in FOLDER.glob("*.db"):
        number = re.search(r"_(\d+)\.db$", file.name)
        if number and not _is_alive(int(number[1])):
            file.unlink(missing_ok=True)


def _is_alive(pid):
    # Whose process we may not even ask after is none of ours.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, 0)
        return True
    return False
