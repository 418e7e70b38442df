"""Parts of a text that cannot be kept, named for the editor."""

from collections import Counter
from urllib.parse import unquote

import nh3

from ecfr_site.richtext.depth import flatten
from ecfr_site.richtext.sanitizer import count_left_out, sanitise
from ecfr_site.richtext.tree import parse_foreign

# By element: one, and several.
_NAMES = {
    "img": ("image that cannot be shown", "images that cannot be shown"),
    "math": ("formula", "formulas"),
    "video": ("video", "videos"),
    "audio": ("audio recording", "audio recordings"),
    "iframe": ("embedded page", "embedded pages"),
    "object": ("embedded object", "embedded objects"),
    "embed": ("embedded object", "embedded objects"),
    "svg": ("drawing", "drawings"),
    "canvas": ("drawing", "drawings"),
    "input": ("form field", "form fields"),
    "select": ("form field", "form fields"),
    "textarea": ("form field", "form fields"),
    "comment": ("reviewer’s comment", "reviewers’ comments"),
    "deletion": ("tracked deletion", "tracked deletions"),
    "hidden": ("passage of hidden text", "passages of hidden text"),
    "footnote": (
        "footnote inside a footnote (its words stand in the outer one)",
        "footnotes inside footnotes (their words stand in the outer ones)",
    ),
    "letters": ("list’s own letters or signs", "lists’ own letters or signs"),
}
# No elements of HTML.
_KINDS = {"comment", "deletion", "hidden", "footnote", "letters"}
# Images by which programs show what stands beside them in words or MathML.
_TINY = {"0", "1"}
_SHOWN = nh3.Cleaner(
    tags=set(_NAMES) - _KINDS,
    attributes={"img": {"src", "width", "height", "aria-hidden"}},
    clean_content_tags={"script", "style", "template", "noscript"},
    url_schemes={"http", "https", "file", "blob", "cid", "data", "about"},
    link_rel=None,
)


def _count_elements(html: str) -> tuple[Counter[str], Counter[str]]:
    """Count elements, and images by their address."""
    elements: Counter[str] = Counter()
    images: Counter[str] = Counter()
    for element in parse_foreign(_SHOWN.clean(flatten(html))).iterdescendants():
        if element.tag != "img":
            elements[element.tag] += 1
        elif element.get("aria-hidden") != "true" and not (
            element.get("width") in _TINY or element.get("height") in _TINY
        ):
            images[element.get("src", "").strip()] += 1
    return elements, images


def find_losses(html: str) -> list[str]:
    """Name what `sanitise` leaves out of a text that an editor would miss.

    Each is a phrase such as “2 images that cannot be shown (map.png, chart.png)”; none
    for a text that was sanitised.
    """
    elements, images = _count_elements(html)
    kept_elements, kept_images = _count_elements(sanitise(html))
    lost = elements - kept_elements + count_left_out(html)
    lost_images = list((images - kept_images).elements())
    found: Counter[tuple[str, str]] = Counter()
    for tag, number in lost.items():
        found[_NAMES[tag]] += number
    phrases = [_format_phrase(names, number) for names, number in found.items()]
    if lost_images:
        called = list(dict.fromkeys(filter(None, map(_get_file_name, lost_images))))
        phrase = _format_phrase(_NAMES["img"], len(lost_images))
        phrases.insert(0, f"{phrase} ({', '.join(called[:5])})" if called else phrase)
    return phrases


def _format_phrase(names: tuple[str, str], number: int) -> str:
    return f"{number} {names[number > 1]}"


def _get_file_name(src: str) -> str:
    """The name of the file where the address has one."""
    if src.startswith(("data:", "blob:", "cid:", "about:")):
        return ""
    return unquote(src.replace("\\", "/").split("?")[0].rsplit("/", 1)[-1])[:60]
