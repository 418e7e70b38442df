"""The life of an edition: its states, and who may change them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.admin.models import LogEntry
from django.core.exceptions import ValidationError
from django.utils import timezone

from ecfr_site.images.tasks import render_image
from newsletter.models import Delivery, Edition, Event, NotAllowed, Subscriber
from newsletter.models.edition_state import State
from tests.factories import (
    ArticleFactory,
    EditionFactory,
    ImageFactory,
    NewsletterFactory,
    SubscriberFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def edition(eddy):
    """A draft of Eddy's that was found good, for four people."""
    newsletter = NewsletterFactory()
    SubscriberFactory.create_batch(4, newsletters=[newsletter])
    edition = EditionFactory(
        newsletter=newsletter,
        articles=[ArticleFactory(published=True)],
        created_by=eddy,
        changed_by=eddy,
    )
    return checked(edition)


def checked(edition, *errors):
    """As after a preflight that found `errors`."""
    edition.findings = [{"level": "error", "text": text} for text in errors]
    edition.checked_content = edition.content()
    edition.checked_at = timezone.now()
    edition.save()
    return edition


def tomorrow():
    return timezone.now() + timedelta(days=1)


def begun(edition, by):
    edition.schedule(by=by)
    assert edition.start()
    return edition


def saved(edition):
    return Edition.objects.get(pk=edition.pk)


def log_of(edition):
    entries = LogEntry.objects.filter(object_id=edition.pk).order_by("pk")
    return [(entry.user, entry.change_message) for entry in entries]


# Scheduling


def test_scheduled_without_a_time_it_is_due_at_once(edition, mona):
    edition.schedule(by=mona)

    assert list(Edition.objects.due()) == [edition]
    assert log_of(edition) == [(mona, "Sent off.")]


def test_scheduled_for_later_it_is_not_due_before(edition, mona):
    at = datetime(2099, 3, 1, 8, 30, tzinfo=ZoneInfo("Europe/Brussels"))

    edition.schedule(by=mona, at=at)

    assert saved(edition).scheduled_at == saved(edition).starts_at == at
    assert not Edition.objects.due().exists()
    assert log_of(edition) == [(mona, "Scheduled for 1 March 2099, 08:30 CET.")]


def test_a_schedule_can_be_changed_and_taken_back(edition, mona):
    edition.schedule(by=mona, at=tomorrow())
    later = tomorrow() + timedelta(days=1)

    edition.schedule(by=mona, at=later)
    assert saved(edition).scheduled_at == later

    edition.unschedule(by=mona)
    assert saved(edition).state == State.DRAFT


def test_a_time_that_is_past_is_refused(edition, mona):
    with pytest.raises(ValidationError, match="This time is past"):
        edition.schedule(by=mona, at=timezone.now() - timedelta(hours=1))

    assert saved(edition).state == State.DRAFT


def test_the_minute_that_has_just_begun_is_not_past(edition, mona):
    edition.schedule(by=mona, at=timezone.now() - timedelta(seconds=59))

    assert list(Edition.objects.due()) == [edition]


def test_what_was_not_checked_or_changed_since_is_not_sent(edition, mona):
    edition.preheader = "Another line."
    edition.save()

    with pytest.raises(ValidationError, match="changed since it was checked"):
        edition.schedule(by=mona)


def test_what_the_check_found_keeps_it_from_being_sent(edition, mona):
    checked(edition, "A link is dead.", "It has no subject.")

    with pytest.raises(ValidationError) as refusal:
        edition.schedule(by=mona)

    assert refusal.value.messages == ["A link is dead.", "It has no subject."]


def test_a_warning_does_not(edition, mona):
    edition.findings = [{"level": "warning", "text": "The subject is long."}]
    edition.save()

    edition.schedule(by=mona)

    assert saved(edition).state == State.SCHEDULED


def test_a_colleague_who_was_faster_is_noticed(edition, mona):
    opened = saved(edition)
    edition.schedule(by=mona)
    edition.start()

    with pytest.raises(NotAllowed, match="moved on in this moment"):
        opened.schedule(by=mona)

    assert saved(edition).state == State.SENDING


# Approval


def test_few_recipients_need_no_second_person(edition, mona, settings):
    settings.NEWSLETTER_APPROVAL_OVER = 4

    edition.schedule(by=mona)

    assert saved(edition).state == State.SCHEDULED


def test_many_recipients_need_a_second_person(edition, mona, paul, settings):
    settings.NEWSLETTER_APPROVAL_OVER = 3
    with pytest.raises(ValidationError, match="a second person approves it first"):
        edition.schedule(by=mona)

    edition.approve(by=paul)
    edition.schedule(by=mona)

    assert saved(edition).state == State.SCHEDULED
    assert log_of(edition)[0] == (paul, "Approved.")


def test_nobody_approves_what_they_wrote_last(edition, paul):
    edition.changed_by = paul
    edition.save()

    with pytest.raises(NotAllowed, match="a second pair of eyes"):
        edition.approve(by=paul)

    assert not saved(edition).is_approved


def test_nobody_approves_what_they_wrote_before_a_colleagues_change(
    edition, eddy, paul
):
    edition.record_change(by=paul)
    edition.record_change(by=eddy)

    with pytest.raises(NotAllowed, match="a second pair of eyes"):
        edition.approve(by=paul)

    assert not saved(edition).is_approved


def test_whose_text_another_approved_may_approve_the_changes_after_it(
    edition, eddy, mona, paul
):
    edition.record_change(by=paul)
    edition.approve(by=mona)
    edition.record_change(by=eddy)
    change_subject(edition)

    edition.approve(by=paul)

    assert saved(edition).is_approved


def test_a_refused_approval_forgets_no_writer(edition, eddy, paul):
    edition.record_change(by=paul)
    edition.record_change(by=eddy)
    for _ in range(2):
        with pytest.raises(NotAllowed):
            edition.approve(by=paul)


def test_who_gathered_it_and_nobody_else_touched_it_does_not_approve_it(edition, paul):
    edition.created_by, edition.changed_by = paul, None
    edition.save()

    with pytest.raises(NotAllowed, match="a second pair of eyes"):
        edition.approve(by=paul)


def change_subject(edition):
    edition.subject = "Something else"
    edition.save()


def change_teaser(edition):
    edition.items.update(teaser="A bolder claim.")


def change_article(edition):
    article = edition.items.get().article
    article.title = "Another title"
    article.save()


def remove_piece(edition):
    edition.items.all().delete()


@pytest.mark.parametrize(
    "change", [change_subject, change_teaser, change_article, remove_piece]
)
def test_any_change_makes_the_approval_void(edition, mona, paul, settings, change):
    settings.NEWSLETTER_APPROVAL_OVER = 1
    edition.approve(by=paul)
    assert edition.is_approved

    change(edition)

    edition = checked(saved(edition))
    assert not edition.is_approved
    with pytest.raises(ValidationError, match="second person"):
        edition.schedule(by=mona)


def test_a_picture_that_gets_its_sizes_changes_nothing(edition, paul):
    article = ArticleFactory(published=True, with_image=True)
    edition.items.create(article=article, order=1)
    edition.approve(by=paul)

    render_image.enqueue(article.image_id)

    assert saved(edition).items.last().shown["thumbnail"]
    assert saved(edition).is_approved


def test_another_picture_makes_the_approval_void(edition, paul):
    article = ArticleFactory(published=True, with_image=True)
    edition.items.create(article=article, order=1)
    edition.approve(by=paul)

    article.image = ImageFactory()
    article.save()

    assert not saved(edition).is_approved


# Who may


@pytest.mark.parametrize("act", ["schedule", "unschedule", "pause", "resume", "cancel"])
def test_who_does_not_send_cannot(edition, paul, act):
    state = {"unschedule": "scheduled", "pause": "sending", "cancel": "sending"}
    Edition.objects.update(
        state="paused" if act == "resume" else state.get(act, "draft")
    )
    before = saved(edition)

    with pytest.raises(NotAllowed, match="may not send"):
        getattr(before, act)(by=paul)

    assert saved(edition).state == before.state
    assert not log_of(edition)


def test_who_does_not_approve_cannot(edition, eddy):
    edition.changed_by = None
    edition.created_by = None

    with pytest.raises(NotAllowed, match="may not approve"):
        edition.approve(by=eddy)


POSSIBLE = {
    "approve": {"draft"},
    "schedule": {"draft", "scheduled"},
    "unschedule": {"scheduled"},
    "pause": {"sending"},
    "resume": {"paused"},
    "cancel": {"sending", "paused"},
}


@pytest.mark.parametrize("state", State.values)
@pytest.mark.parametrize("act", POSSIBLE)
def test_each_act_is_possible_from_its_states_only(edition, mona, act, state):
    Edition.objects.update(state=state)

    if state in POSSIBLE[act]:
        getattr(saved(edition), act)(by=mona)
        assert log_of(edition)
    else:
        with pytest.raises(NotAllowed, match="This edition is"):
            getattr(saved(edition), act)(by=mona)
        assert saved(edition).state == state


# Held


def test_what_is_held_before_it_began_is_a_draft_again(edition, mona):
    edition.schedule(by=mona)

    edition.hold("Its time had passed.")

    assert saved(edition).state == State.DRAFT
    assert saved(edition).held_because == "Its time had passed."

    edition.schedule(by=mona)
    assert not saved(edition).held_because


def test_what_is_held_while_it_is_sent_pauses(edition, mona):
    begun(edition, mona).hold("Everything is refused.")

    assert saved(edition).state == State.PAUSED

    edition.resume(by=mona)
    assert saved(edition).state == State.SENDING
    assert not saved(edition).held_because


def test_what_began_meanwhile_is_not_made_a_draft(edition, mona):
    edition.schedule(by=mona)
    noticed_late = saved(edition)
    edition.start()

    with pytest.raises(NotAllowed):
        noticed_late.hold("Its time had passed.")

    assert saved(edition).state == State.SENDING


# Starting and ending


def test_starting_freezes_the_audience_and_the_pieces(edition, mona):
    begun(edition, mona)
    change_article(edition)
    SubscriberFactory(newsletters=[edition.newsletter])

    assert saved(edition).audience_count == edition.deliveries.count() == 4
    assert edition.items.get().shown["title"] != "Another title"


def test_it_starts_once(edition, mona):
    edition.schedule(by=mona)
    other_worker = saved(edition)

    assert edition.start()
    assert not other_worker.start()
    assert Delivery.objects.count() == 4


def test_what_changed_after_it_was_scheduled_is_held(edition, mona):
    edition.schedule(by=mona)
    change_article(edition)

    assert not edition.start()

    assert saved(edition).state == State.DRAFT
    assert "had changed after it was checked" in saved(edition).held_because
    assert not saved(edition).is_public
    assert not Delivery.objects.exists()


def test_it_is_sent_when_nobody_waits(edition, mona):
    begun(edition, mona)
    mailed, failed, *waiting = edition.deliveries.all()
    move(mailed, State.SENT)
    move(failed, "failed")

    assert not edition.finish()
    assert saved(edition).state == State.SENDING

    for delivery in waiting:
        move(delivery, State.SENT)
    assert edition.finish()
    assert saved(edition).state == State.SENT
    assert saved(edition).sent_count == 3
    assert saved(edition).finished_at


def test_the_ledger_adds_up(edition, mona):
    begun(edition, mona)
    states = ["sent", "retry", "uncertain", "skipped"]
    for delivery, state in zip(edition.deliveries.all(), states, strict=True):
        move(delivery, state)

    ledger = edition.ledger()

    assert [ledger[s] for s in ("sent", "waiting", "uncertain", "skipped")] == [1] * 4
    assert ledger["failed"] == 0
    assert ledger["audience"] == 4


def test_cancelling_leaves_what_is_being_handed_over(edition, mona):
    begun(edition, mona)
    mailed, leaving, *waiting = edition.deliveries.all()
    move(mailed, "sent")
    move(leaving, "submitting")

    edition.cancel(by=mona)

    assert saved(edition).state == State.CANCELLED
    assert saved(edition).sent_count == 1
    assert Delivery.objects.get(pk=leaving.pk).state == "submitting"
    skipped = Delivery.objects.filter(pk__in=[row.pk for row in waiting])
    assert {(row.state, row.reason) for row in skipped} == {
        ("skipped", "the edition was cancelled")
    }


def move(delivery, state):
    sent_at = timezone.now() if state == "sent" else None
    Delivery.objects.filter(pk=delivery.pk).update(state=state, sent_at=sent_at)


# Uncertain


@pytest.fixture
def sent(edition, mona):
    """Sent to three, uncertain for one."""
    begun(edition, mona)
    for delivery in edition.deliveries.all():
        move(delivery, "sent")
    move(edition.deliveries.last(), "uncertain")
    assert edition.finish()
    return saved(edition)


def test_sending_again_makes_a_sent_edition_go_on(sent, mona):
    assert sent.resend_uncertain(mona, sent.deliveries.all()) == 1

    assert saved(sent).state == State.SENDING
    assert sent.ledger()["waiting"] == 1
    assert log_of(sent)[-1] == (mona, "Uncertain messages sent again: 1.")


def test_taking_as_sent_counts_as_sent(sent, mona):
    assert sent.accept_uncertain(mona, sent.deliveries.all()) == 1

    assert saved(sent).state == State.SENT
    assert saved(sent).sent_count == 4


def test_what_is_certain_is_never_sent_again(sent, mona):
    certain = sent.deliveries.filter(state="sent")

    assert sent.resend_uncertain(mona, certain) == 0

    assert saved(sent).state == State.SENT


def test_nothing_goes_out_of_a_cancelled_edition(sent, mona):
    Edition.objects.update(state=State.CANCELLED)

    with pytest.raises(NotAllowed, match="nothing more goes out"):
        saved(sent).resend_uncertain(mona, sent.deliveries.all())


@pytest.mark.parametrize("act", ["resend_uncertain", "accept_uncertain"])
def test_who_does_not_send_decides_on_nothing(sent, paul, act):
    with pytest.raises(NotAllowed, match="may not decide"):
        getattr(sent, act)(paul, sent.deliveries.all())

    assert sent.deliveries.uncertain().count() == 1


# Canary


@pytest.fixture
def canary(edition, mona):
    """Begun, to two of the four; those two messages went out an hour ago."""
    newsletter = edition.newsletter
    newsletter.canary, newsletter.canary_minutes = 2, 30
    newsletter.canary_limit = 40
    newsletter.save()
    begun(edition, mona)
    edition.deliveries.canary().update(
        state="sent", sent_at=timezone.now() - timedelta(hours=1)
    )
    return edition


def bounce(edition, number):
    for delivery in edition.deliveries.canary()[:number]:
        Event.objects.create(
            edition=edition, delivery=delivery, kind=Event.Kind.BOUNCE, hard=True
        )


def judged(edition):
    edition.judge_canary()
    return saved(edition)


def test_only_the_first_may_be_sent_at_first(canary):
    assert canary.claimable().count() == 2
    assert canary.deliveries.count() == 4


def test_the_others_follow_when_few_came_back(canary):
    edition = judged(canary)

    assert edition.released_at
    assert edition.claimable().count() == 4


def test_it_pauses_when_too_many_came_back(canary):
    bounce(canary, 1)

    edition = judged(canary)

    assert edition.state == State.PAUSED
    assert edition.held_because == (
        "1 of the first 2 messages bounced, more than 40 per cent."
    )
    assert not edition.released_at


def test_exactly_the_limit_is_not_too_many(canary):
    type(canary.newsletter).objects.update(canary_limit=50)
    bounce(canary, 1)

    assert judged(saved(canary)).released_at


def test_a_message_that_failed_came_back_too(canary):
    move(canary.deliveries.canary().first(), "failed")

    assert judged(canary).state == State.PAUSED


@pytest.mark.parametrize("minutes", [0, 29])
def test_it_waits_for_what_may_still_come_back(canary, minutes):
    canary.deliveries.canary().update(
        sent_at=timezone.now() - timedelta(minutes=minutes)
    )

    edition = judged(canary)

    assert not edition.released_at
    assert edition.state == State.SENDING


@pytest.mark.parametrize("state", ["pending", "claimed", "submitting"])
def test_it_waits_until_all_of_the_first_were_tried(canary, state):
    move(canary.deliveries.canary().first(), state)

    assert not judged(canary).released_at


def test_a_paused_canary_is_not_judged(canary, mona):
    canary.pause(by=mona)

    assert not judged(canary).released_at


def test_a_canary_is_judged_once(canary):
    edition = judged(canary)
    assert edition.released_at
    bounce(canary, 2)

    again = judged(edition)

    assert (again.state, again.released_at) == (State.SENDING, edition.released_at)


def test_what_was_paused_in_this_moment_is_not_called_sent(edition, mona):
    edition = begun(edition, mona)
    edition.deliveries.update(state="sent")
    saved(edition).pause(by=mona)

    assert not edition.finish()

    assert saved(edition).state == State.PAUSED


def test_who_resumes_after_a_bad_canary_lets_the_others_follow(canary, mona):
    bounce(canary, 1)
    edition = judged(canary)

    edition.resume(by=mona)

    assert saved(edition).claimable().count() == 4


def test_who_resumes_during_the_canary_leaves_it_at_work(canary, mona):
    canary.pause(by=mona)
    canary.resume(by=mona)

    assert saved(canary).claimable().count() == 2


# The hour where the subscriber lives


@pytest.fixture
def around_the_world(edition):
    """For the four: in Tokyo, Lisbon, nobody knows where, and nowhere there is."""
    zones = ["Asia/Tokyo", "Europe/Lisbon", "", "Mars/Olympus"]
    for subscriber, zone in zip(Subscriber.objects.all(), zones, strict=True):
        Subscriber.objects.filter(pk=subscriber.pk).update(time_zone=zone)
    edition.in_local_time = True
    edition.save()
    return edition


def due_times(edition):
    """The due time of each delivery, by the time zone."""
    rows = edition.deliveries.select_related("subscriber")
    return {row.subscriber.time_zone: row.due_at for row in rows}


def test_in_local_time_each_zone_has_its_own_hour(around_the_world, mona):
    edition = around_the_world
    nine = datetime(2099, 7, 1, 9, tzinfo=ZoneInfo("Europe/Brussels"))
    edition.schedule(by=mona, at=nine)
    tokyo = datetime(2099, 7, 1, 0, tzinfo=UTC)
    assert saved(edition).starts_at == tokyo

    Edition.objects.update(starts_at=timezone.now())
    saved(edition).start()

    assert due_times(edition) == {
        "Asia/Tokyo": tokyo,
        "Europe/Lisbon": datetime(2099, 7, 1, 8, tzinfo=UTC),
        "": nine,
        "Mars/Olympus": nine,
    }


def test_sent_now_the_hours_that_passed_are_due_and_nothing_is_late(
    around_the_world, mona
):
    now = timezone.now()
    edition = begun(around_the_world, mona)

    due = due_times(edition)
    assert edition.starts_at >= now
    assert due["Asia/Tokyo"] < now <= due["Europe/Lisbon"]
    assert edition.deliveries.due().count() >= 3


def test_without_it_everybody_is_due_at_once(around_the_world, mona):
    around_the_world.in_local_time = False
    around_the_world.save()

    edition = begun(around_the_world, mona)

    assert edition.deliveries.due().count() == 4


# What readers find


@pytest.mark.parametrize(
    ("state", "sent_count", "expected"),
    [("sending", 0, True), ("cancelled", 0, False), ("cancelled", 1, True)],
)
def test_readers_find_it_once_somebody_may_have_it(
    edition, mona, state, sent_count, expected
):
    assert not edition.is_public
    begun(edition, mona)
    Edition.objects.update(state=state, sent_count=sent_count)

    assert saved(edition).is_public is expected
    assert Edition.objects.public().exists() is expected
