from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from authors.facts import (
    describe_person,
    describe_person_fully,
    describe_programme,
    describe_programme_fully,
)
from authors.models import Author, Programme
from authors.public_api import schemas
from ecfr_site.api.cursors import decode_cursor, encode_cursor
from ecfr_site.api.resources import (
    ERRORS,
    ERRORS_OF_ONE,
    OneResource,
    PageOfList,
    answer_list,
    answer_one,
    find_moved,
)
from ecfr_site.caching.views import cached_page

router = Router()


@router.get(
    "/people",
    response={200: schemas.People, **ERRORS},
    summary="People",
    url_name="people",
)
@cached_page("fields", "limit", "cursor")
def list_people(request: HttpRequest, asked: Query[PageOfList]) -> HttpResponse:
    """Everybody who has a page, in the order of the alphabet."""
    people = Author.objects.for_lists().order_by("sort_name", "pk")
    if asked.cursor:
        name, pk = decode_cursor(asked.cursor, str, int)
        people = people.filter(Q(sort_name__gt=name) | Q(sort_name=name, pk__gt=pk))
    found = list(people[: asked.limit + 1])
    page = found[: asked.limit]
    last = page[-1] if len(found) > len(page) else None
    return answer_list(
        request,
        asked,
        schemas.PersonSummary,
        [describe_person(author) for author in page],
        cursor=encode_cursor(last.sort_name, last.pk) if last else "",
    )


@router.get(
    "/people/{slug:slug}",
    response={200: schemas.Person, **ERRORS_OF_ONE},
    summary="A person",
    url_name="person",
)
@cached_page("fields")
def show_person(
    request: HttpRequest, slug: str, asked: Query[OneResource]
) -> HttpResponse:
    """With every position held, directorships among them, by its first and last day."""
    found = Author.objects.for_lists().prefetch_related("links").filter(slug=slug)
    author = found.first()
    if author is None:
        return find_moved("author", "api:person", slug)
    facts = describe_person_fully(author)
    return answer_one(request, asked, schemas.Person, facts)


@router.get(
    "/programmes",
    response={200: schemas.Programmes, **ERRORS},
    summary="Programmes",
    url_name="programmes",
)
@cached_page("fields")
def list_programmes(request: HttpRequest, asked: Query[OneResource]) -> HttpResponse:
    """All programmes, closed ones among them, with their present directors."""
    programmes = Programme.objects.with_directors()
    return answer_list(
        request,
        asked,
        schemas.ProgrammeSummary,
        [describe_programme(programme) for programme in programmes],
    )


@router.get(
    "/programmes/{slug:slug}",
    response={200: schemas.Programme, **ERRORS_OF_ONE},
    summary="A programme",
    url_name="programme",
)
@cached_page("fields")
def show_programme(
    request: HttpRequest, slug: str, asked: Query[OneResource]
) -> HttpResponse:
    """With its people: directors now, former directors, and all others in a post."""
    programme = Programme.objects.select_related("image").filter(slug=slug).first()
    if programme is None:
        return find_moved("programme", "api:programme", slug)
    facts = describe_programme_fully(programme)
    return answer_one(request, asked, schemas.Programme, facts)
