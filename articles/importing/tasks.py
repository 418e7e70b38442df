"""Imports of archives in the background. Tasks carry only numbers."""

import logging
from datetime import timedelta

from django.utils import timezone
from django_tasks import task

from articles.importing.merging import forget_old_uploads
from articles.importing.pipeline import run_step
from articles.importing.redirecting import redirect_published
from articles.models import ArchiveImport
from ecfr_site.tasks.queue import LOW, enqueue_once

# A scheduler that stood still for longer misses some.
REDIRECTED_WITHIN = timedelta(days=7)

logger = logging.getLogger(__name__)


@task(priority=LOW)
def run_archive_import(pk: int) -> None:
    """Work for some seconds, and queue the next step. May be lost or run twice."""
    try:
        more = run_step(pk)
    except Exception:
        logger.exception("Import %s of an archive was stopped by an error.", pk)
        ArchiveImport(pk=pk).stop("An error stopped the work. You can resume it.")
        return
    if more:
        enqueue_once(run_archive_import, pk)


def enqueue(found: ArchiveImport) -> None:
    """Have a worker take the next step, and then the others."""
    enqueue_once(run_archive_import, found.pk)


def enqueue_due() -> int:
    """See to imports that nobody is at, to old files, also of manuscripts, and to the
    old addresses of what was a draft; return how many tasks."""
    ArchiveImport.objects.forget_old()
    forget_old_uploads()
    redirect_published(timezone.now() - REDIRECTED_WITHIN)
    deserted = ArchiveImport.objects.deserted().values_list("pk", flat=True)
    return sum(enqueue_once(run_archive_import, pk) for pk in deserted)
