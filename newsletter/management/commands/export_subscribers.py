import os

from django.core.management.base import BaseCommand, CommandError

from ecfr_site.audit import log
from ecfr_site.csv_format import pieces
from ecfr_site.storage.private import only_for_its_owner
from newsletter.import_export.resources import SubscriberResource
from newsletter.models import Newsletter, Subscriber


class Command(BaseCommand):
    help = "Write the subscribers to a CSV file that only its owner can read."

    def add_arguments(self, parser):
        parser.add_argument("file")
        parser.add_argument("--status", choices=Subscriber.Status.values)
        parser.add_argument("--newsletter", metavar="SLUG")

    def handle(self, file, status, newsletter, **options):
        subscribers = Subscriber.objects.order_by("pk")
        if status:
            subscribers = subscribers.filter(status=status)
        if newsletter:
            found = Newsletter.objects.filter(slug=newsletter).first()
            if found is None:
                raise CommandError(f"There is no newsletter “{newsletter}”.")
            subscribers = subscribers.subscribed_to(found)
        which = ", ".join(filter(None, [status, newsletter])) or "all"
        log.record("export", object=Subscriber, detail=f"To a file: {which}.")
        with open(
            file, "w", encoding="utf-8", newline="", opener=only_for_its_owner
        ) as out:
            try:
                out.writelines(pieces(SubscriberResource().for_export(subscribers)))
            except BaseException:
                # Half a list looks like a whole one.
                if os.path.isfile(file) and not os.path.islink(file):
                    os.remove(file)
                raise
