"""Encodings in which pages are stored (RFC 9110, 12.5.3)."""

import functools
import gzip
import re

import brotli

ENCODINGS = {
    "br": functools.partial(brotli.compress, quality=5),
    "gzip": functools.partial(gzip.compress, compresslevel=6, mtime=0),
    "": bytes,
}


@functools.lru_cache(maxsize=256)
def best_encoding(accepted):
    """ "br", "gzip" or "" for an Accept-Encoding header (RFC 9110, 12.5.3)."""
    for encoding in ("br", "gzip"):
        found = re.search(
            rf"(?:^|[,\s]){encoding}\s*(?:;\s*q=([\d.]+))?\s*(?:,|$)", accepted
        )
        if found and (found[1] or "1").strip("0."):
            return encoding
    return ""
