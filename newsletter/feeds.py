"""Feeds of a newsletter's editions."""

from django.conf import settings
from django.shortcuts import get_object_or_404

from ecfr_site.institution.feeds import InstitutionFeed
from newsletter.languages import override_language
from newsletter.models import Newsletter

LENGTH = 30


class EditionFeed(InstitutionFeed):
    is_announced = True

    def get_object(self, request, slug):
        return get_object_or_404(Newsletter.objects.with_archive(), slug=slug)

    def get_feed(self, newsletter, request):
        with override_language(newsletter.language):
            return super().get_feed(newsletter, request)

    def title(self, newsletter):
        return f"{self.institution.short_name}: {newsletter}"

    def author_name(self, newsletter):
        return self.institution.short_name

    def link(self, newsletter):
        return f"{settings.SITE_URL}{newsletter.get_absolute_url()}"

    def items(self, newsletter):
        return newsletter.editions.public().newest_first()[:LENGTH]

    def item_title(self, edition):
        return str(edition)

    def item_description(self, edition):
        return edition.preheader

    def item_pubdate(self, edition):
        return edition.started_at

    def item_updateddate(self, edition):
        return edition.started_at
