"""Addresses of this site in full, for texts that are read elsewhere."""

import re

from django.conf import settings

# Parsers wrote the HTML, so that each attribute is written in this one way.
_TAG = re.compile(r'<[a-z][\w-]*(?:\s[\w-]+(?:="[^"]*")?)+\s*/?>', re.I)
_PATH = re.compile(r'(\s(?:href|src)=")(?=/(?!/))')
_SRCSET = re.compile(r'(?<=\ssrcset=")[^"]*')
_CANDIDATE = re.compile(r"(^|,\s*)(?=/(?!/))")


def make_absolute(path: str) -> str:
    return f"{settings.SITE_URL}{path}" if path.startswith("/") else path


def make_html_absolute(html: str) -> str:
    """The HTML with links and images in full; links within the text stay in it."""
    return _TAG.sub(lambda tag: _complete(tag[0]), html)


def _complete(tag: str) -> str:
    site = settings.SITE_URL
    tag = _PATH.sub(rf"\g<1>{site}", tag)
    return _SRCSET.sub(lambda found: _CANDIDATE.sub(rf"\g<1>{site}", found[0]), tag)
