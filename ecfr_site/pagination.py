from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

from ecfr_site.caching.responses import cached_fragment, mark_uncacheable

PAGE_SIZE = 20


class Pages(Paginator):
    """Counts once until what readers see changes, and comes to the last page from the
    end, so that a list of 100,000 is as fast as one of 500."""

    def __init__(self, items, size, request):
        super().__init__(items, size)
        self.request = request

    @cached_property
    def count(self):
        asked = self.request.GET.copy()
        asked.pop("page", None)
        name = f"count {self.request.path}?{asked.urlencode()}"
        return cached_fragment(self.request, name, self.object_list.count)

    def page(self, number):
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        end = min(start + self.per_page, self.count)
        if start > self.count / 2 and isinstance(self.object_list, QuerySet):
            backwards = self.object_list.reverse()
            rows = list(backwards[self.count - end : self.count - start])[::-1]
        else:
            rows = self.object_list[start:end]
        return self._get_page(rows, number, self)


def paginate(request, items):
    """The page of `items` that `?page=` asks for; nonsense gives the nearest."""
    page = Pages(items, PAGE_SIZE, request).get_page(request.GET.get("page"))
    if request.GET.get("page") not in (None, str(page.number)):
        mark_uncacheable(request)
    return page
