"""Articles and topics, as articles/facts.py gives them, and how lists are filtered."""

from datetime import date, datetime
from typing import Annotated, Literal

from django.conf import settings
from ninja import Schema
from pydantic import AfterValidator, Field

from articles.models import Byline
from articles.models import Topic as TopicModel
from articles.search.query import LONGEST
from authors.public_api.schemas import PersonName, ProgrammeName
from ecfr_site.api.resources import PageOfList
from ecfr_site.api.schemas import Image, Sparse, Strict, one_of

LANGUAGES = tuple(code for code, _ in settings.LANGUAGES)


def check_language(code: str) -> str:
    if code not in LANGUAGES:
        raise ValueError(f"Use one of {', '.join(LANGUAGES)}.")
    return code


Language = Annotated[str, AfterValidator(check_language), one_of(LANGUAGES)]
Role = Annotated[Byline.Role, one_of(Byline.Role)]
TopicKind = Annotated[TopicModel.Kind, one_of(TopicModel.Kind)]


class Filters(Schema):
    """The filters of publications and searches; all that are given must hold."""

    kind: str = Field(
        "", max_length=20, description="The slug of a kind, as “/kinds” lists them."
    )
    topic: str = Field("", max_length=100, description="The slug of a topic.")
    region: str = Field("", max_length=100, description="The slug of a region.")
    programme: str = Field("", max_length=100, description="The slug of a programme.")
    series: str = Field("", max_length=100, description="The slug of a series.")
    person: str = Field("", max_length=100, description="The slug of a person.")
    language: Language | None = Field(None, description="The language of the text.")
    year: int | None = Field(None, ge=1, le=9999, description="The year.")


class ListOfArticles(PageOfList, Filters):
    pass


class Search(PageOfList, Filters):
    q: str = Field(
        "",
        max_length=LONGEST,
        description="The words to look for; “quoted words” stand together, "
        "a minus leaves a word out.",
    )
    order: Literal["relevance", "date"] = Field(
        "relevance", description="By relevance, or the newest first."
    )


class Kind(Sparse):
    """A kind of publication, such as a commentary or a report."""

    slug: str
    name: str
    plural: str
    url: str


class Kinds(Strict):
    items: list[Kind]
    next: None


class TopicName(Strict):
    slug: str
    name: str
    url: str


class Topic(Sparse):
    """A subject or a region; some stand under another."""

    slug: str
    name: str
    url: str
    kind: TopicKind
    summary: str
    parent: str | None = Field(description="The slug of the one above it.")


class Topics(Strict):
    items: list[Topic]
    next: None


class Credit(PersonName):
    """A part in a publication, with the position held on the day it appeared."""

    role: Role
    position: str | None


class LeadImage(Image):
    caption: str


class FirstPublished(Strict):
    """The outlet in which a piece appeared before it appeared here."""

    outlet: str
    url: str | None
    date: date | None
    licence: str


class Translation(Strict):
    language: Language
    title: str
    url: str


class Correction(Strict):
    date: date
    text: str


class Attachment(Strict):
    title: str
    url: str
    media_type: str
    bytes: int
    data_of: str | None = Field(
        description="The figure or table that it is the data of, as its caption begins."
    )


class Funder(Strict):
    name: str
    url: str | None
    ror: str | None = Field(description="The address of its ROR ID.")


class SeriesPlace(Strict):
    """The series or project that a publication is a part of."""

    slug: str
    title: str
    url: str
    number: int | None


class Licence(Strict):
    name: str
    url: str | None = Field(description="None where all rights are reserved.")


class Update(Strict):
    """The day of an update to a publication, and the note that readers get."""

    date: date
    note: str


class SeriesSummary(Sparse):
    """Publications that belong together."""

    slug: str
    title: str
    url: str
    api_url: str
    summary: str
    is_project: bool = Field(description="Projects have a beginning.")
    started: date | None
    ended: date | None
    funders: list[Funder]


class SeriesList(Strict):
    items: list[SeriesSummary]
    next: None


class Part(Strict):
    number: int | None
    slug: str
    title: str
    url: str


class Series(SeriesSummary):
    """With its parts, in their order."""

    description_html: str
    image: Image | None
    parts: list[Part]


class Document(Strict):
    """The publication as a file that the site has made of its text."""

    url: str = Field(description="Stays that of this version for ever.")
    media_type: str
    bytes: int
    pages: int | None


class ArticleSummary(Sparse):
    """A publication of any kind, without its text."""

    id: int = Field(description="Stays the same for ever; a slug may change.")
    slug: str
    url: str
    api_url: str
    canonical_url: str = Field(description="Where it first appeared, or “url”.")
    kind: str = Field(description="The slug of its kind.")
    language: Language
    title: str
    standfirst: str
    published: str = Field(description="As much of the date as is known: 2017-12.")
    published_at: datetime = Field(description="By which lists are sorted.")
    updated_at: datetime = Field(description="Of publication, or the last correction.")
    version: int = Field(description="1, until an editor publishes a new version.")
    version_note: str = Field(description="What is new in it; empty of the first.")
    reading_minutes: int
    byline: str = Field(description="As it is printed.")
    credits: list[Credit]
    programmes: list[ProgrammeName]
    topics: list[TopicName]
    regions: list[TopicName]
    image: LeadImage | None
    first_published: FirstPublished | None
    translations: list[Translation]
    corrections: list[Correction]
    attachments: list[Attachment]
    series: SeriesPlace | None
    report_number: str
    doi: str | None = Field(description="If it is registered.")
    isbn: str | None
    page_count: int | None = Field(description="Of its PDF.")
    funders: list[Funder]
    disclosure: str
    licence: Licence | None = Field(description="Of the text, if it says one.")
    update: Update | None
    documents: list[Document]


class Article(ArticleSummary):
    """A publication with its text."""

    key_points: list[str] = Field(description="Clean HTML within a line each.")

    body_html: str = Field(
        description="Clean HTML with complete addresses; links to notes and headings "
        "stay within it."
    )


class Articles(Strict):
    items: list[ArticleSummary]
    total: int
    next: str | None


class Piece(Strict):
    text: str
    is_hit: bool = Field(description="This is what was looked for.")


class Found(ArticleSummary):
    """A publication with the passage in which the words were found."""

    marked_title: list[Piece]
    excerpt: list[Piece] = Field(
        description="From the text or, with “excerpt_file”, from an attached file."
    )
    excerpt_file: str | None


class FacetValue(Strict):
    value: str = Field(description="To be given to the filter.")
    label: str
    total: int
    is_chosen: bool


class Facet(Strict):
    """A filter with its values and how many publications there are for each."""

    filter: str
    label: str
    values: list[FacetValue]


class SearchResults(Strict):
    items: list[Found]
    total: int
    facets: list[Facet]
    next: str | None
