"""schema.org descriptions for search engines (https://schema.org/Article)."""

from django.utils.timezone import localdate

from articles.facts import describe_article, name_series
from articles.models import Byline, Kind
from articles.models.identifiers import build_doi_url
from authors.facts import describe_image, name_person
from authors.orcid import ORCID_SITE
from ecfr_site.redirects.paths import get_path
from ecfr_site.richtext.absolute import make_absolute

_TYPES = {
    Kind.Template.OPINION: "OpinionNewsArticle",
    Kind.Template.REPORT: "Report",
}


def build_article_data(article, institution):
    """JSON-LD of an article: what the page says of it, for machines.

    With no author the institution is the author, as for an open letter.
    """
    facts = describe_article(article)
    publisher = build_organisation_data(institution)
    people = {role: [] for role in Byline.Role}
    for credit in facts["credits"]:
        people[credit["role"]].append(_build_person_data(credit, credit["position"]))
    original = facts["first_published"]
    data = {
        "@type": _list_types(article, facts),
        "headline": facts["title"],
        "description": article.description,
        "inLanguage": facts["language"],
        "url": facts["url"],
        "mainEntityOfPage": facts["canonical_url"],
        "datePublished": facts["published"],
        "dateModified": localdate(article.updated_at).isoformat(),
        "timeRequired": f"PT{facts['reading_minutes']}M",
        "author": people[Byline.Role.AUTHOR] + people[Byline.Role.HOST] or publisher,
        "contributor": people[Byline.Role.WITH],
        "editor": people[Byline.Role.EDITOR],
        "translator": people[Byline.Role.TRANSLATOR],
        "publisher": publisher,
        "keywords": [each["name"] for each in facts["topics"] + facts["regions"]],
        "correction": [
            {
                "@type": "CorrectionComment",
                "text": each["text"],
                "datePublished": each["date"],
            }
            for each in facts["corrections"]
        ],
        "image": facts["image"] and facts["image"]["url"],
        "encoding": [
            _build_file_data(each)
            for each in facts["attachments"] + facts["documents"]
            if not each.get("data_of")
        ],
        "associatedMedia": [
            {
                **_build_file_data(each),
                "@type": "DataDownload",
                "name": each["title"],
            }
            for each in facts["attachments"]
            if each["data_of"]
        ],
        "version": facts["version"],
        "isBasedOn": original and original["url"],
        "isPartOf": facts["series"] and _build_series_data(facts["series"]),
        "position": facts["series"] and facts["series"]["number"],
        "reportNumber": facts["report_number"] if article.kind.is_report else "",
        "identifier": _list_identifiers(facts),
        "sameAs": facts["doi"] and build_doi_url(facts["doi"]),
        "isbn": facts["isbn"],
        "numberOfPages": facts["page_count"],
        "funder": [_build_funder_data(each) for each in facts["funders"]],
        "license": facts["licence"] and facts["licence"]["url"],
        "copyrightHolder": facts["licence"] and not original and publisher,
    }
    return {key: value for key, value in data.items() if value}


def _list_types(article, facts):
    """Its type; what has an ISBN or pages is a book, too, since others have neither."""
    kind = _TYPES.get(article.kind.template, "Article")
    is_book = facts["isbn"] or facts["page_count"]
    return [kind, "Book"] if is_book else kind


def _build_file_data(facts):
    return {
        "@type": "MediaObject",
        "contentUrl": facts["url"],
        "encodingFormat": facts["media_type"],
        "contentSize": str(facts["bytes"]),
    }


def _build_series_data(facts):
    return {"@type": "CreativeWorkSeries", "name": facts["title"], "url": facts["url"]}


def build_series_data(series, parts, institution):
    """JSON-LD of a series or project with parts, which are published."""
    data = {
        **_build_series_data(name_series(series)),
        "description": series.summary,
        "publisher": build_organisation_data(institution),
        "startDate": series.started and series.started.isoformat(),
        "endDate": series.ended and series.ended.isoformat(),
        "hasPart": [
            {
                "@type": _TYPES.get(part.kind.template, "Article"),
                "headline": part.title,
                "url": make_absolute(part.get_absolute_url()),
                **({"position": part.series_number} if part.series_number else {}),
            }
            for part in parts
        ],
    }
    return {key: value for key, value in data.items() if value}


def build_list_data(name, path, articles):
    """JSON-LD of a page that lists articles."""
    items = [
        {
            "@type": "ListItem",
            "position": place,
            "url": make_absolute(article.get_absolute_url()),
        }
        for place, article in enumerate(articles, start=1)
    ]
    return {
        "@type": "CollectionPage",
        "name": name,
        "url": make_absolute(path),
        "mainEntity": {"@type": "ItemList", "itemListElement": items},
    }


def build_site_data(institution):
    """JSON-LD of the home page: the site, who publishes it, and where to search it."""
    home = make_absolute(get_path("home"))
    search = make_absolute(get_path("search"))
    return {
        "@type": "WebSite",
        "name": institution.name,
        "alternateName": institution.short_name,
        "url": home,
        "description": institution.strapline or institution.name,
        "publisher": build_organisation_data(institution),
        "potentialAction": {
            "@type": "SearchAction",
            "target": {
                "@type": "EntryPoint",
                "urlTemplate": f"{search}?q={{search_term_string}}",
            },
            "query-input": "required name=search_term_string",
        },
    }


def _list_identifiers(facts):
    values = {"DOI": facts["doi"], "ISBN": facts["isbn"]}
    return [
        {"@type": "PropertyValue", "propertyID": name, "value": value}
        for name, value in values.items()
        if value
    ]


def _build_funder_data(facts):
    data = {"@type": "Organization", "name": facts["name"], "url": facts["url"]}
    return {
        key: value for key, value in {**data, "sameAs": facts["ror"]}.items() if value
    }


def build_author_data(author, position=""):
    """JSON-LD of the page of a person, group or institution."""
    person = _build_person_data(name_person(author), position)
    if photo := describe_image(author.photo, author.name):
        person["image"] = photo["url"]
    return {
        "@type": "ProfilePage",
        "name": author.name,
        "url": person["url"],
        "mainEntity": person,
    }


def _build_person_data(facts, position):
    is_person = facts["kind"] == "person"
    data = {
        "@type": "Person" if is_person else "Organization",
        "name": facts["name"],
        "url": facts["url"],
    }
    if position and is_person:
        data["jobTitle"] = position
    if facts["orcid"]:
        data["sameAs"] = f"{ORCID_SITE}{facts['orcid']}"
    return data


def build_organisation_data(institution):
    data = {
        "@type": "Organization",
        "name": institution.name,
        "url": make_absolute(get_path("home")),
        "sameAs": institution.ror_url,
    }
    return {key: value for key, value in data.items() if value}


def build_breadcrumb_data(*steps):
    """JSON-LD of breadcrumbs from (name, path) pairs."""
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {
                "@type": "ListItem",
                "position": place,
                "name": name,
                "item": make_absolute(path),
            }
            for place, (name, path) in enumerate(steps, start=1)
        ],
    }
