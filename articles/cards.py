"""An article as a card on other people's pages, which ask for it by oEmbed 1.0
(oembed.com).

The card is a page in a frame, so that the other site runs nothing of ours and shows
what we have now: docs/decisions/0038-feeds-and-cards.md.
"""

from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement, tostring

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils.html import format_html
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from articles.models import Article
from articles.workflow import PublicationStatus
from ecfr_site.caching.views import cached_page
from ecfr_site.images.renditions import SHAPES
from ecfr_site.institution.feeds import clean_for_xml
from ecfr_site.institution.models import Institution
from ecfr_site.redirects.paths import canonical_path, toggle_slash
from ecfr_site.redirects.table import own_redirects
from ecfr_site.richtext.absolute import make_absolute
from ecfr_site.security.headers import CROSS_ORIGIN, framed_anywhere

# In pixels. A narrow card has its image on top (static/ecfr_site/css/card.css).
WIDTH, HEIGHT = 600, 260
NARROW, NARROW_HEIGHT = 480, 400
LEAST_WIDTH, LEAST_HEIGHT = 240, 150
# How long others may keep what they are told, in seconds: it may be withdrawn.
CACHE_AGE = 3600
# No screen is wider.
_MOST = "1000000"
FORMATS = ("json", "xml")
_FRAME = (
    '<iframe src="{}" title="{}" width="{}" height="{}" loading="lazy" '
    'sandbox="allow-popups allow-popups-to-escape-sandbox allow-same-origin" '
    'style="border:0;max-width:100%"></iframe>'
)


class Size(NamedTuple):
    width: int
    height: int


@require_safe
def oembed(request):
    """JSON or XML about the article at `url`, in `maxwidth` and `maxheight`.

    404 for what is not public, 501 for other formats, 400 for what makes no sense.
    """
    format_name = request.GET.get("format", "json")
    if format_name not in FORMATS:
        return _refuse("There is json and xml.", 501)
    if not request.GET.get("url"):
        return _refuse("Name the address of an article in url.", 400)
    try:
        most = Size(*(_parse_pixels(request.GET, f"max{n}") for n in Size._fields))
    except ValueError:
        return _refuse("maxwidth and maxheight are whole numbers of pixels.", 400)
    article = find_article(request.GET["url"])
    if article is None:
        return _refuse("No public article is at this address.", 404)
    said = describe_card(article, most)
    if format_name == "json":
        return JsonResponse(said, headers=_HEADERS)
    return HttpResponse(_build_xml(said), content_type="text/xml", headers=_HEADERS)


@cached_page()
@framed_anywhere
@xframe_options_exempt
@require_safe
def card(request, slug):
    """articles/card.html: a small page for frames on other sites.

    404 before it is published; 410 with a notice on the card after it was withdrawn or
    ended, for the frames that there are.
    """
    found = Article.objects.originals().for_lists().filter(slug=slug).first()
    if found is None and (moved := find_article(reverse("article", args=[slug]))):
        return redirect("article_card", moved.slug, permanent=True)
    gone = (PublicationStatus.WITHDRAWN, PublicationStatus.ENDED)
    is_gone = found is not None and found.status in gone
    if found is None or not (found.is_public or is_gone):
        raise Http404
    context = {"article": found, "is_gone": is_gone}
    status = 410 if is_gone else 200
    response = render(request, "articles/card.html", context, status=status)
    for name, value in _HEADERS.items():
        response[name] = value
    return response


# For programs and frames of any site; search engines have the article itself.
_HEADERS = {
    **CROSS_ORIGIN,
    "Access-Control-Allow-Origin": "*",
    "X-Robots-Tag": "noindex",
}


def find_article(url):
    """The public article at an address of this site, or a former one; or None."""
    try:
        path = canonical_path(url.partition("#")[0]).partition("?")[0]
    except ValidationError:
        return None
    articles = Article.objects.published().for_lists()
    if found := articles.filter(slug=_parse_slug(path)).first():
        return found
    rows = own_redirects().filter(old_path__in=[path, toggle_slash(path)])
    new_path = rows.values_list("new_path", flat=True).first()
    return articles.filter(slug=_parse_slug(new_path)).first() if new_path else None


def _parse_slug(path):
    """The slug in an article's path, with or without the last slash; else ""."""
    try:
        match = resolve(f"{path.rstrip('/')}/")
    except Resolver404:
        return ""
    return match.kwargs["slug"] if match.url_name == "article" else ""


def describe_card(article, most):
    """The answer of oEmbed: type `rich` if a card fits into `most`, else `link`."""
    institution = Institution.objects.current()
    said = {
        "version": "1.0",
        "type": "link",
        "title": article.title,
        "provider_name": institution.short_name,
        "provider_url": make_absolute(reverse("home")),
        "cache_age": CACHE_AGE,
    }
    if article.byline:
        said["author_name"] = article.byline
    if len(bylines := article.credits) == 1:
        said["author_url"] = make_absolute(bylines[0].author.get_absolute_url())
    if size := choose_size(most):
        address = make_absolute(reverse("article_card", args=[article.slug]))
        title = f"{article.title} – {institution.short_name}"
        html = format_html(_FRAME, address, title, *size)
        said |= {"type": "rich", "html": html, **size._asdict()}
    return said | _describe_thumbnail(article.image, most)


def choose_size(most):
    """The Size of the card within `most`; None if it does not fit."""
    width = min(WIDTH, most.width)
    height = min(HEIGHT if width >= NARROW else NARROW_HEIGHT, most.height)
    fits = width >= LEAST_WIDTH and height >= LEAST_HEIGHT
    return Size(width, height) if fits else None


def _describe_thumbnail(image, most):
    """The largest JPEG of the image within `most`, if there is one."""
    if image is None:
        return {}
    sizes = SHAPES["card"].sizes(image.width, image.height)
    fitting = [
        (address, width, height)
        # No address before the renditions are made.
        for address, (width, height) in zip(image.jpegs("card"), sizes, strict=False)
        if width <= most.width and height <= most.height
    ]
    if not fitting:
        return {}
    address, width, height = fitting[-1]
    return {
        "thumbnail_url": make_absolute(address),
        "thumbnail_width": width,
        "thumbnail_height": height,
    }


def _parse_pixels(parameters, name):
    """A number, or the most there is. Raises ValueError for anything else."""
    text = parameters.get(name) or _MOST
    if not (text.isascii() and text.isdigit()):
        raise ValueError(name)
    # Python reads no number of thousands of digits.
    return int(text) if len(text) < len(_MOST) else int(_MOST)


def _build_xml(said):
    root = Element("oembed")
    for name, value in said.items():
        SubElement(root, name).text = clean_for_xml(str(value))
    return tostring(root, encoding="utf-8", xml_declaration=True)


def _refuse(reason, status):
    return HttpResponse(
        reason, status=status, content_type="text/plain", headers=_HEADERS
    )
