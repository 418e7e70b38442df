"""Search engines are told what schema.org knows, with all that they ask for.

https://schema.org and https://developers.google.com/search/docs/appearance/structured-data
(article, breadcrumb, profile page, site name).
"""

import json
from datetime import date

import lxml.html
import pytest

from ecfr_site.institution.models import Institution
from tests.articles.documents.big_report import build_big_report
from tests.factories import ArticleFactory, AuthorFactory, CorrectionFactory

pytestmark = pytest.mark.django_db
SITE = "https://council.example"
_THING = {"@type", "name", "alternateName", "url", "description", "image", "sameAs"} | {
    *("identifier", "mainEntityOfPage", "potentialAction"),
}
_WORK = _THING | {
    *("headline", "inLanguage", "datePublished", "dateModified", "timeRequired"),
    *("author", "contributor", "editor", "translator", "publisher", "keywords"),
    *("correction", "encoding", "associatedMedia", "version", "isBasedOn"),
    *("isPartOf", "hasPart", "position", "funder", "license", "copyrightHolder"),
    *("text", "mainEntity"),
}
_MEDIA = _WORK | {"contentUrl", "encodingFormat", "contentSize"}
# What a type may have, as schema.org lists it with the types above it.
KNOWN = {
    "Article": _WORK,
    "OpinionNewsArticle": _WORK,
    "Report": _WORK | {"reportNumber"},
    "Book": _WORK | {"isbn", "numberOfPages"},
    "CreativeWorkSeries": _WORK | {"startDate", "endDate", "issn"},
    "WebSite": _WORK | {"issn"},
    "CollectionPage": _WORK,
    "ProfilePage": _WORK,
    "CorrectionComment": _WORK,
    "MediaObject": _MEDIA,
    "DataDownload": _MEDIA,
    "ItemList": _THING | {"itemListElement"},
    "BreadcrumbList": _THING | {"itemListElement"},
    "ListItem": _THING | {"position", "item"},
    "PropertyValue": _THING | {"propertyID", "value"},
    "Person": _THING | {"jobTitle"},
    "Organization": _THING,
    "SearchAction": _THING | {"target", "query-input"},
    "EntryPoint": _THING | {"urlTemplate"},
}
# What search engines require of it, or recommend.
ASKED = {
    "Article": {"headline", "author", "datePublished", "dateModified", "url"},
    "OpinionNewsArticle": {"headline", "author", "datePublished", "dateModified"},
    "BreadcrumbList": {"itemListElement"},
    "CollectionPage": {"name", "url", "mainEntity"},
    "CreativeWorkSeries": {"name", "url"},
    "DataDownload": {"contentUrl", "encodingFormat", "name"},
    "MediaObject": {"contentUrl", "encodingFormat"},
    "Organization": {"name"},
    "Person": {"name", "url"},
    "ProfilePage": {"mainEntity"},
    "PropertyValue": {"propertyID", "value"},
    "SearchAction": {"target", "query-input"},
    "WebSite": {"name", "url"},
}
_ADDRESSES = {"url", "sameAs", "contentUrl", "item", "mainEntityOfPage", "license"}


@pytest.fixture(autouse=True)
def site(settings):
    settings.SITE_URL = SITE


@pytest.fixture
def read(client):
    def read_graph(path):
        response = client.get(path)
        assert response.status_code == 200
        page = lxml.html.fromstring(response.content.decode())
        texts = page.xpath("//script[@type='application/ld+json']/text()")
        return [node for text in texts for node in json.loads(text)["@graph"]]

    return read_graph


def walk(node):
    """All typed nodes in a node."""
    if isinstance(node, list):
        for each in node:
            yield from walk(each)
    elif isinstance(node, dict):
        yield node
        yield from walk(list(node.values()))


def list_faults(graph):
    for node in walk(graph):
        types = node["@type"]
        types = types if isinstance(types, list) else [types]
        known = set.union(*(KNOWN[each] for each in types))
        yield from (f"{types} has no {name}" for name in node.keys() - known)
        for kind in types:
            # A part is named, and described where it stands.
            asked = set() if "headline" in node and "author" not in node else None
            asked = ASKED.get(kind, set()) if asked is None else asked
            yield from (f"{kind} lacks {name}" for name in asked - node.keys())
        for name in _ADDRESSES & node.keys():
            if not str(node[name]).startswith("https://"):
                yield f"{types}: {name} is {node[name]!r}"
        for name in ("datePublished", "dateModified"):
            if name in node:
                date.fromisoformat(node[name])
        if "" in node.values() or None in node.values() or [] in node.values():
            yield f"{types} says nothing somewhere: {node}"


@pytest.fixture
def pages(read):
    report = build_big_report()
    CorrectionFactory(article=report)
    ArticleFactory(published=True, kind="commentary", slug="short")
    ArticleFactory(
        published=True,
        slug="reprint",
        original_outlet="The Review",
        original_url="https://review.example/a",
    )
    AuthorFactory(name="A Group", slug="a-group", kind="group")
    ada = report.bylines.get(author__name="Ada Pole").author
    return {
        path: read(path)
        for path in (
            *("/", "/publications/", "/article/grids/", "/article/short/"),
            *("/article/reprint/", "/people/a-group/", ada.get_absolute_url()),
            *("/series/power-lines/", report.topics.first().get_absolute_url()),
        )
    }


def test_pages_say_what_schema_org_knows_and_search_engines_ask(pages):
    assert all(pages.values())
    found = {path: list(list_faults(graph)) for path, graph in pages.items()}
    assert found == {path: [] for path in pages}


def test_a_series_and_its_parts_name_each_other(pages):
    [report, _] = pages["/article/grids/"]
    [series, crumbs] = pages["/series/power-lines/"]

    assert report["isPartOf"] == {key: series[key] for key in ("@type", "name", "url")}
    [part] = series["hasPart"]
    assert (part["url"], part["position"]) == (report["url"], report["position"])
    assert crumbs["itemListElement"][-1]["item"] == series["url"]


def test_the_home_page_says_whose_site_it_is_and_how_to_search_it(pages):
    [site] = pages["/"]

    assert site["publisher"]["name"] == Institution.objects.current().name
    target = site["potentialAction"]["target"]["urlTemplate"]
    assert target == f"{SITE}/search/?q={{search_term_string}}"


def test_a_list_names_what_is_on_the_page(pages):
    [listed] = pages["/publications/"]

    items = listed["mainEntity"]["itemListElement"]
    assert {each["url"] for each in items} == {
        f"{SITE}/article/{slug}/" for slug in ("grids", "short", "reprint")
    }


def test_a_filtered_list_tells_nothing(read):
    ArticleFactory(published=True, kind="commentary")

    assert read("/publications/?language=en") == []
