"""The index made anew: for articles that it lacks, or that an older analyser wrote.

Each save keeps it; this is for sites of before, for what was written without a save,
and for the words of attached files, which are read in the background.
"""

from collections.abc import Callable

from django.db import connections, router, transaction
from django.db.models import Q
from django_tasks import task

from articles.models import Article, Attachment, AttachmentText, SearchText, SearchWord
from articles.search import sqlite
from articles.search.analysis import VERSION
from articles.search.pdf import read_pdf
from ecfr_site.tasks.queue import LOWEST, enqueue_once

# Articles of one transaction, and of one task.
AT_ONCE, A_TASK = 25, 500
# Files that a minute has read.
FILES_AT_ONCE = 20


def find_outdated():
    """The articles, working copies among them, whose row is missing or outdated."""
    return Article.objects.filter(
        Q(search_text=None) | Q(search_text__analyser__lt=VERSION)
    )


def index_some(after: int = 0) -> int:
    """Index some outdated articles whose numbers are higher; returns the last, or 0."""
    outdated = find_outdated().filter(pk__gt=after).order_by("pk")
    ids = list(outdated.values_list("pk", flat=True)[:AT_ONCE])
    if not ids:
        return 0
    with transaction.atomic():
        # Locked, so that nothing older is written over what is saved meanwhile.
        articles = list(
            Article.objects.filter(pk__in=ids)
            .order_by("pk")
            .select_related("image")
            .select_for_update(of=["self"])
        )
        SearchText.objects.index(articles)
    for article in articles:
        SearchWord.objects.learn_from(article.pk)
    return ids[-1]


@task(priority=LOWEST)
def index_outdated():
    """Index some outdated articles, and queue the next step."""
    last = 0
    for _ in range(A_TASK // AT_ONCE):
        last = index_some(last)
        if not last:
            return
    enqueue_once(index_outdated)


def rebuild(progress: Callable[[int, int], None], again: bool = True) -> None:
    """Index all articles; `progress(done, of)` is called.

    Without `again` it goes on where an earlier run was stopped.
    """
    if again:
        _forget_all()
    total = find_outdated().count()
    done, last = 0, 0
    progress(done, total)
    while last := index_some(last):
        done = min(done + AT_ONCE, total)
        progress(done, total)


def _forget_all() -> None:
    """Let all rows be outdated; they are searched until they are written anew."""
    connection = connections[router.db_for_write(SearchText)]
    with transaction.atomic():
        SearchText.objects.update(analyser=0)
        SearchWord.objects.all().delete()
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                sqlite.drop_index(cursor)
                sqlite.make_index(cursor)


# Attached files


def find_unread():
    """The names of stored files whose words are not known."""
    known = AttachmentText.objects.values("file")
    files = Attachment.objects.filter(data_of="").exclude(file__in=known)
    files = files.order_by("pk")
    return files.values_list("file", flat=True)


@task(priority=LOWEST)
def read_file(name):
    """Keep the words of a stored PDF, and index the articles that offer it.

    Not of one that was taken back meanwhile.
    """
    if not Attachment.objects.filter(file=name).exists():
        return
    text, trouble = read_pdf(name)
    AttachmentText.objects.update_or_create(
        file=name, defaults={"text": text, "trouble": trouble}
    )
    if text:
        index_offering(name)


@transaction.atomic
def index_offering(name: str) -> None:
    offering = Article.objects.offering(name).order_by("pk").distinct()
    ids = list(offering.values_list("pk", flat=True))
    articles = Article.objects.filter(pk__in=ids).order_by("pk")
    SearchText.objects.index(articles.select_for_update(of=["self"]))


def enqueue_due():
    """Queue what is due; how many tasks it was."""
    count = 0
    if find_outdated().exists():
        count += enqueue_once(index_outdated)
    for name in list(find_unread()[:FILES_AT_ONCE]):
        count += enqueue_once(read_file, name)
    return count
