"""An edition to a segment: whom it reaches, who is told of it, and who agreed."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from lxml import html

from newsletter.composing import messages, preflight
from newsletter.models import (
    Delivery,
    Edition,
    Heartbeat,
    NotAllowed,
    Segment,
    Subscriber,
)
from newsletter.models.edition_state import State
from newsletter.sending import worker
from tests.admin_site.desk import OpenForm
from tests.conftest import signed_in
from tests.factories import (
    ArticleFactory,
    EditionFactory,
    NewsletterFactory,
    SegmentFactory,
    SubscriberFactory,
    TopicFactory,
)
from tests.newsletter.mail_server import MailServer

pytestmark = pytest.mark.django_db

LIST = "/admin/newsletter/edition/"
SEGMENTS = "/admin/newsletter/segment/"


@pytest.fixture
def letter():
    return NewsletterFactory(name="The Letter", slug="the-letter")


@pytest.fixture
def germans(letter):
    return SubscriberFactory.create_batch(2, newsletters=[letter], language="de")


@pytest.fixture(autouse=True)
def others(letter):
    return SubscriberFactory.create_batch(3, newsletters=[letter])


@pytest.fixture
def segment(letter, germans):
    return SegmentFactory(newsletter=letter, name="In German", languages=["de"])


@pytest.fixture
def edition(letter, segment, mona):
    """A checked draft of Mona's to the segment."""
    edition = EditionFactory(
        newsletter=letter,
        segment=segment,
        articles=[ArticleFactory(published=True)],
        created_by=mona,
        changed_by=mona,
    )
    edition.checked_content = edition.content()
    edition.save()
    return edition


def saved(edition):
    return Edition.objects.get(pk=edition.pk)


def recipients(edition):
    return {delivery.subscriber for delivery in edition.deliveries.all()}


def shown(response):
    [main] = html.fromstring(response.content.decode()).xpath("//main")
    return " ".join(main.text_content().split())


def save(client, address, **values):
    """Open the form there, fill in the values and press Save."""
    form = OpenForm(client, address)
    for name, value in values.items():
        form[name] = value
    return form.send({**form.values, "_save": ""}, follow=False)


def save_edition(client, edition, **values):
    return save(client, f"{LIST}{edition.pk}/change/", **values)


# Whom it reaches


def test_it_goes_to_the_segment_alone(edition, mona, germans):
    edition.schedule(by=mona)

    assert worker.start(saved(edition))

    assert recipients(edition) == set(germans)
    assert saved(edition).audience_count == 2


def test_who_is_in_the_segment_when_it_begins_gets_it(edition, mona, germans, others):
    edition.schedule(by=mona, at=timezone.now() + timedelta(days=1))
    joined, left = others[0], germans[0]
    Subscriber.objects.filter(pk=joined.pk).update(language="de")
    left.unsubscribe(method="page")
    Edition.objects.update(starts_at=timezone.now())

    assert worker.start(saved(edition))

    assert recipients(edition) == {joined, germans[1]}


def test_beginning_takes_as_many_queries_for_many_as_for_few(
    edition, mona, letter, django_assert_num_queries
):
    edition.schedule(by=mona)
    SubscriberFactory.create_batch(20, newsletters=[letter], language="de")
    due = saved(edition)

    with django_assert_num_queries(44, exact=False):
        assert worker.start(due)
    assert Delivery.objects.count() == 22


def test_the_test_group_is_of_the_segment(edition, mona, letter, germans):
    letter.canary = 1
    letter.save()
    edition.schedule(by=mona)
    worker.start(saved(edition))

    [first] = saved(edition).claimable()
    assert first.subscriber in germans


@pytest.fixture
def server(settings):
    settings.MAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.NEWSLETTER_CONNECTIONS = 1
    with MailServer() as server:
        settings.EMAIL_PORT = server.port
        yield server


def test_who_was_in_it_at_the_start_gets_it_whatever_the_criteria_become(
    edition, mona, segment, germans, server
):
    edition.schedule(by=mona)
    worker.start(saved(edition))
    segment.languages = ["fr"]
    segment.save()
    Heartbeat.beat()

    worker.step(edition.pk)

    assert [d.state for d in edition.deliveries.all()] == ["sent", "sent"]
    assert set(server.handler.messages) == {person.email for person in germans}


def test_what_it_was_sent_by_stays_readable(edition, mona, segment, newsletter_manager):
    edition.schedule(by=mona)
    worker.start(saved(edition))
    segment.languages, segment.name = ["fr"], "In French"
    segment.save()

    assert saved(edition).segment_description == "In German: language German"
    report = newsletter_manager.get(f"{LIST}{edition.pk}/report/")
    assert "To the segment In German: language German." in shown(report)


# A second pair of eyes


@pytest.fixture
def with_approval(settings, edition, paul):
    settings.NEWSLETTER_APPROVAL_OVER = 1
    edition.approve(by=paul)
    assert saved(edition).is_approved


def _choose_another(edition, segment):
    edition.segment = SegmentFactory(newsletter=segment.newsletter, languages=["de"])
    edition.save()


def _choose_everybody(edition, segment):
    edition.segment = None
    edition.save()


def _change_a_criterion(edition, segment):
    segment.languages = ["de", "en"]
    segment.save()


def _add_a_topic(edition, segment):
    segment.topics.add(TopicFactory())


@pytest.mark.parametrize(
    "change", [_choose_another, _choose_everybody, _change_a_criterion, _add_a_topic]
)
def test_another_audience_voids_the_approval_and_the_check(
    edition, segment, mona, with_approval, change
):
    edition.schedule(by=mona)

    change(saved(edition), Segment.objects.get(pk=segment.pk))

    assert not saved(edition).is_approved
    with pytest.raises(ValidationError, match="It changed since it was checked"):
        saved(edition).check_ready()
    assert not saved(edition).start()
    assert "its segment" in saved(edition).held_because
    assert not Delivery.objects.exists()


def test_another_name_of_the_segment_voids_nothing(edition, segment, with_approval):
    segment.name = "Auf Deutsch"
    segment.save()

    assert saved(edition).is_approved


def test_the_limit_counts_the_segment_and_not_everybody(edition, mona, settings):
    settings.NEWSLETTER_APPROVAL_OVER = 2
    edition.schedule(by=mona)

    assert saved(edition).start()


def change_at_the_desk(client, segment, **values):
    return save(client, f"{SEGMENTS}{segment.pk}/change/", **values)


def test_who_changes_the_criteria_cannot_approve_the_edition(
    edition, segment, newsletter_manager, settings
):
    settings.NEWSLETTER_APPROVAL_OVER = 1
    change_at_the_desk(newsletter_manager, segment, languages=["de", "en"])
    assert Segment.objects.get().languages == ["de", "en"]

    with pytest.raises(NotAllowed, match="somebody else"):
        saved(edition).approve(by=newsletter_manager.user)


def test_what_was_scheduled_to_it_is_held_at_once(
    edition, segment, mona, newsletter_manager
):
    edition.schedule(by=mona, at=timezone.now() + timedelta(days=1))

    change_at_the_desk(newsletter_manager, segment, languages=["fr"])

    assert saved(edition).state == State.DRAFT
    assert "“In German” changed" in saved(edition).held_because


def test_a_new_name_holds_nothing(edition, segment, mona, newsletter_manager):
    edition.schedule(by=mona, at=timezone.now() + timedelta(days=1))

    change_at_the_desk(newsletter_manager, segment, name="Auf Deutsch")

    assert Segment.objects.get().name == "Auf Deutsch"
    assert saved(edition).state == State.SCHEDULED


# At the desk


def test_the_form_offers_the_segments_of_its_newsletter(newsletter_editor, edition):
    SegmentFactory(name="Another letter's")

    page = newsletter_editor.get(f"{LIST}{edition.pk}/change/")

    [field] = html.fromstring(page.content.decode()).xpath("//select[@name='segment']")
    assert [option.text for option in field] == ["Everybody subscribed", "In German"]
    assert "Goes to 2 people in the segment “In German”" in shown(page)
    assert "2 people of 5 subscribed: language German" in shown(page)


def test_a_segment_of_another_newsletter_is_refused(newsletter_editor, edition):
    other = SegmentFactory(languages=["de"])

    response = save_edition(newsletter_editor, edition, segment=other.pk)

    assert response.status_code == 200
    assert saved(edition).segment.name == "In German"
    edition.segment = other
    with pytest.raises(ValidationError, match="another newsletter"):
        edition.full_clean()


def test_choosing_everybody_is_saved_and_counted(newsletter_editor, edition):
    save_edition(newsletter_editor, edition, segment="")

    assert saved(edition).segment is None
    page = newsletter_editor.get(f"{LIST}{edition.pk}/change/")
    assert "Goes to 5 people from" in shown(page)


def test_the_page_before_sending_says_to_whom(newsletter_manager, edition):
    page = shown(newsletter_manager.get(f"{LIST}{edition.pk}/send/"))

    assert "2 people in the segment “In German”, of 5 subscribed" in page
    assert "language German" in page
    assert "Send now to 2 people" in page


def test_the_list_names_the_segment(newsletter_editor, edition):
    assert "The Letter In German" in shown(newsletter_editor.get(LIST))


def test_the_check_says_how_many_are_in_it(edition):
    notes = [f["text"] for f in preflight.find_problems(edition)]

    assert "It goes to the segment “In German”, to 2 now: language German." in notes


def test_an_edition_to_nobody_is_stopped_by_the_check(edition, germans):
    Subscriber.objects.filter(language="de").update(language="en")

    stops = [
        f["text"]
        for f in preflight.find_problems(edition)
        if f["level"] == "error" and "Nobody" in f["text"]
    ]

    assert stops == [
        "Nobody would get it: no active subscriber of “The Letter” is in the segment "
        "“In German” (language German). Choose another one."
    ]


# The archive


def test_it_is_on_no_page_of_the_site(edition, mona, letter, reader):
    edition.schedule(by=mona)
    worker.start(saved(edition))
    assert saved(edition).started_at

    assert reader.get(edition.get_absolute_url()).status_code == 404
    for address in ("/newsletter/the-letter/", "/newsletter/the-letter/feed/"):
        page = reader.get(address)
        assert page.status_code == 200
        assert edition.subject not in page.content.decode()
    assert edition.get_absolute_url() not in reader.get("/sitemap.xml").content.decode()


def test_its_messages_lead_to_no_web_version(edition):
    reader = messages.Recipient.for_test("reader@example.org")

    def parts():
        return messages.render_parts(saved(edition), reader, [])

    for part in parts():
        assert "Read in the browser" not in part
        assert edition.get_absolute_url() not in part
    Edition.objects.update(segment=None)
    for part in parts():
        assert edition.get_absolute_url() in part


# Segments at the desk


@pytest.fixture
def add(newsletter_manager, letter):
    def press(**values):
        asked = {"newsletter": letter.pk, "name": "Some", **values}
        return save(newsletter_manager, f"{SEGMENTS}add/", **asked)

    return press


def test_a_segment_without_criteria_is_refused(add):
    response = add()

    assert "Choose at least one criterion" in shown(response)
    assert not Segment.objects.exists()


def test_a_segment_is_made_with_all_its_criteria(add):
    topic = TopicFactory()
    response = add(languages=["de"], topics=[topic.pk], engaged_days="30")

    assert response.status_code == 302
    segment = Segment.objects.get()
    assert segment.languages == ["de"]
    assert list(segment.topics.all()) == [topic]
    assert segment.engaged_days == 30


def test_its_page_counts_and_names_nobody(newsletter_manager, segment, germans):
    response = newsletter_manager.get(f"{SEGMENTS}{segment.pk}/change/")

    assert "2 people" in shown(response)
    assert "of 5 who get The Letter: language German" in shown(response)
    for person in germans:
        assert person.email not in response.content.decode()


@pytest.mark.parametrize("page", ["", "{pk}/change/"])
def test_the_pages_take_as_many_queries_for_one_as_for_many(
    newsletter_manager, segment, letter, page, django_assert_max_num_queries
):
    address = SEGMENTS + page.format(pk=segment.pk)
    for _ in range(5):
        SegmentFactory(newsletter=letter, languages=["fr"], topics=[TopicFactory()])

    newsletter_manager.get(address)
    with django_assert_max_num_queries(26):
        newsletter_manager.get(address)


def test_a_segment_in_use_is_not_deleted(newsletter_manager, segment, edition):
    address = f"{SEGMENTS}{segment.pk}/delete/"

    response = newsletter_manager.post(address, {"post": "yes"})

    assert Segment.objects.exists()
    assert "in use here" in response.content.decode()


@pytest.mark.parametrize(
    ("role", "sees", "changes"),
    [
        ("newsletter_manager", True, True),
        ("newsletter_editor", True, False),
        ("publisher", True, False),
        ("editor", False, False),
        ("contributor", False, False),
        ("manager", False, False),
    ],
)
def test_who_may_see_and_change_segments(segment, role, sees, changes):
    client = signed_in(**{role: True})
    address = f"{SEGMENTS}{segment.pk}/change/"

    assert (client.get(SEGMENTS).status_code == 200) is sees
    assert (client.get(address).status_code == 200) is sees
    assert (client.get(f"{SEGMENTS}add/").status_code == 200) is changes
    delete = client.get(f"{SEGMENTS}{segment.pk}/delete/")
    assert (delete.status_code == 200) is changes
    response = client.post(
        address, {"name": "Mine", "languages": ["en"], "_save": "Save"}
    )
    assert (response.status_code == 302) is changes
    assert (Segment.objects.get().name == "Mine") is changes
