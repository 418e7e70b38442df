import json
from urllib.parse import quote_plus

from django import template
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.http import urlencode
from django.utils.safestring import mark_safe
from django.utils.translation import get_language

from articles.citing.coins import build_context_object
from articles.citing.meta_tags import list_meta_tags
from articles.citing.record import build_record, describe_people
from articles.desk import build_desk
from articles.documents.composing import find_label_language
from articles.figure_data import insert_data_links
from articles.models.identifiers import DOI_SITE
from articles.search.catalogue import GROUPS
from articles.search.results import search
from articles.structured_data import (
    build_article_data,
    build_author_data,
    build_breadcrumb_data,
    build_list_data,
    build_series_data,
    build_site_data,
)
from ecfr_site.redirects.paths import get_path
from ecfr_site.richtext.absolute import make_absolute

register = template.Library()
register.filter("absolute", make_absolute)
register.simple_tag(build_desk)

# Fewer main headings than this need no list of contents.
MIN_SECTIONS = 3

_CURRENT = ' aria-current="true"'

# The same characters that json_script escapes: the text cannot close its element.
_ESCAPES = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}


@register.simple_tag(takes_context=True)
def text_with_data(context, article):
    """The text; its captions lead to the data of figures, in a preview by its link."""
    link = context.get("preview_link")

    def find_address(file):
        if link:
            return reverse("preview_file", args=[link.token, file.file.path_below])
        return file.file.url

    return insert_data_links(article, find_address, find_label_language(article))


@register.simple_tag
def list_facets(group, slug):
    """Facets of the work of a person or programme, or on a topic, for `filter_link`."""
    results = search("", {})
    results.restrict(group, slug)
    return results.list_facets([name for name in GROUPS if name != group])


# These are tags and no templates, which take half of a page of results.


@register.simple_tag
def result_lines(shown):
    """Results (articles/search/showing.py) as items of a list."""
    language = get_language()[:2]
    return mark_safe(  # noqa: S308 (escaped)
        "\n".join(f"<li>{_write_result(each, language)}</li>" for each in shown)
    )


def _write_result(shown, language):
    article = shown.article
    kind = article.kind
    lang = "" if article.language == language else f' lang="{escape(article.language)}"'
    lines = [
        f'<article class="line result kind-{escape(kind.colour)}">',
        f'<p class="label">{escape(kind.name)}</p>',
        f'<h2 class="heading"{lang}><a class="title" '
        f'href="{escape(article.get_absolute_url())}">{mark_hits(shown.title)}</a></h2>',
    ]
    if excerpt := mark_hits(shown.excerpt or shown.standfirst):
        file = shown.file
        source = f'<span class="source">{escape(file)}:</span> ' if file else ""
        lines.append(f'<p class="standfirst"{lang}>{source}{excerpt}</p>')
    byline = f"<bdi>{escape(text)}</bdi>, " if (text := article.byline) else ""
    date = f'<time datetime="{article.date_iso}">{escape(article.date_text)}</time>'
    return "\n".join([*lines, f'<p class="meta">{byline}{date}</p>', "</article>"])


@register.simple_tag(takes_context=True)
def facet_values(context, values):
    """The values of a facet as items of a list, each a link."""
    if not values:
        return ""
    # All of one group: what comes before and after a value in its link is the same.
    start = _begin_link(context, values[0].group)
    items = (
        f'<li><a href="{escape(_end_link(start, value))}" rel="nofollow"'
        f"{_CURRENT if value.is_chosen else ''}>"
        f'<span class="value">{escape(value.name)}</span> '
        f'<span class="count">{value.total:,}<span class="hidden"> publication'
        f"{'' if value.total == 1 else 's'}</span></span></a></li>"
        for value in values
    )
    return mark_safe("\n".join(items))  # noqa: S308 (escaped)


@register.filter
def mark_hits(pieces):
    """Pieces of a text (articles/search/excerpts.py), what was looked for marked."""
    marked = (
        f"<mark>{escape(piece.text)}</mark>" if piece.is_hit else escape(piece.text)
        for piece in pieces
    )
    return mark_safe("".join(marked))  # noqa: S308 (escaped)


@register.simple_tag(takes_context=True)
def filter_link(context, value):
    """The page's address with a filter's value chosen, or given up if it is.

    With `narrowed_from`, a group and a value, it is the search that begins with these.
    """
    return _end_link(_begin_link(context, value.group), value)


def _begin_link(context, group):
    """The part that the links of a group's values have in common."""
    if "narrowed_from" in context:
        name, slug = context["narrowed_from"].split()
        return f"{reverse('search')}?{urlencode({name: slug})}"
    asked = [
        (name, text)
        for name, texts in context["request"].GET.lists()
        if name not in (group, "page")
        for text in texts
    ]
    return f"?{urlencode(asked)}"


def _end_link(start, value):
    if value.is_chosen:
        return start
    between = "" if start.endswith("?") else "&"
    return f"{start}{between}{value.group}={quote_plus(value.slug)}"


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
def citation_meta_tags(context, article):
    lines = (
        f'<meta name="{name}" content="{escape(content)}">'
        for name, content in list_meta_tags(article, context["institution"])
    )
    return mark_safe("\n".join(lines))  # noqa: S308 (escaped)


@register.simple_tag(takes_context=True)
def cited(context, article):
    """What a page on paper says of itself, and what reference managers read (COinS)."""
    record = build_record(article, context["institution"])
    doi = record.get("DOI")
    return {
        "coins": build_context_object(record),
        "people": describe_people(record),
        "address": f"{DOI_SITE}{doi}" if doi else record["URL"],
        "version": record.get("note", ""),
    }


@register.simple_tag(takes_context=True)
def article_json_ld(context, article):
    return json_ld(
        build_article_data(article, context["institution"]),
        build_breadcrumb_data(
            (context["institution"].short_name, get_path("home")),
            (article.kind.plural, article.kind.get_absolute_url()),
            (article.title, article.get_absolute_url()),
        ),
    )


@register.simple_tag(takes_context=True)
def home_json_ld(context):
    return json_ld(build_site_data(context["institution"]))


@register.simple_tag(takes_context=True)
def list_json_ld(context, name, articles):
    return json_ld(build_list_data(name, context["request"].path, articles))


@register.simple_tag(takes_context=True)
def series_json_ld(context, series, parts):
    institution = context["institution"]
    return json_ld(
        build_series_data(series, parts, institution),
        build_breadcrumb_data(
            (institution.short_name, get_path("home")),
            ("Series", get_path("series_list")),
            (series.title, series.get_absolute_url()),
        ),
    )


@register.simple_tag
def author_json_ld(author):
    return json_ld(build_author_data(author, str(author.position or "")))
