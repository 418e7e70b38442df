"""People and programmes, as authors/facts.py gives them."""

from datetime import date
from typing import Annotated

from pydantic import Field

from authors.models import Author
from ecfr_site.api.schemas import Image, Sparse, Strict, one_of

AuthorKind = Annotated[Author.Kind, one_of(Author.Kind)]
Standing = Annotated[Author.Standing, one_of(Author.Standing)]


class ProgrammeName(Strict):
    slug: str
    name: str
    url: str


class PersonName(Strict):
    slug: str
    name: str
    kind: AuthorKind
    url: str
    orcid: str | None


class Term(Strict):
    title: str
    directs: bool = Field(description="A directorship of a programme.")
    started: date
    ended: date | None = Field(description="The last day; null while it is held.")
    current: bool


class Position(Term):
    """A post that somebody holds, or held."""

    programme: ProgrammeName | None


class Holder(Term):
    """A person who holds, or held, a post in a programme."""

    person: PersonName


class Link(Strict):
    label: str
    url: str


class PersonSummary(Sparse):
    """A person, a group or an institution that signs publications."""

    slug: str
    name: str
    kind: AuthorKind
    url: str
    orcid: str | None
    api_url: str
    sort_name: str
    standing: Standing
    position: str | None = Field(description="As it is printed today.")
    photo: Image | None


class Person(PersonSummary):
    """With all positions, present and past."""

    biography_html: str
    links: list[Link]
    positions: list[Position] = Field(description="The latest first.")


class ProgrammeSummary(Sparse):
    slug: str
    name: str
    url: str
    api_url: str
    summary: str
    active: bool = Field(description="A closed programme keeps its page.")
    directors: list[Holder] = Field(description="Who directs it now.")


class Programme(ProgrammeSummary):
    """With its people."""

    description_html: str
    image: Image | None
    fellows: list[Holder] = Field(description="Others with a post in it now.")
    former_directors: list[Holder]


class People(Strict):
    items: list[PersonSummary]
    next: str | None


class Programmes(Strict):
    items: list[ProgrammeSummary]
    next: None
