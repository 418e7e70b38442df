from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from authors.models import Author, Programme
from ecfr_site.caching.responses import surrogate_keys
from ecfr_site.caching.seen import SUBJECTS
from ecfr_site.caching.views import cached_page
from ecfr_site.database.compiled import compile_once
from ecfr_site.pagination import paginate


@cached_page("page")
@require_safe
def author(request, slug):
    """authors/author.html: positions now and past, and published work."""
    found = get_object_or_404(
        Author.objects.for_lists().prefetch_related("links"), slug=slug
    )
    articles = found.bylines.list_articles().published().for_lists()
    context = {"author": found, "page": paginate(request, articles)}
    response = render(request, "authors/author.html", context)
    return surrogate_keys(response, found, SUBJECTS, f"articles-author-{found.pk}")


@compile_once
def find_people():
    return Author.objects.for_lists()


@cached_page()
@require_safe
def people(request):
    """authors/author_list.html: `groups` of (heading, authors), by standing."""
    found = find_people()
    groups = [
        (heading, [author for author in found if author.standing == standing])
        for standing, heading in (
            (Author.Standing.STAFF, "Staff"),
            (Author.Standing.COUNCIL, "Council members"),
            (Author.Standing.GUEST, "Guests and partners"),
        )
    ]
    context = {"groups": [group for group in groups if group[1]]}
    response = render(request, "authors/author_list.html", context)
    return surrogate_keys(response, SUBJECTS)


@cached_page()
@require_safe
def programmes(request):
    """authors/programme_list.html: active programmes with their directors."""
    found = Programme.objects.active().with_directors().select_related("image")
    context = {"programmes": found}
    response = render(request, "authors/programme_list.html", context)
    return surrogate_keys(response, SUBJECTS)


@cached_page("page")
@require_safe
def programme(request, slug):
    """authors/programme.html: directors now and former, people, latest work."""
    found = get_object_or_404(Programme.objects.select_related("image"), slug=slug)
    context = {
        "programme": found,
        "people": found.people(),
        "page": paginate(request, found.articles.published().for_lists()),
    }
    response = render(request, "authors/programme.html", context)
    return surrogate_keys(response, SUBJECTS, f"articles-programme-{found.pk}")
