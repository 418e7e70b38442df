"""Figures of the block editor, set as ours: one image each, and captions in tables."""

from lxml.html import HtmlElement

from articles.importing.notes import read_loosely
from ecfr_site.richtext.tree import write_inner

_TABLE, _GALLERY = "wp-block-table", "wp-block-gallery"


def arrange_figures(html: str) -> str:
    """The HTML with a gallery's images apart, and a table's caption in the table."""
    if _TABLE not in html and _GALLERY not in html:
        return html
    root = read_loosely(html)
    for figure in list(root.iter("figure")):
        classes = figure.get("class", "").split()
        if _TABLE in classes:
            _set_table_caption(figure)
        elif _GALLERY in classes and figure.find(".//figure") is not None:
            _part_gallery(figure)
    return write_inner(root)


def _set_table_caption(figure: HtmlElement) -> None:
    table, caption = figure.find("table"), figure.find("figcaption")
    if table is None or caption is None:
        return
    caption.tag = "caption"
    table.tail = caption.tail = None
    table.insert(0, caption)


def _part_gallery(figure: HtmlElement) -> None:
    """Set the caption of all images together below them."""
    for caption in figure.findall("figcaption"):
        caption.tag = "p"
    figure.drop_tag()
