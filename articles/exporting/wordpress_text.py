"""Turn a text of ours into one that WordPress keeps as it is.

Source: footnotes of the block editor (WordPress 6.3), in a custom field by their names.
"""

import json
from uuid import NAMESPACE_URL, uuid5

from lxml.html import HtmlElement

from ecfr_site.richtext.absolute import make_html_absolute
from ecfr_site.richtext.blocks import is_footnote
from ecfr_site.richtext.tree import parse_fragment, replace, write_inner


def convert(body: str, name: str) -> tuple[str, str]:
    """The text as a classic block, and its footnotes as JSON, "" if it has none.

    `name` is that of the text; the notes' are made of it, so that they stay the same.
    """
    root = parse_fragment(make_html_absolute(body))
    notes: dict[str, str] = {}
    for element in [span for span in root.iter("span") if is_footnote(span)]:
        note = str(uuid5(NAMESPACE_URL, f"{name}#{len(notes) + 1}"))
        notes[note] = write_inner(element).strip()
        replace(element, _build_mark(note, len(notes)))
    # A shortcode begins with a bracket; ours are brackets and no more.
    html = write_inner(root).replace("[", "&#91;")
    text = f"<!-- wp:freeform -->\n{html}\n<!-- /wp:freeform -->"
    if not notes:
        return text, ""
    rows = [{"id": note, "content": content} for note, content in notes.items()]
    return f"{text}\n\n<!-- wp:footnotes /-->", json.dumps(rows, ensure_ascii=False)


def _build_mark(note: str, number: int) -> HtmlElement:
    return parse_fragment(
        f'<sup data-fn="{note}" class="fn"><a href="#{note}" id="{note}-link">'
        f"{number}</a></sup>"
    )[0]
