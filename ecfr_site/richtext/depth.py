"""A limit to how deeply elements stand in each other before HTML is parsed.

Parsers look through all open elements at each tag, and open formatting elements anew in
each paragraph: without a limit a short text costs minutes.
"""

import re

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)[^<>]*>")
# Elements that are never open for long: they have no content, or the next closes them.
_CLOSED = {
    *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta"),
    *("param", "source", "track", "wbr", "p", "li", "dt", "dd", "tr", "td", "th"),
    *("thead", "tbody", "tfoot", "colgroup", "option", "optgroup", "rp", "rt"),
    *("html", "head", "body"),
}
_FORMATTING = {
    *("a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike"),
    *("strong", "tt", "u"),
}
_DEEPEST = 200
_MOST_FORMATTING = 16


def flatten(html: str) -> str:
    """The HTML without the tags that stand absurdly deep, but with their content."""
    open_tags = {True: 0, False: 0}
    limits = {True: _MOST_FORMATTING, False: _DEEPEST}

    def keep(found: re.Match[str]) -> str:
        name = found[2].lower()
        if name in _CLOSED:
            return found[0]
        kind = name in _FORMATTING
        if not found[1]:
            open_tags[kind] += 1
        is_deep = open_tags[kind] > limits[kind]
        if found[1]:
            open_tags[kind] = max(open_tags[kind] - 1, 0)
        return "" if is_deep else found[0]

    return _TAG.sub(keep, html)
