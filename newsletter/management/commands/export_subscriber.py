import json

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder

from ecfr_site.audit import log
from ecfr_site.mail.addresses import normalise
from ecfr_site.storage.private import only_for_its_owner
from newsletter.models import Subscriber


class Command(BaseCommand):
    help = (
        "Write all that is stored of one subscriber to a JSON file that only its owner "
        "can read: what subscribers can take out themselves."
    )

    def add_arguments(self, parser):
        parser.add_argument("email")
        parser.add_argument("file", help="It must not exist.")

    def handle(self, *, email, file, **options):
        try:
            subscriber = Subscriber.objects.get(normalised=normalise(email))
        except (ValidationError, Subscriber.DoesNotExist) as error:
            raise CommandError("Nobody subscribed with this address.") from error
        try:
            with open(file, "x", encoding="utf-8", opener=only_for_its_owner) as out:
                log.record("export", object=subscriber, detail="All that is stored.")
                json.dump(
                    subscriber.data(),
                    out,
                    cls=DjangoJSONEncoder,
                    indent=2,
                    ensure_ascii=False,
                )
        except OSError as error:
            raise CommandError(f"Not written. {error}") from error
