"""A stamp of what pages are made of, so that no release serves those of another."""

import functools
import hashlib
import os
from pathlib import Path

from django.conf import settings

# Without the settings, whatever pages are made of.
_SOURCES = ("templates", "ecfr_site", "articles", "authors", "newsletter")


@functools.cache
def stamp_software() -> str:
    """A digest of the settings and the software, which pages are kept under.

    Read once a process, as it starts: later files may be those of another release. By
    what is in the files, so that all hosts with the same release share pages.
    """
    stamp = hashlib.sha256(settings.ENVIRONMENT_DIGEST.encode())
    for source in _SOURCES:
        for folder, folders, files in os.walk(settings.BASE_DIR / source):
            folders[:] = sorted(set(folders) - {"__pycache__"})
            for name in sorted(files):
                stamp.update(name.encode())
                stamp.update((Path(folder) / name).read_bytes())
    return stamp.hexdigest()[:32]
