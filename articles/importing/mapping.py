"""The mapping of an import: what becomes of the types, terms and people of a source.

Kept as JSON in `ArchiveImport.mapping`:

    {"types": {"post": "commentary", "page": ""},      # slug of a Kind; "" leaves out
     "taxonomies": {"category": "topic"},              # topic, region, programme or ""
     "terms": {"category-reports": "kind:report",      # instead of its taxonomy's:
               "category-asia": "region:7"},           # also a row that is there
     "people": {"author-ada": 12},                     # joined to this author
     "language": "en", "time_zone": "Europe/Berlin"}   # where the source says nothing
"""

import zoneinfo
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError

from articles.importing.words import read_language
from articles.models import ArchiveImport, Kind, Topic
from articles.models.article_fields import FIRST_KIND
from authors.models import Author, Programme

TOPIC, REGION, PROGRAMME, KIND = "topic", "region", "programme", "kind"
LEFT_OUT = ""
_CLASSES = (LEFT_OUT, TOPIC, REGION, PROGRAMME)
_TAXONOMIES = {
    **dict.fromkeys(("category", "post_tag", "tag", "topic", "topics"), TOPIC),
    **dict.fromkeys(("region", "regions", "country", "countries"), REGION),
    **dict.fromkeys(("programme", "programmes", "program", "programs"), PROGRAMME),
}
# What sources call the texts that they are made of.
_TEXTS = {"post", "item", "article"}


@dataclass
class Mapping:
    types: dict[str, str] = field(default_factory=dict)
    taxonomies: dict[str, str] = field(default_factory=dict)
    terms: dict[str, str] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    language: str = settings.LANGUAGES[0][0]
    time_zone: str = settings.TIME_ZONE

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def find_class(self, taxonomy: str, source_id: str) -> tuple[str, str]:
        """The class that a term becomes, and the number or slug of a row for it."""
        chosen = self.terms.get(source_id, self.taxonomies.get(taxonomy, LEFT_OUT))
        name, _, row = chosen.partition(":")
        return name, row

    def check(self) -> None:
        """Raise ValidationError, by the names of its parts, for what cannot be."""
        errors = {}
        kinds = set(Kind.objects.values_list("slug", flat=True))
        if unknown := set(self.types.values()) - kinds - {LEFT_OUT}:
            errors["types"] = f"The kind “{sorted(unknown)[0]}” does not exist."
        if unknown := set(self.taxonomies.values()) - set(_CLASSES):
            errors["taxonomies"] = f"Terms cannot become “{sorted(unknown)[0]}”."
        for chosen in self.terms.values():
            if not _is_known(chosen, kinds):
                errors["terms"] = f"“{chosen}” does not exist."
        people = set(self.people.values())
        if len(people) > Author.objects.filter(pk__in=people).count():
            errors["people"] = "A matched author does not exist."
        if self.language not in dict(settings.LANGUAGES):
            errors["language"] = "The site does not have this language."
        if self.time_zone not in zoneinfo.available_timezones():
            errors["time_zone"] = "This is not a time zone."
        if errors:
            raise ValidationError(errors)


def _is_known(chosen: str, kinds: set[str]) -> bool:
    name, colon, row = chosen.partition(":")
    if name == KIND:
        return row in kinds
    if not colon:
        return name in _CLASSES
    if not row.isdecimal():
        return False
    if name == PROGRAMME:
        return Programme.objects.filter(pk=row).exists()
    return name in _CLASSES and Topic.objects.filter(pk=row, kind=name).exists()


def guess_mapping(found: dict[str, Any]) -> Mapping:
    """A first mapping for what a survey found, which editors correct."""
    kinds = {
        name.lower(): kind.slug
        for kind in Kind.objects.all()
        for name in (kind.slug, kind.name, kind.plural)
    }
    types = {name: kinds.get(name.lower(), LEFT_OUT) for name in found["types"]}
    for name in _TEXTS & types.keys():
        types[name] = types[name] or FIRST_KIND
    # Pages are mostly of the site itself, unless there is nothing else.
    if "page" in types and not any(types.values()):
        types["page"] = FIRST_KIND
    taxonomies = {
        name: _TAXONOMIES.get(name.lower(), LEFT_OUT) for name in found["taxonomies"]
    }
    return Mapping(
        types=types,
        taxonomies=taxonomies,
        terms=_find_same_rows(found["taxonomies"], kinds),
        people=_find_same_names(found["people"]),
        language=_find_language(found["site"]["language"]),
    )


def propose_mapping(found: ArchiveImport) -> Mapping:
    """That of the last import of the same site, for what this had; the rest is guessed.

    What it names and is here no longer is guessed, too.
    """
    mapping = guess_mapping(found.found)
    last = found.list_mapped_before().first()
    if last is None:
        return mapping
    kept = Mapping(**last.mapping)
    kinds = set(Kind.objects.values_list("slug", flat=True))
    mapping.types |= _choose(kept.types, mapping.types, {*kinds, LEFT_OUT})
    mapping.taxonomies |= _choose(kept.taxonomies, mapping.taxonomies, set(_CLASSES))
    terms, people = last.list_mapped()
    # Those that became what their taxonomy does, and new authors, do so again.
    mapping.terms = {
        **{name: what for name, what in mapping.terms.items() if name not in terms},
        **{name: what for name, what in kept.terms.items() if _is_known(what, kinds)},
    }
    authors = Author.objects.in_bulk(list(kept.people.values()))
    mapping.people = {
        **{name: who for name, who in mapping.people.items() if name not in people},
        **{name: who for name, who in kept.people.items() if who in authors},
    }
    mapping.language, mapping.time_zone = kept.language, kept.time_zone
    return mapping


def _choose(
    kept: dict[str, str], asked: Iterable[str], known: set[str]
) -> dict[str, str]:
    """The choices that were made for those that are asked for, and are known."""
    return {name: kept[name] for name in asked if kept.get(name) in known}


def _find_same_rows(
    taxonomies: dict[str, list[dict[str, Any]]], kinds: dict[str, str]
) -> dict[str, str]:
    """{source id: what it becomes} of terms whose name a row here has."""
    rows = {name: f"{KIND}:{slug}" for name, slug in kinds.items()}
    for pk, name in Programme.objects.values_list("pk", "name"):
        rows[name.lower()] = f"{PROGRAMME}:{pk}"
    for pk, kind, name in Topic.objects.values_list("pk", "kind", "name"):
        rows[name.lower()] = f"{kind}:{pk}"
    return {
        term["id"]: rows[term["name"].lower()]
        for terms in taxonomies.values()
        for term in terms
        if term["name"].lower() in rows
    }


def _find_same_names(people: list[dict[str, Any]]) -> dict[str, int]:
    """{source id: author} of those whose name only one author has."""
    names = [person["name"] for person in people]
    known: dict[str, list[int]] = {}
    for name, pk in Author.objects.filter(name__in=names).values_list("name", "pk"):
        known.setdefault(name, []).append(pk)
    return {
        person["id"]: known[person["name"]][0]
        for person in people
        if len(known.get(person["name"], ())) == 1
    }


def _find_language(code: str) -> str:
    code = read_language(code)
    return code if code in dict(settings.LANGUAGES) else settings.LANGUAGES[0][0]
