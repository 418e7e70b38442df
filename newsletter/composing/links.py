"""The links of a finished message: found, and led elsewhere."""

import re
from collections import Counter
from html import escape, unescape

from django.conf import settings

from ecfr_site.richtext.sanitizer import linear_formulas

# Parsers wrote this HTML, so that each attribute is written in this one way.
_ATTRIBUTES = r'(?:\s[\w-]+(?:="[^"]*")?)*?'
_HREF = re.compile(rf'(<a{_ATTRIBUTES}\shref=")(https?://[^"]*)', re.I)
_PATH = re.compile(rf'(<(?:a|img){_ATTRIBUTES}\s(?:href|src)=")(?=/(?!/))', re.I)
_ADDRESS = re.compile(r"https?://[^\s<>\"]+", re.I)
_BRACKETS = {")": "(", "]": "["}


def make_links_absolute(html):
    """The HTML for readers elsewhere: addresses in full, formulas as text."""
    return _PATH.sub(rf"\1{settings.SITE_URL}", linear_formulas(html))


def replace_html_links(html, new):
    """The HTML with every web address that it links to replaced by `new(address)`."""
    return _HREF.sub(lambda m: m[1] + escape(new(unescape(m[2]))), html)


def replace_text_links(text, new):
    """The same of plain text, where every web address is a link."""

    def replace(match):
        address = _strip_punctuation(match[0])
        return new(address) + match[0][len(address) :]

    return _ADDRESS.sub(replace, text)


def find_links(html, text):
    """The web addresses that a message links to, each once, in order."""
    found = {}
    replace_html_links(html, lambda address: found.setdefault(address, address))
    replace_text_links(text, lambda address: found.setdefault(address, address))
    return list(found)


def _strip_punctuation(address):
    """Without what belongs to the sentence that the address stands in."""
    counts = Counter(address)
    end = len(address)
    while end:
        last = address[end - 1]
        opening = _BRACKETS.get(last)
        unopened = opening and counts[opening] < counts[last]
        if not unopened and last not in ".,;:!?'’”»":
            break
        counts[last] -= 1
        end -= 1
    return address[:end]
