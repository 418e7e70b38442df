"""An article's text for feed readers, which show it far from its page."""

from functools import lru_cache
from urllib.parse import urljoin

from django.template.loader import render_to_string
from lxml.html import HtmlElement
from lxml.html.builder import E

from articles.models import Article
from ecfr_site.richtext.absolute import make_absolute
from ecfr_site.richtext.sanitizer import linear_formulas
from ecfr_site.richtext.tree import parse_fragment, serialize

# What means something without the page's style sheet and scripts. Ids would be those
# of several articles on one screen.
_KEPT = {
    *("href", "src", "alt", "title", "width", "height", "lang", "dir"),
    *("colspan", "rowspan", "scope", "start", "type", "reversed", "value", "datetime"),
}
# Nothing without the attributes that are not kept.
_FRAMES = ("div", "section", "span")


def render_full_text(article: Article) -> str:
    """HTML with corrections, image, text, notes and source; no query.

    All addresses are in full. Formulas are text on a line, for most readers remove
    MathML and would leave its letters. The article comes from `for_feeds()`.
    """
    html = render_to_string("articles/feed_text.html", {"article": article})
    return simplify_text(html, make_absolute(article.get_absolute_url()))


# As many as two feeds have: most are there already when a new one appears.
@lru_cache(maxsize=64)
def simplify_text(html: str, page: str) -> str:
    """The HTML with what means something elsewhere, and addresses in full."""
    text = parse_fragment(linear_formulas(html))
    for picture in list(text.iter("picture")):
        _set_image(picture)
    for element in list(text.iter()):
        if element.get("role") == "doc-backlink":
            # Notes stand below the text here as well, and a page more is no way back.
            element.drop_tree()
        else:
            _simplify(element, page)
    return serialize(text).removeprefix("<div>").removesuffix("</div>").strip()


def _set_image(picture: HtmlElement) -> None:
    """The one file that every reader shows, instead of several to choose from."""
    # The parser puts it into the source before it.
    image = next(picture.iter("img"))
    image.tail = picture.tail
    picture.getparent().replace(picture, image)


def _simplify(element: HtmlElement, page: str) -> None:
    if element.get("role") == "doc-endnotes":
        element.addprevious(E.hr())
    for name in set(element.attrib) - _KEPT:
        del element.attrib[name]
    for name in {"href", "src"} & set(element.attrib):
        element.set(name, _complete(element.get(name), page))
    is_frame = element.tag in _FRAMES and not element.attrib
    if is_frame and element.getparent() is not None:
        element.drop_tag()


def _complete(address: str, page: str) -> str:
    try:
        return urljoin(page, address)
    except ValueError:
        # Nonsense leads nowhere from the page either.
        return address
