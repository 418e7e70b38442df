"""The fate of terms and people, a row each, as a page of them is posted."""

from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q

from articles.importing.mapping import KIND, LEFT_OUT, PROGRAMME, REGION, TOPIC, Mapping
from articles.models import Kind, Topic
from authors.models import Author, Programme

# What a term becomes if nobody says otherwise: that of its taxonomy.
DEFAULT = "default"
ONE = {TOPIC: "topic", REGION: "region", PROGRAMME: "programme"}
# Names that are offered beside a page of people.
MOST_OFFERED = 200


@dataclass
class TermRow:
    """A term with what is chosen: a key of `list_choices`, and a row by its name."""

    term: dict[str, Any]
    chosen: str = DEFAULT
    name: str = ""
    error: str = ""

    @property
    def id(self) -> str:
        return str(self.term["id"])


@dataclass
class PersonRow:
    """Somebody of the archive, and the author here that they are, by name or slug."""

    person: dict[str, Any]
    author: str = ""
    error: str = ""

    @property
    def id(self) -> str:
        return str(self.person["id"])


def list_choices(default: str) -> list[tuple[str, str]]:
    """The classes that a term may become, beside a row that is there."""
    called = {LEFT_OUT: "left out", **ONE}.get(default, "left out")
    return [
        (DEFAULT, f"Same as the taxonomy ({called})"),
        (LEFT_OUT, "Left out"),
        *((key, f"A {name}") for key, name in ONE.items()),
        *((f"{KIND}:{k.slug}", f"The kind “{k.name}”") for k in Kind.objects.all()),
    ]


# Terms


def build_term_rows(terms: list[dict[str, Any]], mapping: Mapping) -> list[TermRow]:
    """The rows as the mapping has them; two queries."""
    chosen = [mapping.terms.get(term["id"], DEFAULT) for term in terms]
    names = _find_names(set(chosen))
    return [
        TermRow(term, each.partition(":")[0], names[each])
        if each in names
        else TermRow(term, each)
        for term, each in zip(terms, chosen, strict=True)
    ]


def _find_names(chosen: set[str]) -> dict[str, str]:
    """{"region:7": "Asia"} of the rows that are there."""
    numbers = {each.partition(":")[2] for each in chosen}
    wanted = [int(number) for number in numbers if number.isdecimal()]
    topics = Topic.objects.filter(pk__in=wanted)
    programmes = Programme.objects.filter(pk__in=wanted)
    return {
        **{f"{topic.kind}:{topic.pk}": topic.name for topic in topics},
        **{f"{PROGRAMME}:{each.pk}": each.name for each in programmes},
    }


def read_term_rows(rows: list[TermRow], mapping: Mapping) -> bool:
    """Put posted rows into the mapping; return whether all could be.

    The others say why. A row without a name becomes a new one, or one of that name.
    """
    known = {key for key, _ in list_choices("")}
    for row in rows:
        if row.chosen not in known:
            row.error = "Choose an option from the list."
        elif row.chosen in ONE and row.name:
            _join_term(row, mapping)
        elif row.name:
            row.error = (
                "Only a topic, a region or a programme takes a name. Choose one of "
                "them or clear the name."
            )
        elif row.chosen == DEFAULT:
            mapping.terms.pop(row.id, None)
        else:
            mapping.terms[row.id] = row.chosen
    return not any(row.error for row in rows)


def _join_term(row: TermRow, mapping: Mapping) -> None:
    there: Programme | Topic | None
    if row.chosen == PROGRAMME:
        there = Programme.objects.filter(name__iexact=row.name).first()
    else:
        there = Topic.objects.filter(kind=row.chosen, name__iexact=row.name).first()
    if there is None:
        row.error = (
            f"This site has no {ONE[row.chosen]} “{row.name[:80]}”. Check the name, or "
            "leave it empty to create one."
        )
    else:
        mapping.terms[row.id] = f"{row.chosen}:{there.pk}"


def list_names() -> list[str]:
    """Names of topics, regions and programmes that are offered; two queries."""
    topics = Topic.objects.order_by("name").values_list("name", flat=True)
    programmes = Programme.objects.order_by("name").values_list("name", flat=True)
    return sorted({*topics[: MOST_OFFERED * 2], *programmes[:MOST_OFFERED]})


# People


def build_person_rows(
    people: list[dict[str, Any]], mapping: Mapping
) -> list[PersonRow]:
    """The rows as the mapping has them; two queries."""
    numbers = [mapping.people.get(person["id"], 0) for person in people]
    authors = Author.objects.in_bulk(filter(None, numbers))
    shared = _list_shared([author.name for author in authors.values()])
    return [
        PersonRow(person, _call(authors.get(number), shared))
        for person, number in zip(people, numbers, strict=True)
    ]


def _list_shared(names: list[str]) -> set[str]:
    found = list(Author.objects.filter(name__in=names).values_list("name", flat=True))
    return {name for name in found if found.count(name) > 1}


def _call(author: Author | None, shared: set[str]) -> str:
    """By the name, or by the slug where several have it."""
    if author is None:
        return ""
    return author.slug if author.name in shared else author.name


def read_person_rows(rows: list[PersonRow], mapping: Mapping) -> bool:
    """Put posted rows into the mapping; return whether all could be.

    The others say why. A row without an author becomes a new one.
    """
    for row in rows:
        if not row.author:
            mapping.people.pop(row.id, None)
            continue
        found = list(
            Author.objects.filter(Q(slug=row.author) | Q(name__iexact=row.author))[:2]
        )
        exact = [author for author in found if author.slug == row.author] or found
        if len(exact) == 1:
            mapping.people[row.id] = exact[0].pk
        else:
            row.error = (
                f"Several authors are called “{row.author[:80]}”. Enter the last part "
                "of the author’s page address instead."
                if exact
                else f"No author is called “{row.author[:80]}”. Check the name, or "
                "leave it empty to create an author."
            )
    return not any(row.error for row in rows)


def list_candidates(rows: list[PersonRow]) -> list[str]:
    """Names of authors here who share a last name with somebody in the rows."""
    names = (row.person["name"].split() for row in rows)
    last = sorted({name[-1] for name in names if name})
    if not last:
        return []
    wanted = reduce(or_, (Q(name__iendswith=name) for name in last))
    found = Author.objects.filter(wanted).order_by("name")
    return list(dict.fromkeys(found.values_list("name", flat=True)[:MOST_OFFERED]))
