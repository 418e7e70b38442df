"""An archive comes over: people, terms, pieces, dates, links and addresses."""

from datetime import UTC, datetime, timedelta
from io import BytesIO
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from articles.importing.pipeline import receive
from articles.models import Article, Attachment, Topic, WatchedArticle
from articles.workflow import State as ArticleState
from authors.models import Author
from ecfr_site.api.webhooks.events import list_events
from ecfr_site.api.webhooks.models import WebhookEndpoint
from ecfr_site.images.models import Image
from newsletter.alerts.runs import find_candidates
from tests.articles.importing.archives import (
    State,
    dump,
    finish,
    get_losses,
    look,
    move_in,
    outcomes,
    pack,
    work,
)
from tests.articles.importing.wxr import author, category, export, item, term
from tests.factories import AuthorFactory, jpeg

pytestmark = pytest.mark.django_db

POST = (author(), category("asia", "Asia"))
FILE = "https://old.example/wp-content/uploads/2019/03/table.jpg"


def photo(number=7, **fields):
    fields = {"file": FILE, "slug": "table", **fields}
    link = f"https://old.example/table-{number}/"
    meta = [("_wp_attachment_image_alt", "A round table.")]
    return item(number, "Table", "", type="attachment", link=link, meta=meta, **fields)


def images():
    return pack(**{"uploads/2019/03/table.jpg": jpeg()})


def test_a_post_becomes_an_article():
    move_in(*POST, item(terms=[("category", "asia")], excerpt="In <b>short</b>."))
    article = Article.objects.published().get()
    assert (article.title, article.slug, article.kind_id) == (
        "A piece",
        "a-piece",
        "commentary",
    )
    assert (article.body, article.standfirst) == ("<p>Words.</p>", "In short.")
    assert article.byline == "Ada Verne"
    assert [topic.name for topic in article.topics.all()] == ["Asia"]


def test_authors_stand_in_their_order():
    terms = [("author", "cap-ben"), ("author", "cap-ada")]
    move_in(author(), author("ben", "Ben Osei"), item(terms=terms))
    assert Article.objects.get().byline == "Ben Osei and Ada Verne"


def test_an_author_can_be_joined_to_one_who_is_there():
    here = AuthorFactory(name="Ada Verne")
    found = move_in(*POST, item())
    assert Article.objects.get().authors.get() == here
    assert outcomes(found, "person") == {"author-ada": "unchanged"}


def test_addresses_of_accounts_are_not_published():
    found = move_in(*POST)
    assert Author.objects.get().email == ""
    assert "e-mail address" in get_losses(found, "person", "author-ada")[0]


def test_terms_become_what_the_mapping_says():
    found = move_in(
        author(),
        category("asia", "Asia"),
        category("brief", "Briefs"),
        term("series", "x", "X"),
        item(terms=[("category", "asia"), ("category", "brief"), ("series", "x")]),
        terms={"category-asia": "region", "category-brief": "kind:policy-brief"},
    )
    article = Article.objects.get()
    assert article.topics.get() == Topic.objects.get(kind="region", name="Asia")
    assert article.kind_id == "policy-brief"
    assert get_losses(found) == ["series “X”, which was left out"]


def test_a_term_stands_under_the_one_above_it():
    move_in(category("asia", "Asia"), category("japan", "Japan", "asia"))
    assert Topic.objects.get(name="Japan").parent.name == "Asia"


def test_types_that_are_not_mapped_are_left_out_and_said():
    found = move_in(*POST, item(type="page"), item(2, slug="two"))
    row = found.items.get(kind="piece", source_id="1")
    assert (row.outcome, "“page”" in row.reason) == ("skipped", True)
    assert Article.objects.get().slug == "two"


# States and times


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"status": "draft"}, ""),
        ({"status": "pending"}, ""),
        ({"status": "private"}, "It was private, so it is a draft here."),
        ({"password": "x"}, "It had a password, so it is a draft here."),
        (
            {"status": "future", "date": "2090-01-02 10:00:00"},
            "It was scheduled for 2 January 2090, 11:00, so it is a draft here.",
        ),
        (
            {"date": "2090-01-02 10:00:00"},
            "It was scheduled for 2 January 2090, 11:00, so it is a draft here.",
        ),
    ],
)
def test_nothing_is_published_that_was_not(fields, told, settings):
    settings.TIME_ZONE = "Europe/Berlin"
    found = move_in(*POST, item(**fields))
    assert Article.objects.get().state == ArticleState.DRAFT
    assert get_losses(found) == ([told] if told else [])
    assert not Article.objects.scheduled().exists()


def test_the_trash_stays_there():
    found = move_in(*POST, item(status="trash"))
    assert outcomes(found) == {"1": "skipped"}


def test_dates_are_those_of_the_old_site():
    move_in(*POST, item(date="2019-03-04 11:30:00", date_gmt="2019-03-04 10:30:00"))
    article = Article.objects.get()
    moment = datetime(2019, 3, 4, 10, 30, tzinfo=UTC)
    assert (article.published_at, article.changed) == (moment, moment)


def test_nobody_is_told_of_pieces_that_came_over():
    WebhookEndpoint.objects.create(url="https://a.example/", events=[*list_events()])
    before = timezone.now() - timedelta(minutes=1)
    move_in(*POST, item())
    now = timezone.now() + timedelta(minutes=1)
    assert not Article.objects.changed_for_readers(before, now).exists()
    new = WatchedArticle.objects.unknown_among(Article.objects.published())
    assert not new.exists()


def test_alerts_pass_over_what_was_published_elsewhere():
    yesterday = f"{timezone.now() - timedelta(days=1):%Y-%m-%d %H:%M:%S}"
    move_in(*POST, item(date=yesterday))
    move_in(*POST, item(2, status="draft", slug="two"))
    two = Article.objects.get(slug="two")
    two.state, two.published_at = ArticleState.PUBLISHED, timezone.now()
    two.save()
    assert list(find_candidates(timezone.now())) == [two.pk]


def test_a_sticky_post_is_featured_as_of_its_day():
    move_in(*POST, item(sticky=1))
    article = Article.objects.get()
    assert article.featured_at == article.published_at


def test_titles_for_search_engines_come_along():
    meta = [("_yoast_wpseo_title", "Short %%sep%%"), ("_yoast_wpseo_metadesc", "D.")]
    move_in(*POST, item(meta=meta))
    article = Article.objects.get()
    assert (article.seo_title, article.seo_description) == ("Short", "D.")


# Images


def test_images_are_found_in_the_archive_of_files():
    small = FILE.replace(".jpg", "-300x200.jpg")
    text = f'<p><img src="{small}"></p>'
    thumbnail = [("_thumbnail_id", "7")]
    move_in(*POST, item(text=text, meta=thumbnail), photo(), media=images())
    article, image = Article.objects.get(), Image.objects.get()
    assert (article.image, article.image_alt) == (image, "A round table.")
    assert list(article.body_images.all()) == [image]
    assert 'alt="A round table."' in article.body


def test_a_gallery_that_names_no_images_shows_those_of_its_post():
    other = photo(9, file=FILE.replace("table", "other"))
    parts = (item(text="[gallery]"), photo(parent=1), other)
    move_in(*POST, *parts, media=images())
    assert list(Article.objects.get().body_images.all()) == [Image.objects.get()]


def test_what_loses_its_form_is_named():
    text = "<pre>a</pre><details><summary>b</summary>c</details>"
    found = move_in(*POST, item(text=text, title=""))
    assert get_losses(found) == [
        "preformatted text, now in paragraphs",
        "collapsible text, now always open",
        "It had no title.",
    ]


@pytest.mark.parametrize("name", ["2019/03/ü.jpg", "2019/03/u\u0308.jpg"])
def test_names_in_an_archive_are_read_whoever_packed_it(name):
    """Programs on a server write UTF-8 without saying so, those of Apple in parts."""
    packed = pack(**{name: jpeg()}).getvalue()
    # Bit 11 of the flags, in front of the file and in the directory at the end.
    plain = packed.replace(b"PK\3\4\x14\0\0\x08", b"PK\3\4\x14\0\0\0")
    plain = plain.replace(b"PK\1\2\x14\3\x14\0\0\x08", b"PK\1\2\x14\3\x14\0\0\0")
    assert plain != packed
    for content in (packed, plain):
        file = FILE.replace("table", "ü")
        found = move_in(*POST, photo(file=file), media=BytesIO(content))
        assert outcomes(found, "media") == {"7": "created"}
        work(found, State.UNDOING)


def test_a_pdf_is_attached_to_the_piece_that_links_to_it(client):
    report = "https://old.example/wp-content/uploads/2019/03/report.pdf"
    parts = (
        *POST,
        item(text=f'<a href="{report}">Report</a>'),
        item(2, slug="two", text=f'<a href="{report}">Report</a>'),
        item(8, "The report", "", type="attachment", file=report, slug="report"),
    )
    media = pack(**{"2019/03/report.pdf": b"%PDF-1.7 report"})
    found = move_in(*parts, media=media)
    attachment = Attachment.objects.get()
    assert (attachment.article.slug, attachment.title) == ("a-piece", "The report")
    bodies = Article.objects.values_list("body", flat=True)
    assert all(f'href="{attachment.file.url}"' in body for body in bodies)
    assert client.get(urlsplit(report).path)["Location"] == attachment.file.url
    assert get_losses(found) == []
    media.seek(0)
    assert set(outcomes(move_in(*parts, media=media)).values()) == {"unchanged"}


def test_an_image_that_did_not_come_over_is_named():
    found = move_in(*POST, item(text=f'<img src="{FILE}">Words.'), photo())
    assert "<img" not in Article.objects.get().body
    assert get_losses(found) == [f"image that was not imported ({FILE})"]
    assert found.items.get(kind="media").outcome == "skipped"


def test_a_damaged_image_costs_the_others_nothing():
    damaged = pack(**{"2019/03/table.jpg": b"\xff\xd8 no image"})
    found = move_in(*POST, item(), photo(), media=damaged)
    assert outcomes(found, "media") == {"7": "failed"}
    assert outcomes(found) == {"1": "created"}


# Links and old addresses


def test_links_lead_to_the_new_addresses():
    move_in(
        *POST,
        item(text='<a href="https://old.example/?p=2#part">a</a> <a href="/b/">b</a>'),
        item(2, slug="two"),
    )
    body = Article.objects.get(slug="a-piece").body
    assert 'href="/article/two/#part"' in body
    assert 'href="/b/"' in body


def test_a_link_that_shows_its_old_address_shows_the_title():
    old = "https://old.example/?p=2"
    link = f'<a href="{old}">{old}</a> and <a href="{old}">Two</a>'
    draft = link.replace("=2", "=3")
    move_in(
        *(*POST, item(text=f"{link}, {draft}"), item(2, "Gas & oil", slug="two")),
        item(3, "Secret", slug="three", status="draft"),
    )
    body = Article.objects.get(slug="a-piece").body
    assert 'href="/article/two/">Gas &amp; oil</a>' in body
    assert 'href="/article/two/">Two</a>' in body
    assert "Secret" not in body


def test_a_link_to_the_old_home_page_leads_to_ours():
    found = move_in(*POST, item(text='<a href="https://old.example">a</a>'))
    assert 'href="/"' in Article.objects.get().body
    assert not get_losses(found)


def test_links_to_lists_lead_to_ours_and_searches_are_redirected():
    old = "https://old.example"
    text = f'<a href="{old}/2019/03/">a</a> <a href="{old}/?s=gas">b</a>'
    found = move_in(*POST, item(text=text))
    body = Article.objects.get().body
    assert 'href="/publications/?year=2019"' in body
    assert 'href="/?s=gas"' in body
    assert not get_losses(found)


def test_links_that_lead_nowhere_are_named():
    found = move_in(*POST, item(text='<a href="https://old.example/gone/">a</a>'))
    assert get_losses(found) == ["link to https://old.example/gone/, which is not here"]


def test_the_database_plans_by_what_came_over():
    move_in(*POST, item())
    query = {
        "sqlite": "SELECT 1 FROM sqlite_stat1 WHERE tbl = 'articles_article'",
        "postgresql": "SELECT 1 FROM pg_class"
        " WHERE relname = 'articles_article' AND reltuples = 1",
    }
    with connection.cursor() as cursor:
        cursor.execute(query[connection.vendor])
        assert cursor.fetchone()


@pytest.mark.parametrize("first", [None, State.TRYING, State.IMPORTING])
def test_translations_are_joined(first):
    """Also after the same file was tried apart, or imported twice and undone."""

    def post(number, language, slug):
        terms = [("language", language), ("post_translations", "pll_1")]
        return item(number, slug=slug, terms=terms)

    parts = (*POST, post(1, "en", "one"), post(2, "de", "eins"))
    before = [move_in(*parts, state=first) for _ in range(2) if first]
    if first == State.IMPORTING:
        for found in reversed(before):
            work(found, State.UNDOING)
    move_in(*parts)
    german = Article.objects.get(slug="eins")
    assert (german.language, german.translation_of.slug) == ("de", "one")


# Twice


def test_a_second_import_changes_nothing():
    parts = (*POST, item(text='<a href="https://old.example/?p=2">a</a>'), item(2))
    move_in(*parts)
    before = dump()
    found = move_in(*parts)
    assert dump() == before
    assert set(outcomes(found).values()) == {"unchanged"}


def test_what_changed_in_the_source_is_updated():
    move_in(*POST, item())
    move_in(*POST, item(title="Another title", slug="other"))
    article = Article.objects.get()
    assert (article.title, article.slug) == ("Another title", "a-piece")


def test_what_an_editor_changed_is_left_alone_and_said():
    move_in(*POST, item())
    article = Article.objects.get()
    article.title = "Ours"
    article.save()
    found = move_in(*POST, item(title="Theirs"))
    assert Article.objects.get().title == "Ours"
    row = found.items.get(kind="piece")
    assert (row.outcome, "changed here" in row.reason) == ("skipped", True)


def test_what_an_editor_deleted_stays_deleted():
    move_in(*POST, item(status="draft"))
    Article.objects.all().delete()
    found = move_in(*POST, item(status="draft"))
    assert outcomes(found) == {"1": "skipped"}
    assert not Article.objects.exists()


# A trial, and what it costs


def test_a_trial_tells_the_same_and_stores_nothing():
    parts = (
        *POST,
        item(
            text=f'<img src="{FILE}"><a href="https://old.example/no/">a</a>[odd x=1]'
        ),
        item(2, slug="two", terms=[("category", "none")]),
        photo(),
    )

    def report(found):
        rows = found.items.order_by("kind", "source_id")
        return list(rows.values_list("kind", "source_id", "outcome", "losses"))

    before = dump()
    tried = move_in(*parts, media=images(), state=State.TRYING)
    assert dump() == before
    assert tried.state == State.TRIED
    told = report(tried)
    assert told == report(work(tried, State.IMPORTING))


def capture_import(number):
    """The queries of an import of so many posts, which is taken back then."""
    posts = [item(n, slug=f"post-{n}") for n in range(1, number + 1)]
    found = look(*POST, *posts)
    found.begin(State.IMPORTING)
    with CaptureQueriesContext(connection) as queries:
        finish(found)
    work(found, State.UNDOING)
    return [query["sql"] for query in queries]


def test_a_piece_costs_few_queries_whatever_came_before():
    assert len(capture_import(30)) - len(capture_import(10)) < 20 * 9


# Bad input


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"<rss><channel/></rss>"])
def test_a_file_of_another_kind_is_refused(content):
    found = receive(BytesIO(content), "x.xml", None, "wordpress")
    finish(found)
    assert (found.state, bool(found.trouble)) == (State.REFUSED, True)
    assert not found.begin(State.IMPORTING)


def test_an_item_that_cannot_be_saved_costs_the_others_nothing():
    found = move_in(*POST, item(text="x" * 1_100_000), item(2, slug="two"))
    assert outcomes(found) == {"1": "failed", "2": "created"}


def test_a_broken_end_is_named():
    file = BytesIO(export(*POST, item()).read().partition(b"</item>")[0])
    found = receive(file, "old.xml", None, "wordpress")
    finish(found)
    work(found, State.IMPORTING)
    [row] = found.items.filter(kind="unreadable")
    assert (row.outcome, "The file is incomplete" in row.reason) == ("failed", True)
