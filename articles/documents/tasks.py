"""Documents are made off the request, and asked for again when a run is lost."""

from django.conf import settings
from django_tasks import task

from articles.documents.making import find_design, make_documents
from articles.models import Article, Document
from ecfr_site.tasks.queue import LOWEST, enqueue_once

# Articles of a minute: each takes some seconds of a worker.
AT_ONCE = 10


@task(priority=LOWEST)
def make_article_documents(article_id: int) -> None:
    """Make the documents that are due. May be killed, lost or run twice."""
    articles = Article.objects.filter(pk=article_id)
    if Document.objects.find_due(articles, find_design()):
        make_documents(article_id)


def enqueue_due() -> int:
    """Queue articles whose documents are to be looked at; how many tasks it was."""
    if not settings.DOCUMENTS:
        return 0
    due = Document.objects.find_due(Article.objects.published(), find_design(), AT_ONCE)
    return sum(enqueue_once(make_article_documents, pk) for pk in due)
