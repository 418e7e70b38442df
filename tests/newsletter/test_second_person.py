"""A second person has approved what begins to go to many, whoever many are by then."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from ecfr_site.importing.csv_file import Record
from ecfr_site.institution.models import Institution
from newsletter.import_export.batch import import_records
from newsletter.import_export.rows import Plan
from newsletter.models import Delivery, Edition, Suppression
from newsletter.models.edition_state import State
from newsletter.sending import worker
from tests.factories import (
    ArticleFactory,
    EditionFactory,
    NewsletterFactory,
    SubscriberFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def newsletter(settings):
    """For three people; four would need a second person."""
    settings.NEWSLETTER_APPROVAL_OVER = 3
    newsletter = NewsletterFactory(slug="weekly-news")
    SubscriberFactory.create_batch(3, newsletters=[newsletter])
    return newsletter


@pytest.fixture
def edition(newsletter, mona):
    """A checked draft of Mona's."""
    edition = EditionFactory(
        newsletter=newsletter,
        articles=[ArticleFactory(published=True)],
        created_by=mona,
        changed_by=mona,
    )
    edition.checked_content = edition.content()
    edition.save()
    return edition


def by_import(newsletter, settings):
    rows = [[f"new{n}@example.org", newsletter.slug, "Conference"] for n in range(5)]
    import_records(
        [Record(1, row, "") for row in rows],
        Plan(["email", "newsletters", "consent_source"]),
    )


def by_signing_up(newsletter, settings):
    SubscriberFactory(newsletters=[newsletter])


def by_reinstating(newsletter, settings):
    bo = SubscriberFactory(newsletters=[newsletter], status="bounced")
    Suppression.objects.suppress(bo.email, bo.normalised, "bounced")
    bo.reinstate(by=UserFactory())


def by_another_limit(newsletter, settings):
    settings.NEWSLETTER_APPROVAL_OVER = 2


WAYS = [by_import, by_signing_up, by_reinstating, by_another_limit]


@pytest.mark.parametrize("later", [timedelta(minutes=10), None])
@pytest.mark.parametrize("grow", WAYS)
def test_more_than_were_planned_do_not_get_it_unseen(
    edition, newsletter, mona, settings, grow, later
):
    edition.schedule(by=mona, at=timezone.now() + later if later else None)
    grow(newsletter, settings)
    Edition.objects.update(starts_at=timezone.now())
    edition.refresh_from_db()

    assert not worker.start(edition)

    edition = Edition.objects.get()
    assert edition.state == State.DRAFT
    assert edition.started_at is None
    assert edition.audience_count == 0
    assert not Delivery.objects.exists()
    assert not edition.items.filter(frozen__isnull=False).exists()
    assert f"{edition.audience().count()} people would get it" in edition.held_because
    assert "a second person approves it first" in edition.held_because


def test_approved_by_a_second_person_it_goes_to_all_of_them(
    edition, newsletter, mona, paul, settings
):
    edition.schedule(by=mona)
    by_signing_up(newsletter, settings)
    edition.start()

    edition.approve(by=paul)
    edition.schedule(by=mona)

    assert edition.start()
    assert Edition.objects.get().audience_count == Delivery.objects.count() == 4


def test_the_approval_goes_with_the_right_to_give_it(edition, mona, paul, newsletter):
    SubscriberFactory(newsletters=[newsletter])
    edition.approve(by=paul)
    edition.schedule(by=mona)
    paul.groups.clear()

    assert not Edition.objects.get().start()

    assert "a second person" in Edition.objects.get().held_because


@pytest.mark.parametrize("gone", ["inactive", "deleted"])
def test_nobodys_approval_is_none(edition, mona, paul, newsletter, gone):
    SubscriberFactory(newsletters=[newsletter])
    edition.approve(by=paul)
    if gone == "deleted":
        paul.delete()
    else:
        paul.is_active = False
        paul.save()

    with pytest.raises(ValidationError, match="4 people would get it"):
        Edition.objects.get().schedule(by=mona)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Another name"),
        ("sender_name", "Somebody else"),
        ("sender_email", "else@example.org"),
        ("reply_to", "else@example.org"),
    ],
)
def test_another_sender_voids_an_approval(
    edition, mona, paul, newsletter, field, value
):
    SubscriberFactory(newsletters=[newsletter])
    edition.approve(by=paul)
    setattr(newsletter, field, value)
    newsletter.save()

    assert not Edition.objects.get().is_approved


@pytest.mark.parametrize("field", ["name", "short_name", "postal_address"])
def test_another_institution_voids_an_approval(edition, mona, paul, newsletter, field):
    """Each message names it, and it is the sender where a newsletter has none."""
    SubscriberFactory(newsletters=[newsletter])
    edition.approve(by=paul)
    edition.schedule(by=mona)
    Institution.objects.update_or_create(defaults={field: "Somebody else"})

    assert not Edition.objects.get().is_approved
    assert not Edition.objects.get().start()


def test_who_pauses_and_resumes_reaches_nobody_new(edition, newsletter, mona, settings):
    edition.schedule(by=mona)
    edition.start()
    edition.pause(by=mona)
    by_signing_up(newsletter, settings)

    edition.resume(by=mona)

    assert edition.deliveries.count() == 3
