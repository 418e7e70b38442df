from django.core.management.base import BaseCommand

from ecfr_site.statistics.nginx import build_robots


class Command(BaseCommand):
    help = "Print the rules about robots for nginx: deploy/nginx/robots.conf."

    def handle(self, **options):
        self.stdout.write(build_robots(), ending="")
