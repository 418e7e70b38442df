import json

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import mark_safe

from articles.desk import desk_of
from articles.structured_data import (
    absolute,
    article_data,
    author_data,
    breadcrumb_data,
)

register = template.Library()
register.filter(absolute)
register.simple_tag(desk_of)

# Fewer main headings than this need no list of contents.
MIN_SECTIONS = 3

# The same characters that json_script escapes: the text cannot close its element.
_ESCAPES = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}


@register.filter
def sections(contents):
    """The main headings for the list of contents; none where it would be too short."""
    found = [heading for heading in contents if heading["level"] == 2]
    return found if len(found) >= MIN_SECTIONS else []


def json_ld(*graph):
    text = json.dumps(
        {"@context": "https://schema.org", "@graph": graph}, ensure_ascii=False
    )
    return format_html(
        '<script type="application/ld+json">{}</script>',
        mark_safe(text.translate(_ESCAPES)),  # noqa: S308
    )


@register.simple_tag(takes_context=True)
def article_json_ld(context, article):
    kind_path = reverse("publications", args=[article.kind])
    return json_ld(
        article_data(article, context["institution"]),
        breadcrumb_data(
            (context["institution"].short_name, reverse("home")),
            (article.kind_plural, kind_path),
            (article.title, article.get_absolute_url()),
        ),
    )


@register.simple_tag
def author_json_ld(author):
    return json_ld(author_data(author, str(author.position or "")))
