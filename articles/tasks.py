"""Articles are looked over after every change, and once a day for links that broke."""

from datetime import timedelta
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.db.models import F, Q
from django.test import Client
from django.utils import timezone
from django_tasks import task

from articles.models import Article
from articles.typeset import body_problems
from ecfr_site.html import internal_paths

OLD_AFTER = timedelta(days=1)
# How long a check may take before it is thought lost.
LOST_AFTER = timedelta(minutes=10)
AT_ONCE = 50
# Browsers give up after 20; nobody should need more than a few.
MOST_REDIRECTS = 5
# Files are not pages, and the desk is not for readers.
NOT_PAGES = (settings.MEDIA_URL, f"/{settings.STATIC_URL.lstrip('/')}", "/admin/")


# Nobody waits for it: behind whatever else is queued.
@task(priority=-20)
def check_article(article_id):
    """Write down what an editor should mend. May be lost or run twice."""
    # The time before reading: what is saved during the check makes it due again.
    now = timezone.now()
    article = Article.objects.filter(pk=article_id).first()
    if article:
        Article.objects.filter(pk=article_id).update(
            problems=problems_of(article), checked_at=now
        )


def enqueue_due():
    """Have new, changed and long unchecked articles checked; return how many."""
    now = timezone.now()
    due = Article.objects.filter(
        Q(checked_at=None)
        | Q(checked_at__lt=F("changed"))
        | Q(checked_at__lt=now - OLD_AFTER)
    ).filter(
        Q(check_asked_at=None)
        | Q(check_asked_at__lt=F("changed"))
        | Q(check_asked_at__lt=now - LOST_AFTER)
    )
    asked = list(due.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    Article.objects.filter(pk__in=asked).update(check_asked_at=now)
    for article_id in asked:
        check_article.enqueue(article_id)
    return len(asked)


def problems_of(article):
    """A sentence for each thing that is wrong, in editors' words."""
    problems = body_problems(article.body)
    if article.image_is_undescribed:
        problems.append("The picture at the top has no alternative text.")
    if not article.topics.exists():
        problems.append("The article has no topic.")
    for byline in article.credits:
        person = byline.author.kind == byline.author.Kind.PERSON
        if person and not byline.position:
            problems.append(f"{byline.author} held no position on that day.")
    problems += [
        f"The link to {path} leads nowhere."
        for path in internal_paths(article.body)
        if not leads_somewhere(urljoin(article.get_absolute_url(), path))
    ]
    return problems


def leads_somewhere(path):
    """Whether a reader who follows a link within the site gets a page."""
    site = urlsplit(settings.SITE_URL).netloc
    reader = Client(headers={"host": site}, raise_request_exception=False)
    for _ in range(MOST_REDIRECTS):
        address = urlsplit(path)
        if address.netloc not in ("", site) or address.path.startswith(NOT_PAGES):
            return True
        response = reader.get(f"{address.path}?{address.query}", secure=True)
        if "Location" not in response:
            # Any other failure is for operators to mend, not for editors.
            return response.status_code not in (404, 410)
        path = urljoin(path, response["Location"])
    return False
