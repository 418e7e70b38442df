from django.core.paginator import Paginator
from django.utils.functional import cached_property

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
        return kept(self.request, name, self.object_list.count)

    def page(self, number):
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        end = min(start + self.per_page, self.count)
        if start > self.count / 2:
            backwards = self.object_list.reverse()
            rows = list(backwards[self.count - end : self.count - start])[::-1]
        else:
            rows = self.object_list[start:end]
        return self._get_page(rows, number, self)


def paginate(request, items):
    """The page of `items` that `?page=` asks for; nonsense gives the nearest."""
    page = Pages(items, PAGE_SIZE, request).get_page(request.GET.get("page"))
    if request.GET.get("page") not in (None, str(page.number)):
        mark_as_nonsense(request)
    return page


def kept(request, name, compute):
    """What `compute()` gives, kept as pages are if pages are kept."""
    keep = getattr(request, "keep_part", None)
    return keep(name, compute) if keep else compute()


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
