"""Turn a text of WordPress into HTML without WordPress's own marks.

Sources: wpautop in wp-includes/formatting.php, the block grammar in the Block Editor
Handbook, shortcodes in wp-includes/shortcodes.php and media.php, and the forms in which
plugins for footnotes write these. What comes out is HTML that still has to be cleaned;
footnotes stand in it as ours do, and images and files as the old site names them.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import NamedTuple

from articles.importing.notes import (
    place_listed_notes,
    read_loosely,
    replace,
    write_note,
)
from articles.importing.records import MediaRecord, PieceRecord
from articles.importing.wordpress_figures import arrange_figures
from articles.importing.words import write_counts
from ecfr_site.richtext.tree import write_inner

# A reusable block may hold others, and one that holds itself never ends.
_DEEPEST = 5
_BLOCK = re.compile(
    r"<!--\s+(?P<end>/)?wp:(?P<name>[a-z][a-z0-9_-]*(?:/[a-z][a-z0-9_-]*)?)"
    r"\s+(?P<attributes>\{.*?\}\s+)?(?P<void>/)?-->",
    re.DOTALL,
)
# Blocks of which nothing is lost when their marks are taken away.
_PLAIN = {
    *("paragraph", "heading", "list", "list-item", "quote", "pullquote", "image"),
    *("gallery", "table", "file", "button", "buttons", "columns", "column", "group"),
    *("separator", "spacer", "html", "freeform", "classic", "preformatted", "verse"),
    *("media-text", "cover", "code", "more", "nextpage", "details", "footnotes"),
    *("missing", "audio", "video", "embed", "core-embed"),
}
_SHORTCODE = re.compile(
    r"\[(?P<open>\[?)(?P<name>[A-Za-z][\w-]*)(?P<attributes>(?:\s[^\[\]]*)?)"
    r"(?P<void>/)?\](?P<close>\]?)"
)
_END = re.compile(r"\[/([A-Za-z][\w-]*)\]")
_ATTRIBUTE = re.compile(
    r"""([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"']+))|"([^"]*)"|(\S+)"""
)
# Shortcodes of plugins between whose marks a footnote stands.
FOOTNOTE_SHORTCODES = {
    *("ref", "note", "fn", "footnote", "footnotes", "efn_note", "mfn"),
    *("modern_footnote", "sidenote", "su_note", "footnote_ref"),
}
# Shortcodes that stand for a list of the notes, which the page makes by itself.
_NOTE_LISTS = {"references", "reflist", "efn_note_list", "footnotes_list", "notes"}
# Words in brackets that are no shortcode: “[the EU]”, “[sic]”, “[1]” have no meaning
# to WordPress either; only what looks like a program's name is told.
_PROSE = re.compile(r"^[a-z]{1,12}$|^[A-Z]")
# Where the text of a list ends, and where a page of the piece does.
_BREAK = r"<!--\s*(?:more|nextpage|noteaser)\b.*?-->"
_BREAKS = re.compile(rf"^{_BREAK}\n|{_BREAK}", re.DOTALL | re.MULTILINE)
# Beside the file's name, which is a link to it as well.
_DOWNLOAD = re.compile(
    r"<a\b[^>]*\bwp-block-file__button\b[^>]*>.*?</a\s*>", re.DOTALL | re.IGNORECASE
)
_BRACKETS = re.compile(r"\(\((?!\()(.+?)\)\)(?!\))", re.DOTALL)
_ADDRESS_LINE = re.compile(r"^\s*(https?://[^\s<>\"]+)\s*$", re.MULTILINE)
# fmt: off
_BLOCK_ELEMENTS = (
    "table|thead|tfoot|caption|col|colgroup|tbody|tr|td|th|div|dl|dd|dt|ul|ol|li|pre|"
    "form|map|area|blockquote|address|style|p|h[1-6]|hr|fieldset|legend|section|article|"
    "aside|hgroup|header|footer|nav|figure|figcaption|details|menu|summary|iframe"
)
# fmt: on
_KEPT_LINES = re.compile(r"<(pre|script|style|textarea)\b.*?</\1\s*>", re.S | re.I)


class Converted(NamedTuple):
    html: str
    losses: list[str]


@dataclass
class _Context:
    """The things that a text may refer to, and its losses."""

    blocks: Mapping[str, str]
    media: Callable[[str], MediaRecord | None]
    notes: Mapping[str, str]
    attached: Sequence[str]
    losses: Counter[str] = field(default_factory=Counter)


def convert(
    piece: PieceRecord,
    blocks: Mapping[str, str],
    media: Callable[[str], MediaRecord | None],
    attached: Sequence[str] = (),
    brackets_are_notes: bool = False,
) -> Converted:
    """HTML of the piece, and what of it was not understood.

    `blocks` are reusable blocks and `media` finds an image or file, each by number;
    `attached` are the images that a gallery shows which names none.
    `brackets_are_notes` reads ((this)) as a footnote, as one plugin has it.
    """
    context = _Context(blocks, media, piece.notes, attached)
    html = piece.html.replace("\r\n", "\n").replace("\r", "\n")
    html = _BREAKS.sub("", html)
    if piece.style == "blocks":
        html = _DOWNLOAD.sub("", _replace_blocks(html, context))
        html = arrange_figures(html)
    elif piece.style == "classic":
        # Shortcodes first: a footnote may go over paragraphs, a caption holds blocks.
        html = _ADDRESS_LINE.sub(_link_address(context), html)
    html = _replace_shortcodes(html, context)
    if brackets_are_notes:
        html = _BRACKETS.sub(lambda found: write_note(found[1]), html)
    if piece.style == "classic":
        html = add_paragraphs(html)
    html = _place_notes(html, context)
    losses = write_counts(sorted(context.losses.items()))
    return Converted(html, [*piece.losses, *losses])


# The block editor


def _replace_blocks(html: str, context: _Context, depth: int = 0) -> str:
    """The HTML without the marks of blocks, and with what they refer to."""
    parts = []
    end = 0
    embedded = ""
    for found in _BLOCK.finditer(html):
        parts.append(_link(html[end : found.start()], embedded))
        end = found.end()
        embedded = ""
        if found["end"]:
            continue
        attributes = _read_attributes(found["attributes"])
        parts.append(_write_block(found, attributes, context, depth))
        if _is_embed(found["name"]):
            embedded = str(attributes.get("url", ""))
    parts.append(html[end:])
    return "".join(parts)


def _is_embed(name: str) -> bool:
    return name.removeprefix("core/").startswith(("embed", "core-embed/"))


def _link(html: str, url: str) -> str:
    """The HTML of an embedded page with a link, also where its address is text."""
    if not url:
        return html
    written = f"(?:{re.escape(url)}|{re.escape(escape(url))})"
    link = f'<a href="{escape(url)}">{escape(url)}</a>'
    if not re.search(written, html):
        return f"<p>{link}</p>{html}"
    alone = rf"(?<=[>\s]){written}(?=[<\s])(?!\s*</a>)"
    return re.sub(alone, lambda _: link, html, count=1)


def _read_attributes(text: str | None) -> dict[str, object]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _write_block(
    found: re.Match[str], attributes: dict[str, object], context: _Context, depth: int
) -> str:
    name = found["name"].removeprefix("core/")
    if name == "block":
        reference = str(attributes.get("ref", ""))
        text = context.blocks.get(reference)
        if text is None or depth >= _DEEPEST:
            context.losses[f"reusable block {reference}"] += 1
            return ""
        return _replace_blocks(text, context, depth + 1)
    if _is_embed(name) and attributes.get("url"):
        context.losses["embedded page, now a link"] += 1
        return ""
    if name == "gallery" and found["void"]:
        return _write_gallery(attributes.get("ids"), context)
    if found["void"] and name not in ("separator", "spacer", "footnotes", "more"):
        context.losses[f"block “{name}”"] += 1
    elif "/" in name and name.partition("/")[0] != "core-embed":
        context.losses[f"block “{name}” (its text was kept)"] += 1
    return ""


# Shortcodes


def _replace_shortcodes(html: str, context: _Context) -> str:
    """The HTML with each shortcode as what it stands for; the inner ones first."""
    parts: list[str] = []
    opened: list[tuple[str, str, int]] = []
    end = 0
    last_ends = {found[1]: found.start() for found in _END.finditer(html)}
    for found in re.finditer(
        rf"{_SHORTCODE.pattern}|\[/(?P<ends>[A-Za-z][\w-]*)\]", html
    ):
        parts.append(html[end : found.start()])
        end = found.end()
        if found["open"] and found["close"]:
            # [[like this]] shows a shortcode as it is.
            parts.append(found[0][1:-1])
        elif found["ends"]:
            _end_shortcode(found, parts, opened, context)
        elif last_ends.get(found["name"], 0) >= end and not found["void"]:
            opened.append((found["name"], found["attributes"], len(parts)))
        else:
            parts.append(
                _write_shortcode(found["name"], found["attributes"], "", context)
                if _is_shortcode(found)
                else found[0]
            )
    parts.append(html[end:])
    return "".join(parts)


def _is_shortcode(found: re.Match[str]) -> bool:
    known = {"gallery", "embed", *_NOTE_LISTS, "caption", "video", "audio", "playlist"}
    if found["name"] in known or "=" in found["attributes"] or found["void"]:
        return True
    words = found["attributes"].strip()
    return not words and not _PROSE.match(found["name"])


def _end_shortcode(
    found: re.Match[str],
    parts: list[str],
    opened: list[tuple[str, str, int]],
    context: _Context,
) -> None:
    names = [name for name, _, _ in opened]
    if found["ends"] not in names:
        parts.append(found[0])
        return
    while opened:
        name, attributes, start = opened.pop()
        content = "".join(parts[start:])
        del parts[start:]
        parts.append(_write_shortcode(name, attributes, content, context))
        if name == found["ends"]:
            return


def _write_shortcode(
    name: str, attributes: str, content: str, context: _Context
) -> str:
    values = _parse_attributes(attributes)
    if name in FOOTNOTE_SHORTCODES and content.strip():
        return write_note(content)
    if name in _NOTE_LISTS or (name in FOOTNOTE_SHORTCODES and not content):
        return ""
    if name in ("caption", "wp_caption"):
        return _write_caption(values, content)
    if name == "gallery":
        ids = values.get("ids") or values.get("include") or list(context.attached)
        return _write_gallery(ids, context)
    if name == "embed" and content.strip():
        return _link_address(context)(None, content.strip())
    if name in ("video", "audio") and (source := _find_source(values)):
        context.losses[f"{name} recording, now a link"] += 1
        return f'\n\n<p><a href="{escape(source)}">{escape(source)}</a></p>\n\n'
    title = values.get("title", "").strip()
    lost = f" and its title “{title}”" if title else ""
    kept = " (its text was kept)" if content.strip() else ""
    context.losses[f"shortcode [{name}]{lost}{kept}"] += 1
    return content


def _parse_attributes(text: str) -> dict[str, str]:
    """{name: value}; values without a name stand under their place."""
    values: dict[str, str] = {}
    for place, found in enumerate(_ATTRIBUTE.finditer(text)):
        name, *quoted = found.groups()
        value = next((part for part in quoted if part is not None), "")
        values[name.lower() if name else str(place)] = value
    return values


def _find_source(values: Mapping[str, str]) -> str:
    names = ("src", "mp4", "mp3", "m4a", "webm", "ogg", "wav")
    return next((values[name] for name in names if values.get(name)), "")


def _write_caption(values: Mapping[str, str], content: str) -> str:
    """A figure: the image, in its link if it has one, and what stands after it."""
    found = re.search(r"(?:<a\b[^>]*>\s*)?<img\b[^>]*>(?:\s*</a>)?", content)
    if not found:
        return content
    text = (content[: found.start()] + content[found.end() :]).strip()
    text = text or values.get("caption", "")
    return _write_figure(found[0], text)


def _write_figure(image: str, caption: str) -> str:
    said = f"<figcaption>{caption}</figcaption>" if caption else ""
    return f"\n\n<figure>{image}{said}</figure>\n\n"


def _write_gallery(ids: object, context: _Context) -> str:
    numbers = ids if isinstance(ids, list) else re.split(r"[\s,]+", str(ids or ""))
    figures = []
    for number in filter(None, map(str, numbers)):
        image = context.media(number)
        if image is None:
            context.losses[f"image {number} of a gallery"] += 1
            continue
        figures.append(
            _write_figure(
                f'<img src="{escape(image.url)}" alt="{escape(image.alt)}">',
                image.caption,
            )
        )
    if not figures:
        context.losses["gallery without images"] += 1
    return "".join(figures)


def _link_address(context: _Context) -> Callable[..., str]:
    """An address alone on its line, of which WordPress makes an embedded page."""

    def link(found: re.Match[str] | None, url: str = "") -> str:
        url = url or (found[1] if found else "")
        context.losses["embedded page, now a link"] += 1
        return f'\n\n<p><a href="{escape(url)}">{escape(url)}</a></p>\n\n'

    return link


# Footnotes


def _place_notes(html: str, context: _Context) -> str:
    """Set notes that stand apart where their numbers are: those of the block editor,
    and lists at the end to which numbers in the text lead."""
    if not context.notes and 'href="#' not in html and "href='#" not in html:
        return html
    root = read_loosely(html)
    for mark in list(root.iter("sup")):
        name = mark.get("data-fn")
        if name and name in context.notes:
            replace(mark, write_note(context.notes[name]))
        elif name:
            context.losses["footnote without text"] += 1
            mark.drop_tree()
    place_listed_notes(root)
    return write_inner(root)


# The classic editor


def add_paragraphs(text: str) -> str:
    """HTML of what the classic editor keeps: empty lines part paragraphs.

    As WordPress's wpautop, but that the text between two blocks is a paragraph even if
    a tag opens in it and ends elsewhere: the sanitiser puts that right.
    """
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        kept.append(found[0])
        return f"\n\n<pre{len(kept) - 1}>\n\n"

    text = _KEPT_LINES.sub(keep, text)
    # Lines within a tag are none of the text.
    text = re.sub(r"<[^>]*\n[^>]*>", lambda tag: tag[0].replace("\n", " "), text)
    text = re.sub(
        rf"(<(?:{_BLOCK_ELEMENTS})\b[^>]*>)", r"\n\n\1", text, flags=re.IGNORECASE
    )
    text = re.sub(rf"(</(?:{_BLOCK_ELEMENTS})>)", r"\1\n\n", text, flags=re.IGNORECASE)
    text = re.sub(r"(<hr\b[^>]*>)", r"\1\n\n", text, flags=re.IGNORECASE)
    return "\n".join(_write_paragraphs(text, kept))


def _write_paragraphs(text: str, kept: list[str]) -> Iterator[str]:
    for part in re.split(r"\n\s*\n", text):
        part = part.strip()
        if not part:
            continue
        if found := re.fullmatch(r"<pre(\d+)>", part):
            yield kept[int(found[1])]
        elif re.match(rf"</?(?:{_BLOCK_ELEMENTS})\b", part, re.IGNORECASE):
            yield re.sub(r"(?<=[^>\s])\n", "<br>\n", part)
        else:
            lines = re.sub(r"(?<!<br>)(?<!<br />)(?<!<br/>)\n", "<br>\n", part)
            yield f"<p>{lines}</p>"
