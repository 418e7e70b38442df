from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from ecfr_site.caching.responses import surrogate_keys
from ecfr_site.caching.seen import SITE
from ecfr_site.caching.views import cached_page
from ecfr_site.pagination import paginate
from newsletter.languages import override_language
from newsletter.models import Edition, Newsletter


@cached_page("page")
@require_safe
def archive(request, slug):
    """newsletter/archive.html: a `page` of the `newsletter`'s public editions."""
    newsletter = get_object_or_404(Newsletter.objects.with_archive(), slug=slug)
    page = paginate(request, newsletter.editions.public().newest_first())
    context = {"newsletter": newsletter, "page": page}
    with override_language(newsletter.language):
        response = render(request, "newsletter/archive.html", context)
    return surrogate_keys(response, SITE)


@cached_page()
@require_safe
def edition(request, slug, pk):
    """newsletter/edition.html: a public `edition` with the `pieces` that were sent."""
    edition = get_object_or_404(
        Edition.objects.public().select_related("newsletter"),
        pk=pk,
        newsletter__slug=slug,
    )
    context = {
        "edition": edition,
        "newsletter": edition.newsletter,
        "pieces": [item.shown for item in edition.items.frozen()],
    }
    with override_language(edition.newsletter.language):
        response = render(request, "newsletter/edition.html", context)
    return surrogate_keys(response, SITE)
