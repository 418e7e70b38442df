"""Readers find editions on the site once sending has begun, and never before."""

from datetime import timedelta
from xml.etree import ElementTree

import pytest
from django.utils import timezone
from lxml import html

from newsletter.models import Edition, EditionItem, Newsletter
from tests.factories import (
    ArticleFactory,
    AuthorFactory,
    EditionFactory,
    NewsletterFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def newsletter():
    return NewsletterFactory(name="The Weekly", slug="thursday")


def sent(newsletter, days=0, **values):
    """An edition that went out `days` ago."""
    values.setdefault("articles", [ArticleFactory(published=True)])
    edition = EditionFactory(newsletter=newsletter, due=True, **values)
    assert edition.start()
    edition.started_at = timezone.now() - timedelta(days=days)
    edition.state = "sent"
    edition.save()
    return edition


def page_of(reader, address):
    response = reader.get(address)
    assert response.status_code == 200
    return html.fromstring(response.content.decode())


def test_the_web_edition_holds_what_was_sent(reader, newsletter):
    article = ArticleFactory(
        published=True, title="Heat", authors=[AuthorFactory(name="Ada")]
    )
    edition = sent(newsletter, subject="A warm week", articles=[article])

    page = page_of(reader, edition.get_absolute_url())

    assert page.findtext(".//h1") == "A warm week"
    [link] = page.xpath("//main//a[@class='title']")
    assert (link.text, link.get("href")) == ("Heat", article.get_absolute_url())
    text = page.xpath("//main")[0].text_content()
    assert "Dear reader, this was the week." in text
    assert "Ada" in text
    assert page.xpath("//main//form")


def test_what_was_sent_stays_whatever_becomes_of_the_article(reader, newsletter):
    article = ArticleFactory(published=True, title="As it was")
    edition = sent(newsletter, articles=[article])
    article.title, article.state = "Rewritten", "withdrawn"
    article.save()

    text = page_of(reader, edition.get_absolute_url()).text_content()

    assert "As it was" in text
    assert "Rewritten" not in text


def test_a_piece_that_was_not_sent_is_not_shown(reader, newsletter):
    edition = sent(newsletter)
    draft = ArticleFactory(title="A secret draft")
    EditionItem.objects.create(edition=edition, article=draft)

    text = page_of(reader, edition.get_absolute_url()).text_content()

    assert "A secret draft" not in text


def test_no_address_of_a_draft_is_kept_when_the_newsletter_moves(newsletter):
    out, draft = sent(newsletter), EditionFactory(newsletter=newsletter)

    paths = newsletter.own_paths()

    assert out.get_absolute_url() in paths
    assert draft.get_absolute_url() not in paths


def test_search_engines_and_networks_know_what_it_is(reader, newsletter, settings):
    edition = sent(newsletter, subject="A warm week", preheader="All about heat.")

    page = page_of(reader, edition.get_absolute_url())

    address = f"{settings.SITE_URL}/newsletter/thursday/{edition.pk}/"
    assert page.xpath("//link[@rel='canonical']/@href") == [address]
    assert page.xpath("//meta[@property='og:url']/@content") == [address]
    assert page.xpath("//meta[@property='og:title']/@content") == ["A warm week"]
    assert page.xpath("//meta[@name='description']/@content") == ["All about heat."]


def test_an_edition_in_another_language_has_its_page_in_it(reader):
    german = NewsletterFactory(language="de", name="Die Woche")
    edition = sent(german, articles=[ArticleFactory(published=True, language="de")])

    page = page_of(reader, edition.get_absolute_url())

    assert page.get("lang") == "de"
    assert not page.xpath("//main/article/@lang")
    assert "Kommentar" in page.text_content()
    assert "Abonnieren" in page.text_content()


def test_sections_are_headings_over_their_pieces(reader, newsletter):
    edition = EditionFactory(
        newsletter=newsletter,
        due=True,
        articles=ArticleFactory.create_batch(3, published=True),
    )
    edition.items.filter(order__lt=2).update(section="Energy")
    edition.items.filter(order=2).update(section="Trade")
    edition.start()

    page = page_of(reader, edition.get_absolute_url())

    headings = page.xpath("//main//article//h2/text()")
    assert headings == ["Energy", "Trade"]
    assert len(page.xpath("//main//article//h3")) == 3


def test_the_archive_lists_editions_newest_first(reader, newsletter):
    sent(newsletter, days=9, subject="Before")
    sent(newsletter, days=2, subject="Lately")
    sent(NewsletterFactory(), subject="Elsewhere")

    page = page_of(reader, "/newsletter/thursday/")

    assert page.findtext(".//h1") == "The Weekly"
    titles = [link.text for link in page.xpath("//main//a[@class='title']")]
    assert titles == ["Lately", "Before"]


def test_a_long_archive_has_pages(reader, newsletter):
    EditionFactory.create_batch(
        25, newsletter=newsletter, state="sent", started_at=timezone.now()
    )

    first = page_of(reader, "/newsletter/thursday/")
    second = page_of(reader, "/newsletter/thursday/?page=2")

    assert len(first.xpath("//main//a[@class='title']")) == 20
    assert len(second.xpath("//main//a[@class='title']")) == 5
    assert second.xpath("//link[@rel='canonical']/@href")[0].endswith("?page=2")


def test_the_feed_holds_editions_in_their_language(reader):
    german = NewsletterFactory(language="de", slug="woche", name="Die Woche")
    edition = sent(german, subject="Wärme", preheader="Alles <b>warm</b>?")

    response = reader.get("/newsletter/woche/feed/")

    assert response["Content-Type"].startswith("application/atom+xml")
    feed = ElementTree.fromstring(response.content)  # noqa: S314
    assert feed.get("{http://www.w3.org/XML/1998/namespace}lang") == "de"
    assert feed.findtext(f"{ATOM}title") == "Meridian Council: Die Woche"
    [entry] = feed.findall(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}title") == "Wärme"
    assert entry.find(f"{ATOM}link").get("href").endswith(edition.get_absolute_url())


@pytest.mark.parametrize(
    "address", ["/newsletter/none/", "/newsletter/none/feed/", "/newsletter/none/1/"]
)
def test_no_newsletter_has_no_pages(reader, address):
    assert reader.get(address).status_code == 404


def test_an_edition_stands_under_its_own_newsletter_only(reader, newsletter):
    edition = sent(NewsletterFactory())

    assert reader.get(f"/newsletter/thursday/{edition.pk}/").status_code == 404


SECRET = "Undisclosed corridor"


@pytest.fixture(params=["draft", "scheduled", "cancelled"])
def hidden(request, newsletter):
    """An edition that nobody got, beside one that went out."""
    sent(newsletter, subject="Seen")
    return EditionFactory(
        newsletter=newsletter,
        state=request.param,
        subject=SECRET,
        preheader=SECRET,
        introduction=f"<p>{SECRET}</p>",
        starts_at=timezone.now() - timedelta(minutes=1),
        started_at=timezone.now() if request.param == "cancelled" else None,
        articles=[ArticleFactory(published=True)],
    )


@pytest.mark.parametrize("who", ["reader", "newsletter_manager"])
def test_an_edition_that_nobody_got_is_nowhere(request, hidden, who):
    client = request.getfixturevalue(who)
    own = hidden.get_absolute_url()

    assert client.get(own).status_code == 404
    for address in (
        "/newsletter/thursday/",
        "/newsletter/thursday/feed/",
        "/sitemap-editions.xml",
    ):
        response = client.get(address)
        assert response.status_code == 200
        assert SECRET not in response.content.decode()
        assert own not in response.content.decode()


@pytest.mark.parametrize(
    ("state", "count"), [("sending", 0), ("paused", 0), ("sent", 9), ("cancelled", 1)]
)
def test_an_edition_that_somebody_may_have_got_is_public(
    reader, newsletter, state, count
):
    edition = sent(newsletter)
    Edition.objects.filter(pk=edition.pk).update(state=state, sent_count=count)

    assert reader.get(edition.get_absolute_url()).status_code == 200


def test_the_sitemap_names_editions_and_archives(reader, newsletter):
    edition = sent(newsletter)
    NewsletterFactory(slug="unborn")

    editions = reader.get("/sitemap-editions.xml").content.decode()
    archives = reader.get("/sitemap-archives.xml").content.decode()

    assert f"{edition.get_absolute_url()}</loc>" in editions
    assert "/newsletter/thursday/</loc>" in archives
    assert "/newsletter/unborn/</loc>" not in archives


def test_what_readers_find_is_read_and_not_written(reader, newsletter):
    edition = sent(newsletter)

    for page in (newsletter, edition):
        assert reader.post(page.get_absolute_url()).status_code == 405


@pytest.mark.parametrize("pieces", [2, 12])
def test_an_edition_takes_four_queries(
    reader, newsletter, django_assert_num_queries, pieces
):
    articles = [
        ArticleFactory(
            published=True,
            authors=AuthorFactory.create_batch(2),
            topics=TopicFactory.create_batch(2),
        )
        for _ in range(pieces)
    ]
    edition = sent(newsletter, articles=articles)

    with django_assert_num_queries(4):
        reader.get(edition.get_absolute_url())


@pytest.mark.parametrize("editions", [1, 15])
def test_archive_and_feed_take_few_queries(
    reader, newsletter, django_assert_num_queries, editions
):
    for _ in range(editions):
        sent(newsletter)

    # The site's own name is looked up once.
    reader.get("/newsletter/thursday/feed/")

    with django_assert_num_queries(5):
        reader.get("/newsletter/thursday/")
    with django_assert_num_queries(3):
        reader.get("/newsletter/thursday/feed/")
    assert Newsletter.objects.get(slug="thursday").editions.count() == editions
