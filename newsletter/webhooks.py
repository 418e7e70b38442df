"""Tell other programs that an edition went out, if readers find it in the archive."""

from articles.facts import format_time
from ecfr_site.api.webhooks.events import Event
from ecfr_site.richtext.absolute import make_absolute
from newsletter.models import Edition
from newsletter.models.edition import SENT_EVENT


def build_edition(number, url):
    """The words of its page; None if it has none."""
    found = Edition.objects.public().select_related("newsletter").filter(pk=number)
    edition = found.first()
    return edition and {
        "id": edition.pk,
        "url": make_absolute(edition.get_absolute_url()),
        "subject": edition.subject,
        "preheader": edition.preheader,
        "language": edition.newsletter.language,
        "sent_at": format_time(edition.finished_at),
        "newsletter": {
            "slug": edition.newsletter.slug,
            "name": edition.newsletter.name,
            "url": make_absolute(edition.newsletter.get_absolute_url()),
        },
    }


EVENTS = [Event(SENT_EVENT, "An edition of a newsletter is sent", build_edition)]
