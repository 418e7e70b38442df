"""The record of a publication in CSL-JSON, the data model of citation programs.

https://docs.citationstyles.org/en/stable/specification.html#appendix-iii-types and
https://github.com/citation-style-language/schema (csl-data.json).
"""

import re
from typing import Any

from django.utils.formats import date_format
from django.utils.text import get_text_list

from articles.documents.addresses import count_pages
from articles.models import Article, Byline
from authors.models import Author
from authors.names import (
    build_sort_name,
    is_degree,
    split_sort_name,
    strip_name,
)
from ecfr_site.institution.citation_styles import join_name
from ecfr_site.institution.models import Institution
from ecfr_site.richtext.absolute import make_absolute
from ecfr_site.richtext.plain_text import web_address

_ROLES = {
    Byline.Role.AUTHOR: "author",
    Byline.Role.HOST: "author",
    Byline.Role.WITH: "author",
    Byline.Role.EDITOR: "editor",
    Byline.Role.TRANSLATOR: "translator",
}
_PARTICLE = re.compile("[’']?[^\\W\\d_A-Z]+[’']?")
# Particles that are left out where names are sorted or shortened; others, as the Dutch
# ones, belong to the family's name.
_DROPPING = {"von", "vom", "zu", "zum", "zur"}


def build_record(article: Article, institution: Institution) -> dict[str, Any]:
    """CSL-JSON of a publication from `for_page()`; of a reprint, what came first.

    With neither author nor editor it is the publisher's, as an open letter is.
    """
    record = {
        "id": f"{article.slug}-v{article.version}" if article.former else article.slug,
        "type": "report" if _is_report(article) else "webpage",
        "title": article.title,
        "abstract": article.standfirst,
        "language": article.language,
        "URL": web_address(article.original_url)
        or make_absolute(article.get_version_url()),
        "issued": {"date-parts": [_find_date(article)]},
        "keyword": ", ".join(topic.name for topic in article.page_topics),
    }
    if _is_report(article):
        record |= {
            "genre": article.kind.name,
            "number": _find_number(article),
            "publisher": institution.name,
            "publisher-place": institution.place,
            "ISBN": article.isbn,
            "number-of-pages": str(count_pages(article) or ""),
        }
        if article.series:
            record["collection-title"] = article.series.title
            record["collection-number"] = str(article.series_number or "")
    else:
        record["container-title"] = article.original_outlet or institution.name
    if not article.original_outlet and not article.former and article.doi_url:
        # A DOI is of what is published here, and leads to its present version; one that
        # is not registered is no address.
        record["DOI"] = article.doi
    if article.version > 1 or article.former:
        record["note"] = describe_version(article)
    people: dict[str, list[dict[str, str]]] = {}
    for byline in article.credits:
        people.setdefault(_ROLES[byline.role], []).append(build_name(byline.author))
    if not people.keys() & {"author", "editor"}:
        publisher = article.original_outlet or institution.name
        people["author"] = [{"literal": publisher}]
    return {key: value for key, value in {**record, **people}.items() if value}


def describe_people(record: dict[str, Any]) -> str:
    """“Ada Pole and Li Wei”, or who edited it; "" where the publisher is named."""
    people = record.get("author") or record["editor"]
    names = [name.get("literal") or join_name(name) for name in people]
    if names == [record.get("publisher") or record["container-title"]]:
        return ""
    label = "" if "author" in record else " (eds)" if len(names) > 1 else " (ed.)"
    return f"{get_text_list(names, 'and')}{label}"


def describe_version(article: Article) -> str:
    """“Version 2, 3 December 2026”."""
    return f"Version {article.version}, {date_format(article.version_day, 'j F Y')}"


def _is_report(article: Article) -> bool:
    return article.kind.is_report and not article.original_outlet


def _find_number(article: Article) -> str:
    """“2026/14” of the policy brief “Policy Brief 2026/14”: styles name the genre."""
    number, genre = article.report_number, f"{article.kind.name} "
    if number.casefold().startswith(genre.casefold()):
        return number[len(genre) :].strip()
    return number


def _find_date(article: Article) -> list[int]:
    """Year, month and day, or as much of it as is known."""
    if article.original_outlet and article.original_date:
        text = article.original_date.isoformat()
    else:
        text = article.date_iso
    return [int(part) for part in text.split("-")]


def build_name(author: Author) -> dict[str, str]:
    """CSL-JSON of a name: parted as the author's sort name is, or literally.

    “Anna van den Berg” with the sort name “Berg, Anna van den” has the family name
    Berg and a particle. Titles and degrees are left out, as every style asks.
    """
    if author.kind != Author.Kind.PERSON:
        return {"literal": author.name}
    name, suffix = strip_name(author.name)
    family, rest = split_sort_name(author.sort_name)
    if is_degree(family):
        # Of sort names that were made of a name's last word, whatever that was.
        family, rest = split_sort_name(build_sort_name(author.name))
    given = rest.split()
    if not given or not family:
        return {"literal": f"{name} {suffix}".strip()}
    particles = _take_particles(given)
    words = family.split()
    if not particles and len(words) > 1:
        words.reverse()
        particles = _take_particles(words)[::-1]
        words.reverse()
    key = "dropping-particle"
    if particles and particles[0] not in _DROPPING:
        key = "non-dropping-particle"
    parted = {
        "family": " ".join(words),
        "given": " ".join(given),
        key: " ".join(particles),
        "suffix": suffix,
    }
    return {part: text for part, text in parted.items() if text}


def _take_particles(words: list[str]) -> list[str]:
    """Take the words in small letters off the end, but never all words."""
    count = 0
    while count < len(words) - 1 and _PARTICLE.fullmatch(words[-1 - count]):
        count += 1
    taken = words[len(words) - count :]
    del words[len(words) - count :]
    return taken


def format_name(name: dict[str, str]) -> str:
    """The name as lists sort it: “van den Berg, Anna, Jr.”."""
    if literal := name.get("literal"):
        return literal
    parts = [join_family(name), name.get("given"), name.get("suffix")]
    return ", ".join(filter(None, parts))


def join_family(name: dict[str, str]) -> str:
    """The family name with its particle: “van den Berg”."""
    before = name.get("non-dropping-particle") or name.get("dropping-particle", "")
    return f"{before} {name['family']}".strip()
