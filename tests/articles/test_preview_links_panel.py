"""Editors give people without an account a link, see its use, and take it back."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import html

from articles.models import PreviewLink
from tests.factories import ArticleFactory

pytestmark = pytest.mark.django_db

BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"}


@pytest.fixture
def draft():
    return ArticleFactory(draft=True)


def page_of(article):
    return f"/admin/articles/article/{article.pk}/preview-links/"


def form_of(article):
    return f"/admin/articles/article/{article.pk}/change/"


def make(client, article, **fields):
    posted = {"link-recipient": "Ms Jonas", "link-days": "14"}
    posted |= {f"link-{name}": value for name, value in fields.items()}
    return client.post(page_of(article), posted, follow=True)


def links_on(response):
    return html.fromstring(response.content).xpath(
        "//*[@data-links]//li//input[@readonly]/@value"
    )


def test_an_editor_makes_a_link_which_opens_the_article(editor, reader, draft):
    response = make(editor, draft)

    [address] = links_on(response)
    link = PreviewLink.objects.get()
    assert address == f"http://127.0.0.1:8000{link.get_absolute_url()}"
    assert draft.title in reader.get(link.get_absolute_url()).content.decode()
    in_a_fortnight = timezone.now() + timedelta(days=14)
    assert abs(link.expires_at - in_a_fortnight) < timedelta(minutes=1)
    assert (link.created_by, link.version) == (editor.user, None)
    assert "no-store" in response["Cache-Control"]


def test_the_links_stand_beside_the_article_the_newest_first(editor, draft):
    make(editor, draft)
    make(editor, draft)

    response = editor.get(form_of(draft))

    first, second = PreviewLink.objects.order_by("-pk")
    assert [address.split("/")[-2] for address in links_on(response)] == [
        first.token,
        second.token,
    ]
    forms = html.fromstring(response.content).xpath("//*[@data-links]//form/@target")
    assert set(forms) == {"preview-links"}


def test_the_choices_are_kept(editor, draft):
    make(editor, draft, pinned="yes", days="90", embargoed_until="2026-05-04T09:00")

    link = PreviewLink.objects.get()
    assert link.version is not None
    assert link.embargoed_until.isoformat() == "2026-05-04T07:00:00+00:00"
    assert link.expires_at > timezone.now() + timedelta(days=89)


def test_a_scheduled_article_suggests_its_own_time(editor):
    article = ArticleFactory(scheduled=True)

    page = html.fromstring(editor.get(page_of(article)).content)

    moment = timezone.localtime(article.published_at)
    assert page.xpath("//*[@id='id_link-embargoed_until']/@value") == [
        f"{moment:%Y-%m-%dT%H:%M}"
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("recipient", " "),
        ("days", "0"),
        ("days", "91"),
        ("days", ""),
        ("embargoed_until", "soon"),
        # The clocks go forward: there is no such time.
        ("embargoed_until", "2027-03-28T02:30"),
    ],
)
def test_what_makes_no_sense_is_said(editor, draft, field, value):
    response = make(editor, draft, **{field: value})

    assert response.status_code == 200
    assert html.fromstring(response.content).xpath("//*[@class='errorlist']")
    assert not PreviewLink.objects.exists()


def test_changes_to_what_readers_have_get_links_at_its_own_page(editor):
    live = ArticleFactory(published=True)
    live.start_working_copy(by=editor.user)

    assert b"New link" in editor.get(page_of(live)).content
    assert links_on(make(editor, live))


def test_what_readers_have_needs_no_link(publisher):
    article = ArticleFactory(published=True)

    assert b"share its own address" in publisher.get(page_of(article)).content
    response = make(publisher, article)

    assert b"This page is public" in response.content
    assert not PreviewLink.objects.exists()


def test_a_revoked_link_is_over_and_the_list_says_so(editor, reader, draft):
    make(editor, draft)
    link = PreviewLink.objects.get()
    address = f"{page_of(draft)}{link.pk}/revoke/"
    assert editor.get(address).status_code == 405
    assert reader.get(link.get_absolute_url()).status_code == 200

    response = editor.post(address, follow=True)

    assert reader.get(link.get_absolute_url()).status_code == 404
    assert not links_on(response)
    assert b"Revoked" in response.content


def test_of_two_links_only_the_one_that_is_meant_is_revoked(editor, reader, draft):
    make(editor, draft, recipient="Ms Jonas")
    make(editor, draft, recipient="Mr Bo")
    kept, revoked = PreviewLink.objects.order_by("pk")

    editor.post(f"{page_of(draft)}{revoked.pk}/revoke/")

    assert reader.get(revoked.get_absolute_url()).status_code == 404
    assert reader.get(kept.get_absolute_url()).status_code == 200
    assert b"Ms Jonas" in editor.get(f"{page_of(draft)}{kept.pk}/").content


def test_an_expired_link_is_over_and_the_list_says_so(editor, draft):
    make(editor, draft)
    PreviewLink.objects.update(expires_at=timezone.now())

    response = editor.get(page_of(draft))

    assert not links_on(response)
    assert b"Expired" in response.content


def test_openings_are_counted_and_listed(editor, reader, draft):
    make(editor, draft)
    link = PreviewLink.objects.get()
    assert b"Not opened yet" in editor.get(form_of(draft)).content

    reader.get(link.get_absolute_url(), headers=BROWSER)
    reader.get(link.get_absolute_url(), headers=BROWSER)

    assert b"Opened 2 times" in editor.get(form_of(draft)).content
    listed = editor.get(f"{page_of(draft)}{link.pk}/").content.decode()
    assert listed.count("Firefox/140.0") == 2


def test_the_page_of_a_link_is_only_read(editor, draft):
    make(editor, draft)
    link = PreviewLink.objects.get()

    assert editor.post(f"{page_of(draft)}{link.pk}/").status_code == 405


def test_a_link_belongs_to_its_article(editor, draft):
    make(editor, draft)
    link = PreviewLink.objects.get()
    other = page_of(ArticleFactory(draft=True))

    assert not links_on(editor.get(other))
    assert editor.get(f"{other}{link.pk}/").status_code == 404
    assert editor.post(f"{other}{link.pk}/revoke/").status_code == 404
    link.refresh_from_db()
    assert link.is_good


@pytest.mark.parametrize("own", [True, False])
def test_contributors_neither_see_make_nor_revoke_links(
    contributor, editor, reader, own
):
    article = ArticleFactory(
        draft=True, created_by=contributor.user if own else editor.user
    )
    make(editor, article)
    link = PreviewLink.objects.get()
    refused = 403 if own else 404

    assert make(contributor, article).status_code == refused
    assert contributor.get(page_of(article)).status_code == refused
    address = f"{page_of(article)}{link.pk}/"
    assert contributor.get(address).status_code == refused
    assert contributor.post(f"{address}revoke/").status_code == refused
    assert link.token not in contributor.get(form_of(article)).content.decode()
    assert PreviewLink.objects.get().is_good


def test_who_makes_links_does_not_thereby_revoke_them(contributor, reader):
    contributor.user.user_permissions.add(
        Permission.objects.get(codename="add_previewlink")
    )
    own = ArticleFactory(draft=True, created_by=contributor.user)
    make(contributor, own)
    link = PreviewLink.objects.get()

    assert contributor.post(f"{page_of(own)}{link.pk}/revoke/").status_code == 403
    assert reader.get(link.get_absolute_url()).status_code == 200


def test_who_may_not_change_the_text_sees_no_links(editor):
    withdrawn = ArticleFactory(withdrawn=True)

    assert editor.get(page_of(withdrawn)).status_code == 403


def test_a_foreign_page_makes_none_in_an_editors_name(editor, draft):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(editor.user)

    assert make(strict, draft).status_code == 403
    assert not PreviewLink.objects.exists()


def test_queries_do_not_grow_with_links_or_openings(editor, reader, draft):
    def queries(address):
        with CaptureQueriesContext(connection) as captured:
            assert editor.get(address).status_code == 200
        return len(captured)

    make(editor, draft)
    addresses = [form_of(draft), page_of(draft)]
    before = [queries(address) for address in addresses]
    for _ in range(4):
        make(editor, draft)
    for link in PreviewLink.objects.all():
        reader.get(link.get_absolute_url(), headers=BROWSER)

    assert [queries(address) for address in addresses] == before
