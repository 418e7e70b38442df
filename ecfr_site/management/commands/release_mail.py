from django.core.management.base import BaseCommand

from ecfr_site.mail.models import MailHold


class Command(BaseCommand):
    help = "Let a restored copy send mail: it is the site now."

    def handle(self, **options):
        if MailHold.objects.end():
            self.stdout.write("Mail is sent again. Held editions wait for a person.")
        else:
            self.stdout.write("Mail was not held.")
