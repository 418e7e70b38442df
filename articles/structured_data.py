"""schema.org descriptions for search engines (https://schema.org/Article)."""

from django.conf import settings
from django.urls import reverse
from django.utils.timezone import localdate

from articles.models import Article, Byline
from ecfr_site.richtext.plain_text import web_address

_TYPES = {
    Article.Kind.COMMENTARY: "OpinionNewsArticle",
    Article.Kind.REPORT: "Report",
    Article.Kind.POLICY_BRIEF: "Report",
}


def absolute(path):
    return f"{settings.SITE_URL}{path}" if path.startswith("/") else path


def article_data(article, institution):
    """JSON-LD of an article: what the page says of it, for machines.

    With no author the institution is the author, as for an open letter.
    """
    publisher = organisation_data(institution)
    people = {role: [] for role in Byline.Role}
    for byline in article.credits:
        people[byline.role].append(author_data(byline.author, byline.position))
    data = {
        "@type": _TYPES.get(article.kind, "Article"),
        "headline": article.title,
        "description": article.description,
        "inLanguage": article.language,
        "url": absolute(article.get_absolute_url()),
        "mainEntityOfPage": article.canonical_url,
        "datePublished": article.date_iso,
        "dateModified": localdate(article.updated_at).isoformat(),
        "timeRequired": f"PT{article.reading_time}M",
        "author": people[Byline.Role.AUTHOR] + people[Byline.Role.HOST] or publisher,
        "contributor": people[Byline.Role.WITH],
        "editor": people[Byline.Role.EDITOR],
        "translator": people[Byline.Role.TRANSLATOR],
        "publisher": publisher,
        "keywords": [topic.name for topic in article.page_topics],
        "correction": [
            {"@type": "CorrectionComment", "text": c.text, "datePublished": str(c.date)}
            for c in article.page_corrections
        ],
    }
    if article.image:
        data["image"] = absolute(article.image.share_url)
    data["isBasedOn"] = web_address(article.original_url)
    return {key: value for key, value in data.items() if value}


def author_data(author, position=""):
    data = {
        "@type": "Person" if author.kind == author.Kind.PERSON else "Organization",
        "name": author.name,
        "url": absolute(author.get_absolute_url()),
    }
    if position and author.kind == author.Kind.PERSON:
        data["jobTitle"] = position
    if author.orcid:
        data["sameAs"] = f"https://orcid.org/{author.orcid}"
    return data


def organisation_data(institution):
    return {
        "@type": "Organization",
        "name": institution.name,
        "url": absolute(reverse("home")),
    }


def breadcrumb_data(*steps):
    """JSON-LD of breadcrumbs from (name, path) pairs."""
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {
                "@type": "ListItem",
                "position": place,
                "name": name,
                "item": absolute(path),
            }
            for place, (name, path) in enumerate(steps, start=1)
        ],
    }
