"""A publication's text to take along, where its licence lets others republish it."""

from typing import NamedTuple

from django.template.loader import render_to_string

from articles.feeds.full_text import simplify_text
from articles.models import Article
from ecfr_site.institution.models import Institution
from ecfr_site.richtext.absolute import make_absolute
from ecfr_site.richtext.sanitizer import plain_text
from ecfr_site.richtext.tree import parse_fragment, serialize


class Copy(NamedTuple):
    html: str
    text: str


def build_copy(article: Article, institution: Institution) -> Copy:
    """Title, byline, text and source as HTML and as plain text.

    Without images, whose rights are mostly somebody else's. No query; the article
    comes from `for_page()`.
    """
    context = {"article": article, "institution": institution}
    rendered = render_to_string("articles/republish_text.html", context)
    tree = parse_fragment(rendered)
    for image in [*tree.iter("figure", "picture", "img")]:
        if image.tag != "figure" or image.find(".//table") is None:
            image.drop_tree()
    page = make_absolute(article.get_absolute_url())
    html = simplify_text(serialize(tree), page)
    return Copy(html, plain_text(html))
