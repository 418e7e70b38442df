from django.core.paginator import Paginator

PAGE_SIZE = 20


def paginate(request, items):
    """The page of `items` that `?page=` asks for; nonsense gives the nearest."""
    return Paginator(items, PAGE_SIZE).get_page(request.GET.get("page"))
