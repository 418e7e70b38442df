"""Tell other programs what becomes of published articles.

Nothing "happens" when a scheduled article's minute comes, or its end: both are in the
query alone. So what readers see is compared with what was told last, after a step at
the desk and by the scheduler each minute.
"""

from django.db import transaction
from django_tasks import task

from articles.facts import describe_article_fully
from articles.models import Article, WatchedArticle
from articles.models.watched_article import digest_content
from articles.workflow import PublicationStatus
from ecfr_site.api.webhooks.events import Event, announce
from ecfr_site.api.webhooks.models import WebhookEndpoint
from ecfr_site.richtext.absolute import make_absolute
from ecfr_site.tasks.queue import enqueue_once

# Of each kind of news, at a time.
AT_ONCE = 100


def build_article(number, url):
    """The article as the API gives it; None if readers do not see it any more."""
    article = Article.objects.published().for_page().filter(pk=number).first()
    return article and describe_article_fully(article)


def build_withdrawal(number, url):
    """The words of its page now; None if it is published again."""
    if Article.objects.published().filter(pk=number).exists():
        return None
    article = Article.objects.originals().without_texts().filter(pk=number).first()
    withdrawn = article and article.status == PublicationStatus.WITHDRAWN
    replacement = article.published_replacement if withdrawn else None
    return {
        "id": number,
        "url": url,
        "reason": article.withdrawal_reason if withdrawn else "",
        "replaced_by": (
            make_absolute(replacement.get_absolute_url()) if replacement else None
        ),
    }


PUBLISHED = Event("article.published", "A publication appears", build_article)
UPDATED = Event("article.updated", "A publication is changed", build_article)
CORRECTED = Event("article.corrected", "A correction is added", build_article)
WITHDRAWN = Event(
    "article.withdrawn", "A publication is withdrawn, or ends", build_withdrawal
)
EVENTS = [PUBLISHED, UPDATED, CORRECTED, WITHDRAWN]


def begin_watching():
    """Remember what is published by now, which is no news, if nothing is remembered."""
    if not WatchedArticle.objects.exists():
        WatchedArticle.objects.remember(Article.objects.published())


def remember_imported(numbers):
    """Take pieces that came over from another system, or went with it, for no news.

    In the transaction that saved or deleted these articles.
    """
    if numbers and WebhookEndpoint.objects.active().exists():
        WatchedArticle.objects.filter(number__in=numbers).delete()
        imported = Article.objects.published().filter(pk__in=numbers)
        WatchedArticle.objects.remember(imported)


def announce_soon():
    """After a step at the desk, once it is committed."""
    if WebhookEndpoint.objects.active().exists():
        announce_changes.enqueue()


def enqueue_due():
    """Queue the comparison, if anybody listens; else nothing is remembered."""
    if WebhookEndpoint.objects.active().exists():
        return int(enqueue_once(announce_changes))
    WatchedArticle.objects.all().delete()
    return 0


@task()
def announce_changes():
    """Write down what readers see differently. May be lost or run twice."""
    published = Article.objects.published()
    known = WatchedArticle.objects
    new = known.unknown_among(published).order_by("published_at")
    news = [
        *((_announce_new, article) for article in new[:AT_ONCE]),
        *((_announce_gone, row) for row in known.gone(published)[:AT_ONCE]),
        *((_announce_saved, row) for row in known.saved_since(published)[:AT_ONCE]),
        # So that the first save is compared with what was there.
        *((_remember, row) for row in known.without_digest(published)[:AT_ONCE]),
    ]
    for announce_one, subject in news:
        # Each for itself: what is told is remembered, and the other way round.
        with transaction.atomic():
            announce_one(subject)


def _announce_new(article):
    defaults = _describe(article)
    _, is_new = WatchedArticle.objects.get_or_create(
        number=article.pk, defaults=defaults
    )
    if is_new:
        announce(PUBLISHED.name, article.pk, make_absolute(defaults["path"]))


def _announce_gone(row):
    count, _ = WatchedArticle.objects.filter(pk=row.pk).delete()
    if count:
        announce(WITHDRAWN.name, row.number, make_absolute(row.path))


def _announce_saved(row):
    article = Article.objects.published().filter(pk=row.number).first()
    if article is None:
        return
    new = _describe(article)
    # Unless another process was faster.
    mine = WatchedArticle.objects.filter(pk=row.pk, seen_at=row.seen_at)
    if not mine.update(**new) or new["digest"] == row.digest:
        return
    is_corrected = new["corrections"] > row.corrections
    if not row.digest and not is_corrected:
        # Saved before anybody knew what it said: perhaps nothing was changed.
        return
    event = CORRECTED if is_corrected else UPDATED
    announce(event.name, row.number, make_absolute(new["path"]))


def _remember(row):
    article = Article.objects.published().filter(pk=row.number).first()
    if article and article.changed <= row.seen_at:
        mine = WatchedArticle.objects.filter(pk=row.pk, digest="")
        mine.update(digest=digest_content(article))


def _describe(article):
    return {
        "path": article.get_absolute_url(),
        "digest": digest_content(article),
        "corrections": article.corrections.count(),
        "seen_at": article.changed,
    }
