"""Figures and tables whose captions number them: “Figure 3: Grain by rail”."""

import re
from typing import NamedTuple

from lxml.html import HtmlElement

# A word, a number of up to three digits (a year has four), and what parts it from the
# rest of the caption.
_NUMBERED = re.compile(r"([^\W\d]{2,15}\.? [0-9]{1,3}(?:[.-][0-9]{1,3})*)\s?[.:|–—]\s")
# All but notes, who owns an image, and where its data are.
_TEXTS = (
    ".//text()[not(ancestor::a[@role='doc-noteref'] or "
    "ancestor::span[@class='credit' or @class='data'])]"
)
# Fewer are found without a list of them.
LEAST = 3


class Captioned(NamedTuple):
    id: str
    text: str


def read_label(caption: str) -> str:
    """“Figure 3” of the caption “Figure 3: Grain by rail”; "" without a number."""
    found = _NUMBERED.match(" ".join(caption.split()))
    return found[1] if found else ""


def list_captioned(body: HtmlElement) -> dict[str, list[Captioned]]:
    """{heading: figures or tables} in the order of `body`; {} where there are few.

    Each has an id in `body` afterwards, to be linked to.
    """
    found: dict[str, list[Captioned]] = {"Figures": [], "Tables": []}
    for caption in body.iter("figcaption", "caption"):
        text = " ".join("".join(caption.xpath(_TEXTS)).split())
        if read_label(text):
            holder = caption.getparent()
            is_table = holder.tag == "table" or holder.find(".//table") is not None
            listed = found["Tables" if is_table else "Figures"]
            name = "table" if is_table else "figure"
            holder.set("id", holder.get("id") or f"{name}-no-{len(listed) + 1}")
            listed.append(Captioned(holder.get("id"), text))
    if sum(map(len, found.values())) < LEAST:
        return {}
    return {heading: listed for heading, listed in found.items() if listed}
