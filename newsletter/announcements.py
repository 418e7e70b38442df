"""Tell hubs (WebSub) of the feeds of newsletters whose archive has a new edition.

As for articles (articles/announcements.py): found by its time, so that no sending
waits, and told by a task whose loss leaves nothing out.
"""

from django.conf import settings
from django.utils import timezone
from django_tasks import task

from articles.announcements import GRACE, tell_hub_of
from articles.models import Announcement
from ecfr_site.tasks.queue import LOW
from newsletter.models import Edition, Newsletter

# Before the hub's address: another row than that of its articles.
_CHANNEL = "newsletters "


def enqueue_due():
    """For the scheduler; how many tasks were queued, one a hub at the most."""
    until = timezone.now() - GRACE
    queued = 0
    for hub in settings.WEBSUB_HUBS:
        row = Announcement.objects.start(f"{_CHANNEL}{hub}", until)
        changed = find_changed(row.told_until, until)
        if changed.exists() and Announcement.objects.claim(row.channel):
            announce.enqueue(hub)
            queued += 1
    return queued


def find_changed(since, until):
    """Newsletters with an edition that came into the archive between two moments."""
    new = Edition.objects.public().filter(started_at__gt=since, started_at__lte=until)
    return Newsletter.objects.with_archive().filter(pk__in=new.values("newsletter"))


@task(priority=LOW)
def announce(hub):
    """Tell one hub of all that is new; a failure is raised, and tried again."""
    row = Announcement.objects.filter(channel=f"{_CHANNEL}{hub}").first()
    # The operator may have given it up meanwhile.
    if row is None or hub not in settings.WEBSUB_HUBS:
        return
    until = timezone.now() - GRACE
    changed = find_changed(row.told_until, until)
    tell_hub_of(hub, [path for each in changed for _, path in each.list_feeds()])
    row.record_told(until)
