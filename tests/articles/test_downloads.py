"""Attachments are for those who may read what they belong to; nobody else gets them."""

from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from articles.models import Article
from ecfr_site.images.models import Image
from ecfr_site.storage.private import private_storage
from tests.conftest import signed_in
from tests.factories import (
    ArticleFactory,
    AttachmentFactory,
    ImageFactory,
    UserFactory,
    jpeg,
)

pytestmark = pytest.mark.django_db

CONTENT = b"%PDF-1.7\n%%EOF\n"


def address_of(article):
    return AttachmentFactory(article=article).file.url


def body(response):
    return b"".join(response.streaming_content)


def test_readers_get_the_files_of_published_articles(reader, django_assert_num_queries):
    address = address_of(ArticleFactory(published=True))

    # The second is for scheduled changes, which come due with any request.
    with django_assert_num_queries(2):
        response = reader.get(address)

    assert address.startswith("/files/")
    assert body(response) == CONTENT
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"].startswith('inline; filename="report')
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "public, no-cache"
    assert not response.cookies
    assert "Cookie" not in response.get("Vary", "")


def test_a_file_that_the_reader_has_is_not_sent_again(reader):
    address = address_of(ArticleFactory(published=True))
    first = reader.get(address)
    body(first)

    for name, value in (
        ("If-None-Match", first["ETag"]),
        ("If-Modified-Since", first["Last-Modified"]),
    ):
        assert reader.get(address, headers={name: value}).status_code == 304


def ended():
    hour = timedelta(hours=1)
    now = timezone.now()
    return ArticleFactory(published=True, published_at=now - 2 * hour, ends_at=now)


def working_copy():
    live = ArticleFactory(published=True)
    return live.start_working_copy(by=UserFactory(editor=True))


@pytest.fixture(
    params=["draft", "in_review", "scheduled", "withdrawn", "ended", "copy"]
)
def hidden(request):
    if request.param == "ended":
        return ended()
    if request.param == "copy":
        return working_copy()
    return ArticleFactory(**{request.param: True})


@pytest.mark.parametrize(
    "role", [None, "contributor", "manager", "newsletter_editor", "no group"]
)
def test_nobody_else_gets_what_is_not_published(hidden, reader, role):
    address = address_of(hidden)
    if role == "no group":
        reader = signed_in(is_staff=True)
    elif role:
        reader = signed_in(**{role: True})

    assert reader.get(address).status_code == 404
    assert reader.head(address).status_code == 404
    old = address.replace("/files/", "/media/attachments/")
    assert reader.get(old).status_code == 404


def test_the_desk_gets_what_it_sees_and_nobody_keeps_it(hidden, editor):
    response = editor.get(address_of(hidden))

    assert body(response) == CONTENT
    assert response["Cache-Control"] == "private, no-store"


def test_contributors_get_the_files_of_their_own_drafts(contributor):
    own = ArticleFactory(draft=True, created_by=contributor.user)

    assert body(contributor.get(address_of(own))) == CONTENT


def test_own_drafts_too_are_closed_to_whom_the_desk_shows_no_articles():
    nobody = signed_in(is_staff=True)
    own = ArticleFactory(draft=True, created_by=nobody.user)

    assert nobody.get(address_of(own)).status_code == 404


def test_what_only_earlier_versions_have_is_for_editors(contributor, editor):
    own = ArticleFactory(draft=True, created_by=contributor.user)
    address = address_of(own)
    own.attachments.all().delete()

    assert body(editor.get(address)) == CONTENT
    assert contributor.get(address).status_code == 404


def test_a_former_colleague_without_access_to_the_desk_gets_nothing(editor):
    address = address_of(ArticleFactory(draft=True))
    editor.user.is_staff = False
    editor.user.save()

    assert editor.get(address).status_code == 404


def test_publication_opens_and_withdrawal_closes_a_file(publisher, reader):
    article = ArticleFactory(draft=True)
    address = address_of(article)
    assert reader.get(address).status_code == 404

    article.publish(by=publisher.user)
    assert reader.get(address).status_code == 200

    article.withdraw(by=publisher.user, reason="Wrong.")
    assert reader.get(address).status_code == 404


def test_what_a_working_copy_shares_with_the_live_page_stays_public(editor, reader):
    article = ArticleFactory(published=True)
    address = address_of(article)

    copy = article.start_working_copy(by=editor.user)

    assert copy.attachments.get().file.url == address
    assert reader.get(address).status_code == 200


def test_old_addresses_lead_to_the_new_ones(reader):
    address = address_of(ArticleFactory(published=True))

    response = reader.get(address.replace("/files/", "/media/attachments/"))

    assert response.status_code == 301
    assert response["Location"] == address


@pytest.mark.parametrize(
    "path",
    [
        "none.pdf",
        "",
        "../../db.sqlite3",
        "%2e%2e/%2e%2e/secret_key",
        "a%00.pdf",
        "2026/",
    ]
    + ["x" * 400 + ".pdf"],
)
def test_other_paths_lead_nowhere(reader, editor, path):
    AttachmentFactory()

    assert reader.get(f"/files/{path}").status_code == 404
    assert editor.get(f"/files/{path}").status_code == 404


def test_a_file_is_only_read(reader):
    address = address_of(ArticleFactory(published=True))
    old = address.replace("/files/", "/media/attachments/")

    assert reader.post(address).status_code == 405
    assert reader.post(old).status_code == 405


def test_a_file_that_is_lost_is_missing_and_no_error(reader):
    attachment = AttachmentFactory(article=ArticleFactory(published=True))
    private_storage().delete(attachment.file.name)

    assert reader.get(attachment.file.url).status_code == 404


def test_the_web_server_may_send_the_files(reader, settings):
    settings.PRIVATE_ACCEL = "/protected/"
    attachment = AttachmentFactory(article=ArticleFactory(published=True))
    hidden = AttachmentFactory(article=ArticleFactory(draft=True))

    response = reader.get(attachment.file.url)

    assert response["X-Accel-Redirect"] == f"/protected/{attachment.file.name}"
    assert response.content == b""
    assert "X-Accel-Redirect" not in reader.get(hidden.file.url)


def test_files_are_kept_out_of_the_media_folder(settings):
    attachment = AttachmentFactory()

    assert not default_storage.exists(attachment.file.name)
    assert (settings.PRIVATE_ROOT / attachment.file.name).exists()
    with pytest.raises(ValueError, match="no address"):
        private_storage().url(attachment.file.name)


def test_the_form_and_the_page_link_to_the_file(editor, reader):
    article = ArticleFactory(published=True)
    address = address_of(article)

    form = editor.get(f"/admin/articles/article/{article.pk}/change/")

    assert address in form.content.decode()
    assert address in reader.get(article.get_absolute_url()).content.decode()


# Images


def test_nobody_finds_a_picture_by_trying_names():
    first = ImageFactory(file__filename="summit.jpg", file__data=jpeg())
    second = ImageFactory(file__filename="summit.jpg", file__data=jpeg())

    names = {Image.objects.get(pk=image.pk).file.name for image in (first, second)}

    assert len(names) == 2
    for name in names:
        stem = name.rsplit("/", 1)[-1].removesuffix(".jpg")
        assert stem.startswith("summit-")
        assert len(stem.removeprefix("summit-")) == 16


def test_a_long_name_keeps_its_secret():
    image = ImageFactory(file__filename="a" * 120 + ".jpg", file__data=jpeg())

    stem = image.file.name.rsplit("/", 1)[-1].removesuffix(".jpg")
    assert len(stem.rsplit("-", 1)[-1]) == 16
    assert Article.objects.count() == 0
