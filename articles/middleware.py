from articles.models import Article
from articles.workflow.working_copies import replace_due
from ecfr_site.caching.responses import cached_fragment

# What shows no article, or shows it as it was when it was sent.
_ELSEWHERE = ("/newsletter/", "/mail-service/")


class ReplaceDueMiddleware:
    """Scheduled changes reach readers at their minute, with no job running.

    Where pages are kept, a process remembers that nothing is due; elsewhere that costs
    a query that an index answers. Whoever comes first after the minute waits while the
    live text is replaced.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if not request.path.startswith(_ELSEWHERE) and cached_fragment(
            request, "due copies", lambda: Article.objects.due_copies().exists()
        ):
            replace_due(Article.objects.all())
        return self.get_response(request)
