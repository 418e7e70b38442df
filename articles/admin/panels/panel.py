from django.utils.functional import SimpleLazyObject

from articles.models import EditorialPolicy


class Panel:
    """A part of the article's page at the desk, with a context of its own.

    `get_context(request, article)` returns what its template needs; `article` is None
    while there is none.
    """

    def __init__(self, model_admin):
        self.model_admin = model_admin


def get_policy(request):
    """The editorial policy, which the bar and the panels read once a request."""
    if not hasattr(request, "editorial_policy"):
        request.editorial_policy = SimpleLazyObject(EditorialPolicy.objects.current)
    return request.editorial_policy
