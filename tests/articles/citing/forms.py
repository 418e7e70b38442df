"""What the forms of a report's record say, by the names that tests have for it.

Names of people are as the form has them.
"""

import json
import re

import lxml.html


def strip_kind(number):
    return number.removeprefix("Report ")


def read_csl_json(said):
    def join(name):
        particle = name.get("non-dropping-particle", "")
        family = f"{particle} {name.get('family', '')}".strip()
        return name.get("literal") or f"{family}, {name['given']}"

    return {
        "title": said["title"],
        "authors": [join(name) for name in said["author"]],
        "editors": [join(name) for name in said["editor"]],
        "date": "-".join(f"{part:02}" for part in said["issued"]["date-parts"][0]),
        "url": said["URL"],
        "publisher": said["publisher"],
        "place": said["publisher-place"],
        "kind": said["genre"],
        "series": said["collection-title"],
        "series_number": said["collection-number"],
        "number": said["number"],
        "doi": said["DOI"],
        "isbn": said["ISBN"],
        "pages": said["number-of-pages"],
        "language": said["language"],
        "keywords": said["keyword"].split(", "),
        "abstract": said.get("abstract"),
    }


def read_bibtex(entry):
    said = {name: field.value for name, field in entry.fields_dict.items()}

    def plain(text):
        return re.sub(r"\\(.)", r"\1", text).strip("{}")

    series, _, number = plain(said["series"]).rpartition(", ")
    return {
        "title": plain(said["title"]),
        "authors": [plain(name) for name in said["author"].split(" and ")],
        "editors": said["editor"].split(" and "),
        "url": said["url"],
        "publisher": said["institution"],
        "place": said["address"],
        "kind": said["type"],
        "series": series,
        "series_number": number,
        "number": said["number"],
        "doi": plain(said["doi"]),
        "isbn": said["isbn"],
        "pages": said["pagetotal"],
        "language": said["language"],
        "keywords": said["keywords"].split(", "),
    }


def read_ris(said):
    return {
        "title": said["title"],
        "authors": said["authors"],
        "editors": said["tertiary_authors"],
        "date": said["date"].strip("/").replace("/", "-"),
        "url": said["urls"][0],
        "publisher": said["publisher"],
        "place": said["place_published"],
        "kind": said["type_of_work"],
        "series": said["secondary_title"],
        "series_number": said["volume"],
        "number": said["issn"],
        "doi": said["doi"],
        "isbn": said["note"].removeprefix("ISBN "),
        "pages": said["start_page"],
        "language": said["language"],
        "keywords": said["keywords"],
        "abstract": said.get("abstract"),
    }


def list_tags(page):
    """{name: contents} of the tags in the head of a page."""
    tags = {}
    for meta in lxml.html.fromstring(page).xpath("//meta[@name]"):
        tags.setdefault(meta.get("name"), []).append(meta.get("content"))
    return tags


def read_highwire(tags):
    def one(name):
        [found] = tags[f"citation_{name}"]
        return found

    return {
        "title": one("title"),
        "authors": tags["citation_author"],
        "editors": tags["citation_editor"],
        "date": one("publication_date").replace("/", "-"),
        "url": one("fulltext_html_url"),
        "pdf": one("pdf_url"),
        "publisher": one("technical_report_institution"),
        "series": one("series_title"),
        "number": one("technical_report_number"),
        "doi": one("doi"),
        "isbn": one("isbn"),
        "language": one("language"),
        "keywords": one("keywords").split("; "),
    }


def find_json_ld(page):
    """The article among the nodes of a page."""
    root = lxml.html.fromstring(page)
    [text] = root.xpath("//script[@type='application/ld+json']/text()")
    return next(node for node in json.loads(text)["@graph"] if "headline" in node)


def read_json_ld(said):
    numbers = {each["propertyID"]: each["value"] for each in said["identifier"]}
    assert said["isbn"] == numbers["ISBN"]
    return {
        "title": said["headline"],
        "authors": [each["name"] for each in said["author"]],
        "editors": [each["name"] for each in said["editor"]],
        "date": said["datePublished"],
        "url": said["url"],
        "pdf": said["encoding"][0]["contentUrl"],
        "publisher": said["publisher"]["name"],
        "kind": said["@type"][0],
        "series": said["isPartOf"]["name"],
        "series_number": str(said["position"]),
        "number": strip_kind(said["reportNumber"]),
        "doi": numbers["DOI"],
        "isbn": numbers["ISBN"],
        "pages": str(said["numberOfPages"]),
        "language": said["inLanguage"],
        "keywords": said["keywords"],
        "funders": [each["name"] for each in said["funder"]],
        "licence": said["license"],
        "abstract": said["description"],
    }


def read_api(said):
    people = {"author": [], "editor": []}
    for credit in said["credits"]:
        people[credit["role"]].append(credit["name"])
    return {
        "title": said["title"],
        "authors": people["author"],
        "editors": people["editor"],
        "date": said["published"],
        "url": said["url"],
        "kind": said["kind"].title(),
        "series": said["series"]["title"],
        "series_number": str(said["series"]["number"]),
        "number": strip_kind(said["report_number"]),
        "doi": said["doi"],
        "isbn": said["isbn"],
        "pages": str(said["page_count"]),
        "language": said["language"],
        "keywords": [each["name"] for each in said["topics"]],
        "funders": [each["name"] for each in said["funders"]],
        "licence": said["licence"]["url"],
        "abstract": said["standfirst"],
    }
