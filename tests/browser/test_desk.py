"""The desk's own pages are accessible, in light and dark (WCAG 2.2 AA), and fit."""

from datetime import date

from django.utils import timezone

from ecfr_site.statistics.models import PageCount
from newsletter.composing import authentication
from newsletter.models import DomainHold, Edition
from tests.browser.test_pages import RULES, list_violations
from tests.factories import (
    ArticleFactory,
    DeliveryFactory,
    EditionFactory,
    PositionFactory,
    SubscriberFactory,
    UserFactory,
    WelcomeMailFactory,
)

WCAG = [rule for rule in RULES if rule.startswith("wcag")]
DESKTOP = {"width": 1280, "height": 720}
PHONE = {"width": 390, "height": 844}
# The page cuts off what is wider than it, and does not scroll there.
WIDTH_OF_WORK = "document.querySelector('main').scrollWidth"


def let_mail_fail():
    """Give the page on deliverability something of everything."""
    edition = EditionFactory(state="sending", started_at=timezone.now())
    DeliveryFactory.create_batch(3, edition=edition)
    DeliveryFactory.create_batch(2, edition=edition, state="failed", fault="server")
    DeliveryFactory.create_batch(2, edition=edition, state="retry", fault="mailbox")
    DomainHold.objects.hold("example.org", "421 Later", "server", edition)
    authentication.check(edition.newsletter)


def test_every_page_of_the_desk_is_accessible_and_fits_a_phone(page, sign_in, settings):
    settings.TASKS = {
        "default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}
    }
    article = ArticleFactory(
        published=True, update_note="A newer figure.", updated_on=date(2026, 2, 1)
    )
    day = timezone.localdate()
    PageCount.objects.create(day=day, view="article", object_id=article.pk, number=9)
    position = PositionFactory(directorship=True)
    edition, subscriber = EditionFactory(), SubscriberFactory()
    welcome = WelcomeMailFactory(newsletter=edition.newsletter)
    welcoming = Edition.objects.welcome_to(edition.newsletter)
    user = UserFactory(is_staff=True, is_superuser=True)
    let_mail_fail()
    sign_in(user)
    found = []
    for address in [
        "",
        "account/",
        "tasks/",
        "articles/article/",
        f"articles/article/{article.pk}/change/",
        f"articles/article/{article.pk}/history/",
        "articles/article/board/",
        "articles/article/calendar/",
        "articles/article/readers/?period=month",
        "articles/topic/add/",
        f"authors/author/{position.author_id}/change/",
        "authors/programme/",
        f"newsletter/edition/{edition.pk}/change/",
        "newsletter/edition/deliverability/",
        "newsletter/edition/deliverability/hold/",
        "newsletter/edition/deliverability/release/?domain=example.org",
        f"newsletter/edition/{welcoming.pk}/change/",
        f"newsletter/welcomemail/{welcome.pk}/change/",
        f"newsletter/newsletter/{edition.newsletter_id}/change/",
        f"newsletter/subscriber/{subscriber.pk}/change/",
        "ecfr_site/auditentry/",
        f"auth/user/{user.pk}/change/",
    ]:
        assert page.goto(f"/admin/{address}").status == 200
        found += [(address, *violation) for violation in list_violations(page, WCAG)]
        page.set_viewport_size(PHONE)
        if (width := page.evaluate(WIDTH_OF_WORK)) > PHONE["width"]:
            found.append((address, f"is {width} px wide on a phone"))
        page.set_viewport_size(DESKTOP)
    assert not found
