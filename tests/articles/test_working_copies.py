"""Changes to a published article are made aside and replace its text as a whole."""

from datetime import UTC, datetime, timedelta

import pytest
import reversion
import time_machine
from django.contrib.admin.models import LogEntry
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.utils import timezone
from reversion.models import Revision, Version

from articles.history.snapshot import get_content, get_version_content
from articles.models import Article, WorkflowEvent
from articles.workflow import NotAllowed, State
from articles.workflow.working_copies import replace_due
from tests.factories import (
    ArticleFactory,
    AttachmentFactory,
    AuthorFactory,
    CorrectionFactory,
    EditionFactory,
    ImageFactory,
    ProgrammeFactory,
    TopicFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

NINE = datetime(2026, 5, 4, 7, 0, tzinfo=UTC)


@pytest.fixture
def publisher():
    return UserFactory(publisher=True)


@pytest.fixture
def editor():
    return UserFactory(editor=True)


@pytest.fixture
def live():
    article = ArticleFactory(
        published=True,
        title="The old title",
        slug="live",
        authors=[AuthorFactory(name="Ada Verne"), AuthorFactory(name="Bruno Lind")],
        topics=[TopicFactory(slug="trade")],
        programmes=[ProgrammeFactory(slug="asia")],
        featured_at=timezone.now(),
    )
    AttachmentFactory(article=article)
    CorrectionFactory(article=article)
    return article


@pytest.fixture
def copy(live, publisher):
    """The working copy, with everything that an editor can change changed."""
    copy = live.start_working_copy(by=publisher)
    copy.title = "The new title"
    copy.body = "<p>The new text.</p>"
    copy.save()
    copy.bylines.filter(author__name="Ada Verne").delete()
    copy.topics.set([TopicFactory(slug="energy")])
    CorrectionFactory(article=copy, text="It was 1957.")
    copy.attachments.all().delete()
    return copy


def page(reader, address="/article/live/"):
    return reader.get(address).content.decode()


# Beginning


def test_it_begins_as_the_live_article_is(live, publisher):
    copy = live.start_working_copy(by=publisher)

    assert get_content(copy) == get_content(live)
    assert copy.state == State.DRAFT
    assert copy.original == live
    assert copy.attachments.get().file.name == live.attachments.get().file.name


def test_there_is_one_an_article(live, publisher, editor):
    assert live.start_working_copy(by=publisher) == live.start_working_copy(by=editor)
    with pytest.raises(IntegrityError), transaction.atomic():
        Article(live=live, title="Second", slug="second").save()
    assert Article.objects.originals().count() == 1


@pytest.mark.parametrize("trait", ["draft", "in_review", "scheduled", "withdrawn"])
def test_what_readers_do_not_see_has_none(trait, publisher):
    state = {"state": "in-review"} if trait == "in_review" else {trait: True}

    with pytest.raises(NotAllowed):
        ArticleFactory(**state).start_working_copy(by=publisher)


def test_changes_never_replace_what_is_withdrawn(live, editor, publisher):
    """Not even those that somehow stayed on the schedule."""
    copy = live.start_working_copy(by=editor)
    past = timezone.now() - timedelta(hours=1)
    Article.objects.filter(pk=copy.pk).update(state="published", replaces_at=past)
    Article.objects.filter(pk=live.pk).update(state="withdrawn")

    assert not Article.objects.due_copies().exists()
    with pytest.raises(NotAllowed):
        Article.objects.get(pk=copy.pk).replace_live(by=publisher)


@pytest.mark.parametrize("step", ["unschedule", "return_to_author"])
def test_changes_that_left_the_schedule_do_not_go_live_at_their_minute(
    live, editor, publisher, step
):
    copy = live.start_working_copy(by=editor)
    copy.title = "Not yet"
    copy.save()
    now = timezone.now()
    copy.publish(by=publisher, at=now + timedelta(hours=1))
    getattr(copy, step)(by=publisher)

    with time_machine.travel(now + timedelta(hours=2)):
        assert replace_due(Article.objects.all()) == 0

    live.refresh_from_db()
    assert live.title == "The old title"


def test_a_contributor_begins_none(live):
    with pytest.raises(NotAllowed):
        live.start_working_copy(by=UserFactory(contributor=True))


def test_pictures_in_its_text_are_set_and_kept(live, publisher):
    image = ImageFactory()
    live.body = f'<figure><img src="/media/{image.file.name}" alt="A map"></figure>'
    live.save()

    copy = live.start_working_copy(by=publisher)

    assert list(copy.body_images.all()) == [image]
    assert copy.body_html == live.body_html


# Publishing


def test_it_replaces_all_that_an_editor_can_change(live, copy, publisher, reader):
    assert "The old title" in page(reader)

    shown = copy.publish(by=publisher)

    assert shown.pk == live.pk
    assert Article.objects.get() == live
    live.refresh_from_db()
    assert (live.title, live.byline) == ("The new title", "Bruno Lind")
    assert [topic.slug for topic in live.topics.all()] == ["energy"]
    assert [programme.slug for programme in live.programmes.all()] == ["asia"]
    assert live.corrections.count() == 2
    assert not live.attachments.exists()
    assert "The new text." in page(reader)


def test_what_is_not_text_stays_with_the_live_article(live, copy, publisher):
    before = Article.objects.get(pk=live.pk)

    copy.publish(by=publisher)

    after = Article.objects.get()
    for name in ("pk", "published_at", "featured_at", "created", "created_by_id"):
        assert getattr(after, name) == getattr(before, name)
    assert after.state == State.PUBLISHED


def test_a_failure_half_way_changes_nothing(live, copy, publisher, monkeypatch):
    before, aside = get_content(live), get_content(copy)

    def fail(*args):
        raise RuntimeError("The machine is unplugged.")

    monkeypatch.setattr("articles.history.snapshot._write_rows", fail)
    with pytest.raises(RuntimeError):
        copy.publish(by=publisher)

    assert get_content(Article.objects.get(pk=live.pk)) == before
    kept = Article.objects.get(live=live)
    assert get_content(kept) == aside
    assert kept.state == State.DRAFT


def test_a_new_address_leaves_a_redirect_only_when_it_is_public(
    live, copy, publisher, reader
):
    copy.slug = "moved"
    copy.save()
    assert reader.get("/article/moved/").status_code == 404
    assert reader.get("/article/live/").status_code == 200

    copy.publish(by=publisher)

    assert reader.get("/article/moved/").status_code == 200
    assert reader.get("/article/live/")["Location"] == "/article/moved/"


def test_newsletters_and_translations_go_on_pointing_at_the_live_article(
    live, copy, publisher
):
    piece = EditionFactory(articles=[live]).items.get()
    translation = ArticleFactory(published=True, language="fr", translation_of=live)

    copy.publish(by=publisher)

    piece.refresh_from_db()
    translation.refresh_from_db()
    assert piece.article_id == translation.translation_of_id == live.pk


def test_both_texts_are_in_the_history_of_the_article(live, copy, publisher):
    old, new = get_content(live), get_content(copy)

    with reversion.create_revision():
        copy.publish(by=publisher)

    kept = [get_version_content(v) for v in Version.objects.get_for_object(live)]
    assert old in kept
    assert new in kept


def test_the_revisions_of_the_copy_stay_with_the_article(live, publisher):
    copy = live.start_working_copy(by=publisher)
    with reversion.create_revision():
        copy.title = "Between"
        copy.save()
    aside = get_content(copy)
    copy.title = "The new title"
    copy.save()

    copy.publish(by=publisher)

    kept = [get_version_content(v) for v in Version.objects.get_for_object(live)]
    assert aside in kept


def test_it_cannot_update_a_withdrawn_page(live, copy, publisher):
    Article.objects.get(pk=live.pk).withdraw(by=publisher, reason="Wrong.")
    copy = Article.objects.get(pk=copy.pk)

    with pytest.raises(NotAllowed):
        copy.publish(by=publisher)
    assert "publish" not in [step.name for step in copy.list_transitions(publisher)]


# At its time


def test_readers_see_it_from_its_minute_with_no_job_running(copy, publisher, reader):
    with time_machine.travel(NINE - timedelta(hours=1), tick=False):
        Article.objects.update(published_at=timezone.now() - timedelta(days=1))
        copy.refresh_from_db()
        copy.publish(by=publisher, at=NINE)
    with time_machine.travel(NINE - timedelta(seconds=1), tick=False):
        assert "The old title" in page(reader)
    with time_machine.travel(NINE, tick=False):
        assert "The new title" in page(reader)
        assert Article.objects.count() == 1


def test_the_clock_updates_the_page_before_any_reader_comes(live, copy, publisher):
    later = timezone.now() + timedelta(hours=1)
    copy.publish(by=publisher, at=later)
    call_command("run_due")
    assert Article.objects.count() == 2

    with time_machine.travel(later, tick=False):
        call_command("run_due")

    assert Article.objects.get().title == "The new title"


@pytest.fixture
def due(copy, publisher):
    copy.publish(by=publisher, at=timezone.now() + timedelta(hours=1))
    Article.objects.filter(pk=copy.pk).update(replaces_at=timezone.now())
    return copy


def test_a_withdrawn_article_is_not_replaced(live, due, publisher, reader):
    Article.objects.get(pk=live.pk).withdraw(by=publisher, reason="Wrong.")

    assert replace_due(Article.objects.all()) == 0
    assert reader.get("/article/live/").status_code == 410


def test_what_cannot_replace_leaves_the_schedule_and_says_so(live, due, reader, caplog):
    ArticleFactory(published=True, slug="taken")
    Article.objects.filter(pk=due.pk).update(slug="taken")

    assert "The old title" in page(reader)

    due.refresh_from_db()
    assert due.state == State.APPROVED
    assert "cannot replace" in caplog.text
    log = LogEntry.objects.filter(object_id=str(live.pk))
    assert any("could not be updated" in entry.change_message for entry in log)


def test_it_goes_live_when_the_account_that_scheduled_it_is_gone(due, publisher):
    LogEntry.objects.all().delete()
    publisher.delete()

    assert replace_due(Article.objects.all()) == 1


# Discarding


def test_discarding_leaves_no_trace_but_the_log(live, copy, publisher):
    before = get_content(live)
    with reversion.create_revision():
        copy.save()
        reversion.set_user(publisher)

    copy.discard(by=publisher)

    assert Article.objects.get() == live
    assert get_content(Article.objects.get()) == before
    assert not Revision.objects.exists()
    assert WorkflowEvent.objects.get(article=live).by == publisher
    entry = LogEntry.objects.filter(object_id=str(live.pk)).latest("pk")
    assert "discarded" in entry.change_message


def test_what_was_saved_together_with_another_article_stays(live, copy, publisher):
    with reversion.create_revision():
        live.save()
        copy.save()

    copy.discard(by=publisher)

    assert Version.objects.get_for_object(live).count() == 1


def test_who_may_not_change_it_may_not_discard_it(copy):
    with pytest.raises(NotAllowed):
        copy.discard(by=UserFactory(contributor=True))


# No reader and no list takes it for an article


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/publications/",
        "/article/live/",
        "/article/live-too/",
        "/people/bruno/",
        "/people/bruno/feed/",
        "/programmes/asia/",
        "/programmes/asia/feed/",
        "/topics/energy/",
        "/topics/energy/feed/",
        "/search/?q=Undisclosed",
        "/feed/",
        "/sitemap-articles.xml",
    ],
)
@pytest.mark.parametrize("state", ["draft", "published"])
def test_readers_find_it_nowhere(live, copy, reader, address, state):
    live.authors.filter(name="Bruno Lind").update(slug="bruno")
    copy.title = copy.standfirst = "Undisclosed corridor"
    copy.state = state
    copy.replaces_at = timezone.now() + timedelta(hours=1)
    copy.featured_at = timezone.now()
    copy.save()

    text = page(reader, address)

    assert "corridor" not in text
    assert "The new text" not in text


def test_its_preview_lists_translations_and_related_work_as_the_page_does(live, copy):
    translation = ArticleFactory(published=True, language="fr", translation_of=live)

    shown = Article.objects.for_page().get(pk=copy.pk)

    assert [found.slug for found in shown.page_translations] == [translation.slug]
    assert live not in list(copy.related())


def test_a_picture_that_only_a_working_copy_shows_cannot_be_deleted(copy):
    image = ImageFactory()
    copy.body = f'<figure><img src="/media/{image.file.name}" alt="A map"></figure>'
    copy.save()

    with pytest.raises(Exception, match="Articles show it"):
        image.delete()
