"""Encodings in which pages are stored (RFC 9110, 12.5.3)."""

import functools
import gzip
import re
from collections.abc import Callable

import brotli

ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    # Most pages are shorter than the window of 64 KB, which takes less to set up.
    "br": functools.partial(brotli.compress, quality=5, lgwin=16),
    "gzip": functools.partial(gzip.compress, compresslevel=6, mtime=0),
}
_QUALITY = re.compile(r"[\d.]+")


@functools.lru_cache(maxsize=256)
def choose_encoding(accepted: str) -> str:
    """ "br", "gzip" or "" for an Accept-Encoding header (RFC 9110, 12.5.3)."""
    offered = set()
    for item in accepted.lower().split(","):
        name, _, parameter = item.partition(";")
        quality = parameter.partition("=")[2].strip() if parameter else "1"
        if _QUALITY.fullmatch(quality) and quality.strip("0."):
            offered.add(name.strip())
    return next((name for name in ("br", "gzip") if name in offered), "")
