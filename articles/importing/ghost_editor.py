"""Turn what Ghost's editor stores into the HTML that Ghost makes of it.

Sources: the nodes of @tryghost/kg-default-nodes for the form “lexical”, and the format
mobiledoc 0.3 with Ghost's cards. Cards come out with the classes that
articles/importing/ghost_cards.py reads; what no table below names is a loss.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from articles.importing.markdown_text import write_markdown
from articles.importing.words import write_counts

Node = Mapping[str, Any]

_DEEPEST = 40
# What reading one of another shape ends in.
_BROKEN = (ValueError, TypeError, KeyError, IndexError, AttributeError)
# Bits of a text's format, in the order in which their elements nest.
_FORMATS = {1: "strong", 2: "em", 4: "s", 8: "u", 16: "code", 32: "sub", 64: "sup"}
_ELEMENTS = {
    **{"paragraph": "p", "listitem": "li", "quote": "blockquote"},
    **{"extended-quote": "blockquote", "aside": "blockquote"},
    **{"table": "table", "tablerow": "tr", "tablecell": "td"},
}
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_LINKS = {"link", "autolink", "at-link"}
_SILENT = {"at-link-search", "zwnj"}
# Elements that a section or a word of mobiledoc may be.
_SECTIONS = {*_HEADINGS, "p", "blockquote", "aside", "ul", "ol"}
_MARKUPS = {"a", "b", "strong", "i", "em", "s", "u", "code", "sub", "sup"}


def write_stored(form: str, text: str) -> tuple[str, list[str]] | None:
    """HTML of a text in that form, and what was lost; None if it cannot be read."""
    losses: Counter[str] = Counter()
    write = {"lexical": _write_lexical, "mobiledoc": _write_mobiledoc}[form]
    try:
        html = write(json.loads(text), losses)
    # Whatever the export has in the place of what it should have.
    except (*_BROKEN, RecursionError):
        return None
    return html, write_counts(sorted(losses.items()))


# Lexical


def _write_lexical(state: Node, losses: Counter[str]) -> str:
    return _write_children(state["root"], losses, 0)


def _write_children(node: Node, losses: Counter[str], depth: int) -> str:
    if depth > _DEEPEST:
        raise ValueError("It is nested deeper than any text.")
    children = node.get("children") or []
    return "".join(_write_node(child, losses, depth + 1) for child in children)


def _write_node(node: Node, losses: Counter[str], depth: int) -> str:
    name = _get(node, "type")
    if name in ("text", "extended-text"):
        return _write_text(node)
    if name in ("linebreak", "tab"):
        return "<br>" if name == "linebreak" else " "
    if name in _SILENT:
        return ""
    if name in _CARDS or "children" not in node:
        return _write_card(name, node, losses)
    inner = _write_children(node, losses, depth)
    if name in _LINKS:
        return f'<a href="{escape(_get(node, "url"))}">{inner}</a>'
    if name == "list":
        is_numbered = node.get("listType") == "number" or node.get("tag") == "ol"
        tag = "ol" if is_numbered else "ul"
        return f"<{tag}>{inner}</{tag}>"
    if name in ("heading", "extended-heading"):
        tag = _get(node, "tag") if node.get("tag") in _HEADINGS else "h2"
        return f"<{tag}>{inner}</{tag}>"
    if name not in _ELEMENTS:
        losses[f"“{name}” (its text was kept)"] += 1
        return f"<p>{inner}</p>"
    return f"<{_ELEMENTS[name]}>{inner}</{_ELEMENTS[name]}>"


def _write_text(node: Node) -> str:
    html = escape(_get(node, "text"), quote=False)
    bits = node.get("format")
    for bit, tag in _FORMATS.items():
        if isinstance(bits, int) and bits & bit:
            html = f"<{tag}>{html}</{tag}>"
    return html


# Mobiledoc


def _write_mobiledoc(document: Node, losses: Counter[str]) -> str:
    return "".join(
        _write_section(section, document, losses) for section in document["sections"]
    )


def _write_section(section: list[Any], document: Node, losses: Counter[str]) -> str:
    kind, *rest = section
    if kind == 10:
        name, payload = document["cards"][rest[0]]
        return _write_card(name, payload or {}, losses)
    if kind == 2:
        return _write_image({"src": rest[0]})
    tag = rest[0].lower()
    tag = "blockquote" if tag == "aside" else tag if tag in _SECTIONS else "p"
    if kind == 3:
        items = (_write_markers(item, document) for item in rest[1])
        inner = "".join(f"<li>{item}</li>" for item in items)
    else:
        inner = _write_markers(rest[1], document)
    return f"<{tag}>{inner}</{tag}>"


def _write_markers(markers: list[Any], document: Node) -> str:
    """Words between markups, which open and close in their order."""
    html, opened = "", []
    for kind, opening, closing, value in markers:
        for number in opening:
            markup = document["markups"][number]
            tag = markup[0].lower()
            opened.append(tag if tag in _MARKUPS else "span")
            # Names and values in turn.
            names = markup[1] if len(markup) > 1 else []
            href = names[names.index("href") + 1] if "href" in names else ""
            html += f'<a href="{escape(href)}">' if tag == "a" else f"<{opened[-1]}>"
        atom = document["atoms"][value] if kind == 1 else None
        if atom:
            html += "<br>" if atom[0] == "soft-return" else escape(str(atom[1]))
        else:
            html += escape(value, quote=False)
        for _ in range(closing):
            html += f"</{opened.pop()}>"
    return html


# Cards, which both have


def _write_card(name: str, card: Node, losses: Counter[str]) -> str:
    write = _CARDS.get(name)
    if write is None:
        losses[f"card “{name}”"] += 1
        return ""
    return write(card)


def _frame(name: str, inner: str) -> str:
    return f'<div class="kg-card kg-{name}-card">{inner}</div>'


def _write_image(card: Node) -> str:
    src, alt = escape(_get(card, "src")), escape(_get(card, "alt"))
    image = f'<img src="{src}" alt="{alt}">'
    if href := _get(card, "href"):
        image = f'<a href="{escape(href)}">{image}</a>'
    return f'<figure class="kg-card kg-image-card">{image}{_caption(card)}</figure>'


def _write_gallery(card: Node) -> str:
    images = "".join(
        f'<img src="{escape(_get(image, "src"))}" alt="{escape(_get(image, "alt"))}">'
        for image in card.get("images") or []
    )
    return _frame("gallery", f"{images}{_caption(card)}")


def _write_bookmark(card: Node) -> str:
    about = card.get("metadata") or {}
    parts = "".join(
        f'<span class="kg-bookmark-{name}">{escape(_get(about, name))}</span>'
        for name in ("title", "publisher")
        if _get(about, name)
    )
    url = escape(_get(card, "url") or _get(about, "url"))
    return _frame("bookmark", f'<a href="{url}">{parts}</a>{_caption(card)}')


def _write_embed(card: Node) -> str:
    html = _get(card, "html")
    if "<iframe" not in html and "<blockquote" not in html:
        about = card.get("metadata") or {}
        url, title = escape(_get(card, "url")), escape(_get(about, "title"))
        html = f'<iframe src="{url}" title="{title}"></iframe>'
    return _frame("embed", f"{html}{_caption(card)}")


def _write_callout(card: Node) -> str:
    text = _get(card, "calloutText")
    return _frame("callout", f'<div class="kg-callout-text">{text}</div>')


def _write_toggle(card: Node) -> str:
    heading, content = _get(card, "heading"), _get(card, "content")
    return _frame(
        "toggle",
        f'<h4 class="kg-toggle-heading-text">{heading}</h4>'
        f'<div class="kg-toggle-content">{content}</div>',
    )


def _write_button(card: Node) -> str:
    url, text = escape(_get(card, "buttonUrl")), escape(_get(card, "buttonText"))
    return _frame("button", f'<a href="{url}">{text}</a>')


def _write_file(card: Node) -> str:
    parts = "".join(
        f'<div class="kg-file-card-{part}">{escape(_get(card, name))}</div>'
        for part, name in (
            ("title", "fileTitle"),
            ("caption", "fileCaption"),
            ("filename", "fileName"),
        )
        if _get(card, name)
    )
    return _frame("file", f'<a href="{escape(_get(card, "src"))}">{parts}</a>')


def _write_recording(name: str) -> Callable[[Node], str]:
    def write(card: Node) -> str:
        src, title = escape(_get(card, "src")), escape(_get(card, "title"))
        about = f'<div class="kg-{name}-title">{title}</div>' if title else ""
        return _frame(name, f'<{name} src="{src}"></{name}>{about}{_caption(card)}')

    return write


def _write_code(card: Node) -> str:
    code = escape(_get(card, "code"), quote=False)
    return f"<pre><code>{code}</code></pre>{_caption(card, 'p')}"


def _caption(card: Node, tag: str = "figcaption") -> str:
    caption = _get(card, "caption")
    return f"<{tag}>{caption}</{tag}>" if caption else ""


def _acting(name: str) -> Callable[[Node], str]:
    """A card of which nothing is shown, but that it was there."""
    return lambda card: _frame(name, "")


_CARDS: dict[str, Callable[[Node], str]] = {
    **dict.fromkeys(("horizontalrule", "hr"), lambda card: "<hr>"),
    "image": _write_image,
    "gallery": _write_gallery,
    "bookmark": _write_bookmark,
    "embed": _write_embed,
    "callout": _write_callout,
    "toggle": _write_toggle,
    "button": _write_button,
    "file": _write_file,
    "audio": _write_recording("audio"),
    "video": _write_recording("video"),
    **dict.fromkeys(("codeblock", "code"), _write_code),
    "html": lambda card: _get(card, "html"),
    **dict.fromkeys(
        ("markdown", "card-markdown"),
        lambda card: write_markdown(_get(card, "markdown")),
    ),
    **{name: _acting(name) for name in ("signup", "email", "email-cta")},
    "paywall": lambda card: "<!--members-only-->",
}


def _get(node: Node, name: str) -> str:
    """The field as text; "" if it has none."""
    value = node.get(name)
    return value if isinstance(value, str) else ""
