"""A newer manuscript is compared with a draft before it takes the place of its text."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from reversion.models import Version

from articles.importing import merging
from articles.importing.tasks import enqueue_due
from articles.workflow import State
from ecfr_site.images.models import Image
from ecfr_site.richtext.sanitizer import plain_text
from ecfr_site.storage.private import private_storage
from tests.articles.importing.docx import build, footnote, image, p
from tests.articles.importing.test_manuscripts import FORMULA, draw
from tests.factories import ArticleFactory

NEWER = build(
    p("The veto", style="Title"),
    p("What it hides.", style="Subtitle"),
    p("A first paragraph, ", footnote(1), "mended."),
    notes=["See there."],
)


@pytest.fixture
def draft(contributor):
    return ArticleFactory(
        title="The desk’s own headline",
        body="<p>A first paragraph.</p>",
        created_by=contributor.user,
    )


@pytest.fixture
def compare(contributor, draft):
    """Send a manuscript; the page of the comparison."""

    def compare(data=NEWER, name="v2.docx", article=draft):
        return contributor.post(
            f"/admin/articles/article/{article.pk}/manuscript/",
            {"manuscript": SimpleUploadedFile(name, data), "changes": "accept"},
        )

    return compare


@pytest.fixture
def decide(contributor, draft):
    """Press a button of that page."""

    def decide(page, *parts, **buttons):
        [upload] = re.findall(r'name="upload" value="([^"]+)"', page.text)
        return contributor.post(
            f"/admin/articles/article/{draft.pk}/manuscript/",
            {"upload": upload, "parts": parts, **buttons},
            follow=True,
        )

    return decide


def list_kept():
    storage = private_storage()
    return storage.listdir(merging.FOLDER)[1] if storage.exists(merging.FOLDER) else []


def test_the_comparison_writes_nothing(compare, draft):
    page = compare()
    assert "<ins>mended" in page.text
    assert "What it hides." in plain_text(page.text)
    before = draft.body
    draft.refresh_from_db()
    assert draft.body == before
    assert not Version.objects.get_for_object(draft)


def test_only_the_chosen_parts_are_taken_over(compare, decide, draft):
    page = decide(compare(), "body", "standfirst")
    assert "The draft has been updated from the manuscript." in page.text
    draft.refresh_from_db()
    assert draft.title == "The desk’s own headline"
    assert draft.standfirst == "What it hides."
    assert 'class="footnote">See there.' in draft.body


def test_what_the_draft_said_is_in_its_history(compare, decide, draft):
    decide(compare(), "body")
    after, before = Version.objects.get_for_object(draft)
    assert "A first paragraph.<" in before.field_dict["body"]
    assert "mended" in after.field_dict["body"]
    assert "text" in after.revision.comment


def test_leaving_it_changes_nothing_and_forgets_the_file(compare, decide, draft):
    page = compare()
    assert list_kept()
    decide(page, "body", leave="1")
    draft.refresh_from_db()
    assert draft.body == "<p>A first paragraph.</p>"
    assert not list_kept()


def test_a_change_in_the_meantime_is_shown_first(compare, decide, draft):
    page = compare()
    draft.body = "<p>A colleague’s paragraph.</p>"
    draft.save()
    again = decide(page, "body")
    assert "changed the draft in the meantime" in again.text
    assert "colleague" in again.text
    draft.refresh_from_db()
    assert "colleague" in draft.body
    decide(again, "body")
    draft.refresh_from_db()
    assert "mended" in draft.body


def test_a_headline_changed_by_a_colleague_stays_if_the_text_alone_is_taken(
    compare, decide, draft
):
    page = compare()
    draft.slug = "another-address"
    draft.save()
    decide(page, "body")
    draft.refresh_from_db()
    assert draft.slug == "another-address"
    assert "mended" in draft.body


def test_nothing_chosen_is_told(compare, decide, draft):
    page = decide(compare())
    assert "Choose at least one" in page.text
    decide(page, "body")
    draft.refresh_from_db()
    assert "mended" in draft.body


def test_images_that_the_draft_shows_are_not_stored_again(compare, decide, draft):
    shown = build(p("Look: ", image(alt="A table")), files={"media/a.png": draw()})
    first = compare(shown)
    assert "data:image/jpeg" in first.text
    assert not Image.objects.exists()
    decide(first, "body")
    [kept] = Image.objects.all()
    newer = build(p("See: ", image(alt="A table")), files={"media/a.png": draw()})
    decide(compare(newer), "body")
    draft.refresh_from_db()
    assert list(Image.objects.all()) == [kept]
    assert kept.file.url in draft.body


def test_what_is_lost_is_told_before_and_after(compare, decide):
    page = compare(build(p(FORMULA, "More.")))
    assert "1 formula" in page.text
    assert "1 formula" in decide(page, "body").text


def test_the_same_text_is_said_to_be_the_same(compare, draft):
    draft.title, draft.standfirst = "v2", ""
    draft.save()
    page = compare(build(p("A first paragraph.")))
    assert "does not differ from the draft" in page.text


def test_a_file_that_cannot_be_read_is_refused_at_the_field(compare):
    assert "This is not a manuscript" in compare(b"no").text
    assert not list_kept()


def test_a_sign_off_no_longer_counts(publisher, draft):
    draft.state = State.IN_REVIEW
    draft.save()
    draft.approve(by=publisher.user)
    page = publisher.post(
        f"/admin/articles/article/{draft.pk}/manuscript/",
        {"manuscript": SimpleUploadedFile("v2.docx", NEWER), "changes": "accept"},
    )
    [upload] = re.findall(r'name="upload" value="([^"]+)"', page.text)
    publisher.post(
        f"/admin/articles/article/{draft.pk}/manuscript/",
        {"upload": upload, "parts": ["body"]},
    )
    draft.refresh_from_db()
    assert draft.state == State.IN_REVIEW


def test_a_live_page_is_changed_by_its_working_copy_alone(publisher):
    live = ArticleFactory(published=True)
    page = publisher.get(f"/admin/articles/article/{live.pk}/manuscript/")
    assert "Begin one" in page.text
    assert 'type="file"' not in page.text


def test_another_drafts_upload_is_not_taken(contributor, compare, draft):
    other = ArticleFactory(created_by=contributor.user)
    [upload] = re.findall(r'name="upload" value="([^"]+)"', compare().text)
    page = contributor.post(
        f"/admin/articles/article/{other.pk}/manuscript/",
        {"upload": upload, "parts": ["body"]},
        follow=True,
    )
    assert "Choose the file again" in page.text
    other.refresh_from_db()
    assert "mended" not in other.body


def test_a_manuscript_nobody_decided_on_is_removed_after_a_day(compare, monkeypatch):
    assert "deleted after a day" in compare().text
    [name] = private_storage().listdir(merging.FOLDER)[1]
    enqueue_due()
    assert private_storage().exists(f"{merging.FOLDER}/{name}")
    monkeypatch.setattr(merging, "KEPT", timedelta(0))
    enqueue_due()
    assert not private_storage().exists(f"{merging.FOLDER}/{name}")
