"""Related work computed in the background, a few articles at a time.

Each save marks its article; once readers see it, its own list is made, and then those
of the articles that are most like it, which may now name it. All truth is in rows:
whoever is killed loses what was not written, and the mark with it stays.
"""

from collections.abc import Callable, Collection

from django.db import transaction
from django.db.models import Exists, OuterRef
from django_tasks import task

from articles.models import Article, RelatedArticle, RelatedStatus
from articles.models.related_article import RelatedStatusQuerySet
from articles.related.likeness import Archive, Likeness
from articles.search.catalogue import get_catalogue
from ecfr_site.tasks.queue import LOWEST, enqueue_once

# Rows of an article: a page shows three, and some may be withdrawn.
KEPT = 8
# Articles that name one whose rows are made anew with its own, beside those near it.
SPREADS_FROM = 20
# Articles of one transaction, and of one task.
AT_ONCE, A_TASK = 25, 500

Due = RelatedStatus.Due


def find_due() -> RelatedStatusQuerySet:
    """The rows of articles that readers see and whose related work is out of date."""
    published = Article.objects.published().filter(pk=OuterRef("pk"))
    return RelatedStatus.objects.due().filter(Exists(published))


class Run:
    """A walk through what is due, with the published articles of its beginning."""

    def __init__(self) -> None:
        RelatedStatus.objects.add_missing(Article.objects.all())
        self._archive = Archive(get_catalogue())
        # Published or saved since it began: for the next run.
        self._left: set[int] = set()

    def compute_some(self) -> int:
        """Compute some that are due; returns how many, 0 when there are no more."""
        due = self._take(Due.SPREADS) or self._take(Due.ITSELF)
        articles = Article.objects.select_related("image").in_bulk(
            [row.pk for row in due]
        )
        found = {
            pk: like
            for pk, article in articles.items()
            if (like := self._archive.find_like(article)) is not None
        }
        self._left.update({row.pk for row in due} - write(due, found))
        return len(due)

    def _take(self, due: int) -> list[RelatedStatus]:
        rows = find_due().filter(due=due).exclude(pk__in=self._left)
        return list(rows.order_by("pk")[:AT_ONCE])


@transaction.atomic
def write(due: Collection[RelatedStatus], found: dict[int, Likeness]) -> set[int]:
    """Keep what was found, but of what somebody saved meanwhile; returns the kept."""
    read = {row.pk: row.marked_at for row in due if row.pk in found}
    # Locked in one order, so that two who do it do not wait for each other.
    locked = RelatedStatus.objects.filter(pk__in=read).order_by("pk")
    rows = [r for r in locked.select_for_update() if r.marked_at == read[r.pk]]
    RelatedArticle.objects.replace(
        {row.pk: found[row.pk].others[:KEPT] for row in rows}
    )
    like: set[int] = set()
    for row in rows:
        basis = found[row.pk].basis
        if row.due == Due.SPREADS and row.basis != basis:
            like.update(found[row.pk].near, _list_naming(row.pk))
        row.due, row.basis = Due.NOT, basis
    RelatedStatus.objects.bulk_update(rows, ["due", "basis"])
    kept = {row.pk for row in rows}
    RelatedStatus.objects.mark_like(like - kept)
    return kept


def _list_naming(article: int) -> list[int]:
    """Articles that name it by now, some at the most."""
    naming = RelatedArticle.objects.filter(other=article).order_by("-article")
    return list(naming.values_list("article", flat=True)[:SPREADS_FROM])


@task(priority=LOWEST)
def compute_due():
    """Compute some that are due, and queue the next step."""
    run = Run()
    for _ in range(A_TASK // AT_ONCE):
        if not run.compute_some():
            return
    enqueue_once(compute_due)


def compute_soon() -> None:
    """After a step at the desk, once it is committed."""
    if find_due().exists():
        enqueue_once(compute_due)


def enqueue_due() -> int:
    """For the scheduler; how many tasks were queued."""
    missing = Article.objects.filter(related_status=None)
    if missing.exists() or find_due().exists():
        return int(enqueue_once(compute_due))
    return 0


def compute_all(progress: Callable[[int, int], None], again: bool = True) -> None:
    """Compute what is due, or `again` all; `progress(done, of)` is called.

    Without `again` it goes on where an earlier run was stopped.
    """
    run = Run()
    if again:
        RelatedStatus.objects.mark_all(Article.objects.published())
    done, total = 0, find_due().count()
    progress(done, total)
    while some := run.compute_some():
        # What is like a new piece comes on top.
        done += some
        total = max(total, done)
        progress(done, total)
