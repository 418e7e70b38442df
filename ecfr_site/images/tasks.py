"""Renditions are made off the request, and asked for again when a task is lost."""

from django.apps import apps
from django_tasks import task

from ecfr_site.tasks.queue import HIGH


@task(priority=HIGH)
def render_image(image_id):
    """Make what renditions the image lacks. May be killed, lost or run twice."""
    image = apps.get_model("images.Image").objects.filter(pk=image_id).first()
    if image and (image.rendered != image.fingerprint or not image.ground):
        image.render()


def enqueue_due():
    """Ask again for renditions that are missing; return for how many."""
    due = list(apps.get_model("images.Image").objects.due()[:100])
    for image in due:
        image.request_renditions()
    return len(due)
