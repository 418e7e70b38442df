from django.core.paginator import Paginator

PAGE_SIZE = 20


def paginate(request, items):
    """The page of `items` that `?page=` asks for; nonsense gives the nearest."""
    page = Paginator(items, PAGE_SIZE).get_page(request.GET.get("page"))
    if request.GET.get("page") not in (None, str(page.number)):
        mark_as_nonsense(request)
    return page


def mark_as_nonsense(request):
    """Nothing the site links to: what is answered is not worth keeping."""
    request.is_nonsense = True


def tagged(response, *shown):
    """The response, with names of what it shows for caches that remove pages by them.

    "article-7 author-3" in Surrogate-Key, which a CDN takes off.
    """
    response["Surrogate-Key"] = " ".join(
        f"{each._meta.model_name}-{each.pk}" for each in shown
    )
    return response
