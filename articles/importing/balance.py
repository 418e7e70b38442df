"""Close what an export left open: a field that is cut off must not take along the items
after it."""

import re
from collections.abc import Iterator

from lxml import etree

from articles.importing.packages import get_name

# None of these is ever within another.
_ITEMS = {"item", "entry"}
_TAG = re.compile(r"<!--.*?-->|<(/?)([A-Za-z_][\w:.-]*)(?:\s[^<>]*?)?(/?)>", re.DOTALL)
# An item of WordPress that begins within CDATA; one that a text quotes has the end of
# its own CDATA in two.
_NEW_ITEM = re.compile(
    r"<item>\s*<title>(?:(?!\]\]\]\]>|</title>).){0,1000}</title>\s*<link>[^<]*</link>"
    r"\s*(?:<pubDate>[^<]*</pubDate>\s*)?<dc:creator>",
    re.DOTALL,
)
_CUT_OFF = "cut-off"
_MARK = f"<{_CUT_OFF}/>"


class Balance:
    """The elements that are open, so that each ends before the one around it does."""

    def __init__(self, end: str) -> None:
        self._open: list[str] = []
        self._end_tag = end
        self.has_ended = False

    def close(self, text: str) -> Iterator[str]:
        """The text outside of CDATA, with the end tags that it lacks."""
        place = 0
        for tag in _TAG.finditer(text):
            is_end, name, is_empty = tag.groups()
            if not is_end and name not in _ITEMS:
                if name and not is_empty:
                    self._open.append(name)
            elif is_end and self._open and self._open[-1] == name:
                # As nearly all are.
                self._pop()
            else:
                yield text[place : tag.start()]
                if is_end:
                    yield from self._end(name)
                    place = tag.end()
                else:
                    yield from self.end_item()
                    place = tag.start()
                    if not is_empty:
                        self._open.append(name)
        yield text[place:]

    def end_item(self) -> Iterator[str]:
        """End an item that nothing ended, if one is open."""
        if found := _ITEMS.intersection(self._open):
            yield from self._end(found.pop(), is_cut=True)

    def _end(self, name: str, is_cut: bool = False) -> Iterator[str]:
        if name not in self._open:
            # A field whose name is damaged ends with it; a stray </b> ends nothing.
            if ":" in name and self._open and ":" in self._open[-1]:
                yield self._pop()
            return
        inner = self._open[len(self._open) - self._open[::-1].index(name) :]
        if is_cut or _ITEMS.intersection(inner):
            yield _MARK
        for _ in (*inner, name):
            yield self._pop()

    def _pop(self) -> str:
        """The tag that ends the innermost element."""
        tag = f"</{self._open.pop()}>"
        self.has_ended = self.has_ended or tag == self._end_tag
        return tag


def find_item(text: str, last: int) -> int:
    """The place in CDATA, before `last`, where an item begins; -1 if none does."""
    place = text.find("<item>", 0, last)
    while place >= 0 and not _NEW_ITEM.match(text, place):
        place = text.find("<item>", place + 1, last)
    return place


def is_cut_off(element: etree._Element) -> bool:
    """Another item began, or the file ended, before this one did."""
    return next(element.iter(f"{{*}}{_CUT_OFF}"), None) is not None


def is_cut_in_field(element: etree._Element) -> bool:
    """More than the end of the item is lacking."""
    return is_cut_off(element) and all(get_name(each) != _CUT_OFF for each in element)
