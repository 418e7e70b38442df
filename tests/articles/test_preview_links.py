"""Preview links open one text, for one person, for a while, and tell nobody else."""

from datetime import UTC, datetime, timedelta

import pytest
import reversion
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from lxml import html

from articles.models import Article, PreviewLink, PreviewOpening
from articles.tasks import enqueue_due
from articles.workflow import NotAllowed
from ecfr_site.security import tokens
from tests.factories import (
    ArticleFactory,
    AttachmentFactory,
    AuthorFactory,
    CorrectionFactory,
    PositionFactory,
    ProgrammeFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def draft():
    return ArticleFactory(draft=True, title="First words", body="<p>First text.</p>")


@pytest.fixture
def make(editor):
    """A link that the editor makes; to an article, or what is given."""

    def make_link(article, **options):
        options.setdefault("recipient", "Ms Jonas")
        return PreviewLink.make(article, by=editor.user, **options)

    return make_link


def opened(reader, link, **headers):
    headers = {"User-Agent": BROWSER, **headers}
    return reader.get(link.get_absolute_url(), headers=headers)


def text(response):
    return response.content.decode()


# What it shows


@pytest.mark.parametrize("state", ["draft", "in_review", "scheduled"])
def test_it_shows_the_page_before_readers_have_it(reader, make, state):
    article = ArticleFactory(**{state: True}, title="Soon")

    response = opened(reader, make(article))

    assert response.status_code == 200
    assert response.templates[0].name == "articles/article.html"
    assert "Soon" in text(response)
    assert "Preview for Ms Jonas. Please do not pass it on." in text(response)
    assert reader.get(article.get_absolute_url()).status_code == 404


def test_it_follows_the_draft(reader, make, draft):
    link = make(draft)
    draft.title = "Second words"
    draft.save()

    assert "Second words" in text(opened(reader, link))


def test_a_pinned_link_keeps_to_its_text(reader, make, draft):
    author = AuthorFactory(name="Ada Verne")
    PositionFactory(author=author, title="Fellow")
    draft.bylines.create(author=author)
    draft.topics.set([TopicFactory(name="Trade winds")])
    draft.programmes.set([ProgrammeFactory(name="High seas")])
    CorrectionFactory(article=draft, text="It was Tuesday.")
    attachment = AttachmentFactory(article=draft, title="The annex")
    following = text(opened(reader, make(draft))).replace("follows", "")
    link = make(draft, pinned=True)

    first = text(opened(reader, link))
    draft.title, draft.body = "Second words", "<p>Second text.</p>"
    draft.save()
    draft.bylines.all().delete()
    draft.topics.clear()
    draft.programmes.clear()
    draft.corrections.all().delete()
    draft.attachments.all().delete()
    later = text(opened(reader, link))

    assert later == first
    for part in ("First words", "First text.", "Ada Verne", "Fellow", "Trade winds"):
        assert part in first
    for part in ("High seas", "It was Tuesday.", "The annex"):
        assert part in first
    assert "Second" not in later
    file = f"{link.get_absolute_url()}files/{attachment.file.path_below}"
    assert file in first
    assert reader.get(file).status_code == 200
    # The same page as that of a link that follows, but for the address of the file.
    token = html.fromstring(following).xpath("//a[contains(@href, '/files/')]/@href")
    assert following.replace(token[0], file) == first


def test_what_is_gone_meanwhile_does_not_break_a_pinned_link(reader, make, draft):
    topic, author = TopicFactory(), AuthorFactory(name="Ada Verne")
    draft.topics.set([topic])
    draft.bylines.create(author=author)
    link = make(draft, pinned=True)
    draft.bylines.all().delete()
    topic.delete()
    author.delete()

    assert "First text." in text(opened(reader, link))


def test_pinning_keeps_one_version_of_one_text(make, draft):
    first, second = make(draft, pinned=True), make(draft, pinned=True)
    draft.title = "Second words"
    draft.save()
    third = make(draft, pinned=True)

    assert first.version == second.version
    assert third.version != first.version
    assert reversion.models.Version.objects.get_for_object(draft).count() == 2


def test_it_shows_a_working_copy_and_readers_go_on_seeing_the_page(
    reader, make, editor
):
    live = ArticleFactory(published=True, title="Live words")
    copy = live.start_working_copy(by=editor.user)
    copy.title = "Changed words"
    copy.save()
    links = [make(live), make(copy), make(live, pinned=True)]

    for link in links:
        assert link.article == live
        assert "Changed words" in text(opened(reader, link))
    assert "Live words" in text(reader.get(live.get_absolute_url()))


def test_images_and_attachments_load(reader, make):
    article = ArticleFactory(draft=True, with_image=True)
    AttachmentFactory(article=article)

    page = html.fromstring(text(opened(reader, make(article))))

    pictures = page.xpath("//figure//img/@src")
    files = page.xpath("//a[contains(@href, '/files/')]/@href")
    assert len(pictures) == len(files) == 1
    response = reader.get(files[0])
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store, private"
    assert reader.get(pictures[0]).status_code == 200


def test_the_embargo_stands_above_in_the_institutes_time(reader, make, draft):
    nine = datetime(2026, 5, 4, 7, tzinfo=UTC)

    with_embargo = text(opened(reader, make(draft, embargoed_until=nine)))
    without = text(opened(reader, make(draft)))

    notice = html.fromstring(with_embargo).xpath("//*[@role='note']")[0]
    assert "Embargoed until 4 May 2026, 09:00 CEST" in notice.text_content()
    assert "Embargoed" not in without


def test_a_name_is_shown_as_text(reader, make, draft):
    assert "<b>Bo</b>" not in text(opened(reader, make(draft, recipient="<b>Bo</b>")))


# Who is kept out


def not_found(response):
    assert response.status_code == 404
    assert "Page not found" in text(response)
    assert response["Cache-Control"] == "no-store, private"
    return True


def test_all_that_is_wrong_looks_alike(reader, make, draft, editor):
    revoked, expired, deleted = make(draft), make(draft, days=1), None
    other = ArticleFactory(draft=True)
    deleted = make(other)
    addresses = {
        "forged": f"/preview/{'a' * tokens.LENGTH}/",
        "short": "/preview/abc/",
        "another purpose": "/preview/{}/".format(
            tokens.sign("unsubscribe", revoked.pk, revoked.bound_to)
        ),
        "revoked": revoked.get_absolute_url(),
        "deleted": deleted.get_absolute_url(),
    }
    revoked.revoke(by=editor.user)
    other.delete()

    pages = {text(r) for r in map(reader.get, addresses.values()) if not_found(r)}
    with time_machine.travel(timezone.now() + timedelta(days=1, seconds=1)):
        assert not_found(opened(reader, expired))

    assert len(pages) == 1


def test_the_token_of_one_article_opens_no_other(reader, make, draft):
    link, other = make(draft), ArticleFactory(draft=True)
    secret = AttachmentFactory(article=other)
    PreviewLink.objects.filter(pk=link.pk).update(article=other)

    assert not_found(reader.get(link.get_absolute_url()))

    mine = make(draft)
    below = f"{mine.get_absolute_url()}files/{secret.file.path_below}"
    assert not_found(reader.get(below))


def test_a_token_dies_with_its_row_even_if_the_number_comes_again(reader, make, draft):
    link = make(draft)
    address = link.get_absolute_url()
    fields = {
        "pk": link.pk,
        "article": draft,
        "recipient": "Somebody else",
        "expires_at": link.expires_at,
    }
    link.delete()
    PreviewLink.objects.create(**fields)

    assert not_found(reader.get(address))


def test_no_link_outlives_ninety_days(reader, make, draft):
    link = make(draft)
    PreviewLink.objects.update(expires_at=timezone.now() + timedelta(days=900))

    with time_machine.travel(timezone.now() + timedelta(days=91)):
        assert not_found(opened(reader, link))


def test_a_link_and_who_opened_it_are_forgotten_a_year_after_it_ended(
    reader, make, draft
):
    link = make(draft)
    opened(reader, link)

    with time_machine.travel(link.expires_at + timedelta(days=364)):
        enqueue_due()
        assert PreviewOpening.objects.exists()
    with time_machine.travel(link.expires_at + timedelta(days=366)):
        enqueue_due()
        assert not PreviewOpening.objects.exists()
        assert not PreviewLink.objects.exists()


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_forged_token_opens_anything(reader, make, draft, data):
    if not hasattr(draft, "link"):
        draft.link = make(draft)
    good = draft.link.token
    letters = st.sampled_from("abcdefghijklmnopqrstuvwxyz234567")
    place = st.integers(0, len(good) - 1)
    forged = data.draw(
        st.one_of(
            st.text(letters, min_size=tokens.LENGTH, max_size=tokens.LENGTH),
            st.builds(lambda i, c: good[:i] + c + good[i + 1 :], place, letters),
            st.builds(lambda i: good[:i], place),
            st.builds(lambda c: good + c, letters),
            st.text(st.characters(exclude_characters="/\0?#"), min_size=1),
        ).filter(lambda token: token != good)
    )

    with pytest.raises(PreviewLink.DoesNotExist):
        PreviewLink.objects.get_by_token(forged)


def test_capitals_open_nothing_more(reader, make, draft):
    link = make(draft)

    assert not_found(reader.get(f"/preview/{link.token}x/"))
    assert opened(reader, link).status_code == 200


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_nothing_can_be_sent_to_it(reader, make, draft, method):
    response = getattr(reader, method)(make(draft).get_absolute_url())

    assert response.status_code == 405


# Nobody else learns of it


def test_it_is_neither_indexed_nor_stored_nor_told(reader, make, draft):
    response = opened(reader, make(draft))

    page = html.fromstring(text(response))
    assert response["X-Robots-Tag"] == "noindex, nofollow, noarchive"
    assert response["Cache-Control"] == "no-store, private"
    assert response["Referrer-Policy"] == "no-referrer"
    assert "ETag" not in response
    assert not response.cookies
    assert page.xpath("//meta[@name='robots']/@content") == [
        "noindex, nofollow, noarchive"
    ]
    assert not page.xpath("//script[@type='application/ld+json']")
    assert not page.xpath("//form[@method='post']")
    assert "Disallow: /preview/\n" in text(reader.get("/robots.txt"))


def test_programs_that_show_links_show_nothing_of_the_text(reader, make):
    article = ArticleFactory(draft=True, standfirst="Hush", with_image=True)

    page = html.fromstring(text(opened(reader, make(article))))

    told = page.xpath("//meta[@property or @name]/@content")
    assert "Preview" in told
    assert not [part for part in told if article.title in part or "Hush" in part]
    assert not page.xpath("//meta[@property='og:image']")


def test_the_headers_stand_on_redirects_and_files_too(reader, make, publisher):
    article = ArticleFactory(draft=True)
    attachment = AttachmentFactory(article=article)
    link = make(article)
    below = f"{link.get_absolute_url()}files/{attachment.file.path_below}"
    for_draft = reader.get(below)
    article.publish(by=publisher.user)

    for response in (for_draft, reader.get(below), opened(reader, link)):
        assert response["X-Robots-Tag"] == "noindex, nofollow, noarchive"
        assert response["Cache-Control"] == "no-store, private"
        assert response["Referrer-Policy"] == "no-referrer"


# Once published


@pytest.mark.parametrize("pinned", [False, True])
def test_once_published_it_leads_to_the_page(reader, make, publisher, draft, pinned):
    link = make(draft, pinned=pinned)
    attachment = AttachmentFactory(article=draft)
    draft.publish(by=publisher.user)

    response = opened(reader, link)
    file = reader.get(f"{link.get_absolute_url()}files/{attachment.file.path_below}")

    assert response.status_code == 302
    assert response["Location"] == draft.get_absolute_url()
    assert file["Location"] == attachment.file.url
    assert not PreviewOpening.objects.exists()


def test_at_the_minute_of_a_scheduled_article(reader, make):
    article = ArticleFactory(scheduled=True)
    link = make(article)
    assert opened(reader, link).status_code == 200

    with time_machine.travel(article.published_at + timedelta(seconds=1)):
        assert opened(reader, link)["Location"] == article.get_absolute_url()


def test_a_link_from_before_publication_shows_no_later_changes(
    reader, make, publisher, draft
):
    links = [make(draft), make(draft, pinned=True)]
    draft.publish(by=publisher.user)
    copy = draft.start_working_copy(by=publisher.user)
    copy.title = "Changed words"
    copy.save()

    for link in links:
        assert opened(reader, link).status_code == 302


@pytest.mark.parametrize("pinned", [False, True])
def test_a_link_to_changes_ends_with_them(reader, make, publisher, pinned):
    live = ArticleFactory(published=True)
    copy = live.start_working_copy(by=publisher.user)
    link = make(copy, pinned=pinned)
    assert opened(reader, link).status_code == 200
    copy.publish(by=publisher.user)
    assert opened(reader, link)["Location"] == live.get_absolute_url()

    live.refresh_from_db()
    live.start_working_copy(by=publisher.user)

    assert opened(reader, link)["Location"] == live.get_absolute_url()


def test_discarded_changes_are_shown_to_nobody(reader, make, editor):
    live = ArticleFactory(published=True)
    copy = live.start_working_copy(by=editor.user)
    following, pinned = make(copy), make(copy, pinned=True)

    copy.discard(by=editor.user)

    assert opened(reader, following).status_code == 302
    assert not_found(opened(reader, pinned))


def test_what_was_withdrawn_is_not_shown_by_old_links(reader, make, publisher, draft):
    links = [make(draft), make(draft, pinned=True)]
    draft.publish(by=publisher.user)
    draft.withdraw(by=publisher.user, reason="Wrong.")

    for link in links:
        response = reader.get(link.get_absolute_url(), follow=True)
        assert response.status_code == 410


@pytest.mark.parametrize("state", ["published", "withdrawn"])
def test_there_is_no_link_to_what_readers_have(make, publisher, state):
    with pytest.raises(NotAllowed, match="This page is public"):
        PreviewLink.make(
            ArticleFactory(**{state: True}), by=publisher.user, recipient="Bo"
        )


# Openings


def test_each_opening_is_noted(reader, make, draft):
    link = make(draft)
    opened(reader, link)
    opened(reader, link, **{"User-Agent": BROWSER + "x" * 300})

    latest, first = link.openings.all()
    assert first.user_agent == BROWSER
    assert len(latest.user_agent) == 200
    assert first.at <= latest.at
    names = {field.name for field in PreviewOpening._meta.get_fields()}
    assert names == {"id", "link", "at", "user_agent"}


@pytest.mark.parametrize(
    "headers",
    [
        {"User-Agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"},
        {
            "User-Agent": "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discord.com)"
        },
        {"User-Agent": "facebookexternalhit/1.1"},
        {"User-Agent": "WhatsApp/2.23.20.0"},
        {"User-Agent": "TelegramBot (like TwitterBot)"},
        {"User-Agent": "Mozilla/5.0 (Windows NT 10.0) SkypeUriPreview Preview/0.5"},
        {"User-Agent": "curl/8.5.0"},
        {"User-Agent": ""},
        {"Sec-Purpose": "prefetch"},
        {"Sec-Fetch-Dest": "image"},
    ],
)
def test_programs_do_not_count_as_openings(reader, make, draft, headers):
    link = make(draft)

    assert opened(reader, link, **headers).status_code == 200
    assert not link.openings.exists()


def test_asking_for_the_head_does_not_count(reader, make, draft):
    link = make(draft)

    reader.head(link.get_absolute_url(), headers={"User-Agent": BROWSER})

    assert not link.openings.exists()


def test_browsers_say_that_they_want_a_page(reader, make, draft):
    link = make(draft)

    opened(reader, link, **{"Sec-Fetch-Dest": "document"})

    assert link.openings.count() == 1


# Who may make and revoke, and the log


def test_contributors_make_none_even_of_their_own(contributor):
    own = ArticleFactory(draft=True, created_by=contributor.user)

    with pytest.raises(NotAllowed):
        PreviewLink.make(own, by=contributor.user, recipient="Bo")
    assert not PreviewLink.objects.exists()


def test_who_may_not_change_the_text_makes_none(contributor, draft):
    may_make = Permission.objects.get(codename="add_previewlink")
    contributor.user.user_permissions.add(may_make)

    with pytest.raises(NotAllowed, match="may not change"):
        PreviewLink.make(draft, by=contributor.user, recipient="Bo")


def test_contributors_revoke_none(contributor, make, draft, reader):
    link = make(draft)

    with pytest.raises(NotAllowed):
        link.revoke(by=contributor.user)
    assert opened(reader, link).status_code == 200


def test_making_and_revoking_is_logged_once_on_the_article(make, editor):
    live = ArticleFactory(published=True)
    link = make(live.start_working_copy(by=editor.user), recipient="Bo")
    link.revoke(by=editor.user)
    link.revoke(by=editor.user)

    made, revoked = LogEntry.objects.order_by("pk")
    assert made.object_id == revoked.object_id == str(live.pk)
    assert made.user == revoked.user == editor.user
    assert "made for Bo, good for 14 days" in made.change_message
    assert revoked.change_message == "Preview link of Bo revoked."


# How much it costs


@pytest.mark.parametrize("pinned", [False, True])
def test_queries_do_not_grow_with_the_article_or_its_links(reader, make, draft, pinned):
    def queries():
        link = make(draft, pinned=pinned)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert opened(reader, link).status_code == 200
        return len(captured)

    def fill():
        draft.bylines.create(author=PositionFactory().author)
        draft.topics.add(TopicFactory())
        draft.programmes.add(ProgrammeFactory())
        CorrectionFactory(article=draft)
        AttachmentFactory(article=draft)

    fill()
    before = queries()
    for _ in range(3):
        fill()
        opened(reader, make(draft))

    assert queries() == before
    assert Article.objects.count() == 1
