"""Articles are looked over after every change, and their links asked for in turn.

All truth is in rows: a task may be lost or run twice.
"""

from datetime import timedelta
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q
from django.test import Client
from django.utils import timezone
from django_tasks import task

from articles.body import parse_body
from articles.checklist.checklist import Checklist
from articles.checklist.text import find_links
from articles.models import Article, EditorialPolicy, EditSession, Link, PreviewLink
from articles.workflow.working_copies import replace_due
from ecfr_site.richtext import link_checker
from ecfr_site.tasks.queue import LOWEST, enqueue_once

OLD_AFTER = timedelta(days=1)
# How long a check may take before it is thought lost.
LOST_AFTER = timedelta(minutes=10)
AT_ONCE = 50
# Browsers give up after 20; nobody should need more than a few.
MOST_REDIRECTS = 5
# Files are not pages, and the desk is not for readers.
NOT_PAGES = (
    settings.MEDIA_URL,
    f"/{settings.STATIC_URL.lstrip('/')}",
    f"/{settings.ADMIN_PATH}/",
)


@task(priority=LOWEST)
def check_article(article_id):
    """Store the problems that an editor can solve, and where the article links to."""
    # The time before reading: what is saved during the check makes it due again.
    now = timezone.now()
    article = Article.objects.filter(pk=article_id).first()
    if article is None:
        return
    for link in Link.objects.replace_for(article, list_addresses(article)):
        if link.is_inside:
            check_inside_link(link)
    Article.objects.filter(pk=article_id).update(
        problems=Checklist(article).problems, checked_at=now
    )
    if article.links.filter(checked_at=None).exists():
        enqueue_once(check_links)


@task(priority=LOWEST)
def check_links():
    """Ask some pages whether they are there, and queue the next step."""
    Link.objects.forget_unused()
    links = Link.objects.claim()
    outside = {link.address: link for link in links if not link.is_inside}
    for link in links:
        if link.is_inside:
            check_inside_link(link)
    for address, trouble in link_checker.visit_slowly(list(outside)).items():
        outside[address].record_answer(trouble)
    if links and Link.objects.due().exists():
        enqueue_once(check_links)


def enqueue_due():
    """Have new, changed and long unchecked articles checked, and links that are due.

    Returns how many tasks were queued. A change is also that of a link, or of the
    editorial policy. Changes whose minute has come go live first, where no reader was
    there before. What is old of editors and recipients is removed.
    """
    replace_due(Article.objects.all())
    EditSession.objects.remove_old()
    PreviewLink.objects.remove_old()
    now = timezone.now()
    due = (
        Article.objects.filter(is_older_than_news("checked_at", now - OLD_AFTER))
        .filter(is_older_than_news("check_asked_at", now - LOST_AFTER))
        # Those on their way to readers first.
        .order_by(F("published_at").desc(nulls_first=True), "pk")
    )
    asked = list(due.values_list("pk", flat=True)[:AT_ONCE])
    Article.objects.filter(pk__in=asked).update(check_asked_at=now)
    for article_id in asked:
        enqueue_once(check_article, article_id)
    if not Link.objects.due().exists():
        return len(asked)
    enqueue_once(check_links)
    return len(asked) + 1


def is_older_than_news(field, old):
    """A condition: the time in the field is before `old` or before the last change."""
    changed_links = Link.objects.filter(
        articles=OuterRef("pk"), changed_at__gt=OuterRef(field)
    )
    condition = (
        Q(**{field: None})
        | Q(**{f"{field}__lt": old})
        | Q(**{f"{field}__lt": F("changed")})
        | Exists(changed_links)
    )
    if policy_changed := EditorialPolicy.objects.current().changed:
        condition |= Q(**{f"{field}__lt": policy_changed})
    return condition


def list_addresses(article):
    links = find_links(article, parse_body(article.body))
    return [link.address for link in links if link.address]


def check_inside_link(link):
    there = leads_somewhere(link.address)
    link.record_answer(None if there else ("error", "leads nowhere"))


def leads_somewhere(path):
    """Return whether a reader who follows a link within the site gets a page."""
    site = urlsplit(settings.SITE_URL).netloc
    reader = Client(headers={"host": site}, raise_request_exception=False)
    for _ in range(MOST_REDIRECTS):
        address = urlsplit(path)
        if address.netloc not in ("", site) or address.path.startswith(NOT_PAGES):
            return True
        response = reader.get(f"{address.path}?{address.query}", secure=True)
        if "Location" not in response:
            # Any other failure is for operators to solve, not for editors.
            return response.status_code not in (404, 410)
        path = urljoin(path, response["Location"])
    return False
