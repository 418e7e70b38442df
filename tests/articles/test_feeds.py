"""Feeds, read by feedparser: Atom (RFC 4287) and RSS 2.0 of each subject."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from html import unescape

import feedparser
import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.db.models import F
from django.utils import timezone
from django.utils.http import http_date
from lxml import etree
from lxml.html import fragment_fromstring
from tinyhtml5.parser import HTMLParser

from articles.models import Document
from ecfr_site.institution.feed_formats import FORMATS
from ecfr_site.institution.models import Institution
from tests.factories import (
    ArticleFactory,
    AttachmentFactory,
    AuthorFactory,
    BylineFactory,
    CorrectionFactory,
    EditionFactory,
    FunderFactory,
    ProgrammeFactory,
    SeriesFactory,
    TopicFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

SITE = "http://127.0.0.1:8000"
BOTH = pytest.mark.parametrize("address", ["/feed/", "/feed/rss/"])
AWKWARD = 'R&D: "enough" if x < 5%?'
STANDFIRST = "AT&T says <5% of “AI & ML” pays; see <b>bold</b>"
# In the characters of RFC 3986.
WHOLE_ADDRESS = re.compile(r"(https?://|tag:)[\w;/?:@&=+$.!~*'()%,#-]+", re.ASCII)
NAMESPACES = {
    "a": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
}


def parse(response):
    media_type = response["Content-Type"]
    assert media_type.partition(";")[0] in FORMATS.values()
    assert media_type.endswith("charset=utf-8")
    found = feedparser.parse(
        response.content, response_headers={n.lower(): v for n, v in response.items()}
    )
    assert not found.bozo, found.get("bozo_exception")
    return found


@pytest.fixture
def read(reader):
    return lambda address: parse(reader.get(address))


def get_text(entry):
    """The full text as HTML: Atom's content, RSS's content:encoded."""
    return next(each.value for each in entry.content if each.type == "text/html")


# What is in them


def test_a_feed_holds_its_own_work_and_names_itself(read):
    ArticleFactory(published=True, title="Pipes")
    ArticleFactory(
        published=True,
        title="Heat",
        kind="report",
        language="de",
        authors=[AuthorFactory(slug="ada")],
        programmes=[ProgrammeFactory(slug="asia")],
        topics=[TopicFactory(slug="climate"), TopicFactory(slug="north", region=True)],
    )
    ArticleFactory(scheduled=True, kind="report", language="de")
    for address, page, expected in [
        ("/feed/", "/", {"Heat", "Pipes"}),
        ("/feed/de/", "/publications/?language=de", {"Heat"}),
        ("/publications/report/feed/", "/publications/report/", {"Heat"}),
        ("/people/ada/feed/", "/people/ada/", {"Heat"}),
        ("/programmes/asia/feed/", "/programmes/asia/", {"Heat"}),
        ("/topics/climate/feed/", "/topics/climate/", {"Heat"}),
        ("/regions/north/feed/", "/regions/north/", {"Heat"}),
    ]:
        for below, version in [("", "atom10"), ("rss/", "rss20")]:
            found = read(address + below)

            assert {entry.title for entry in found.entries} == expected
            assert found.version == version
            links = {link.rel: link.href for link in found.feed.links}
            assert links["self"] == f"{SITE}{address}{below}"
            assert links["alternate"] == f"{SITE}{page}"


def test_a_feed_of_nothing_is_not_found(reader):
    for address in [
        "/people/nobody/feed/",
        "/programmes/nobody/feed/rss/",
        "/topics/nothing/feed/",
        "/regions/nowhere/feed/rss/",
        "/publications/nonsense/feed/",
        "/feed/xx/",
    ]:
        assert reader.get(address).status_code == 404


def test_feeds_take_the_same_few_queries_whatever_they_hold(
    reader, django_assert_num_queries
):
    topic = TopicFactory(slug="climate")
    for number in range(4):
        article = ArticleFactory(
            published=True,
            topics=[topic, TopicFactory()],
            programmes=[ProgrammeFactory()],
            authors=AuthorFactory.create_batch(number),
        )
        CorrectionFactory(article=article)
    reader.get("/feed/")

    with django_assert_num_queries(4):
        reader.get("/feed/rss/")
    # The topic, and what is below it.
    with django_assert_num_queries(6):
        reader.get("/topics/climate/feed/")
    with django_assert_num_queries(3):
        reader.get("/corrections/feed/rss/")


# Words as they were typed


@BOTH
def test_titles_and_standfirsts_read_as_they_were_typed(read, address):
    title = f"{AWKWARD} ]]> 🙂 \N{RIGHT-TO-LEFT MARK}שלום"
    ArticleFactory(published=True, title=title, standfirst=STANDFIRST)

    [entry] = read(address).entries

    assert entry.title == title
    if entry.summary_detail.type == "text/plain":
        assert entry.summary == STANDFIRST
    else:
        # HTML, as RSS has it.
        shown = fragment_fromstring(entry.summary, create_parent=True)
        assert shown.text_content() == unescape(entry.summary) == STANDFIRST


@BOTH
def test_a_title_with_marks_of_html_is_no_html(read, address):
    ArticleFactory(published=True, title="What <b>bold</b> &amp; <em> do")

    [entry] = read(address).entries

    assert entry.title == "What <b>bold</b> &amp; <em> do"


@BOTH
def test_characters_that_xml_cannot_hold_are_left_out(read, address):
    article = ArticleFactory(published=True)
    author = AuthorFactory(name="Bo")
    BylineFactory(article=article, author=author)
    # As an import would: no signal, no cleaning.
    type(article).objects.update(title="Heat\x0b and\x01 pipes\ufffe")
    type(author).objects.update(name="Bo\x02")

    [entry] = read(address).entries

    assert (entry.title, entry.authors[0].name) == ("Heat and pipes", "Bo")


@BOTH
def test_characters_that_xml_advises_against_are_left_out(reader, address):
    article = ArticleFactory(published=True)
    # Curly quotes of Windows read as Latin-1, and what no character is.
    type(article).objects.update(
        title="It\x92s 🙂\x7f\U0001fffe",
        standfirst="\x93Heat\x94",
        body_html="<p>\ufdd0Hot\x85</p>",
    )

    said = reader.get(address).content.decode()

    assert "<title>Its 🙂</title>" in said
    assert ">Heat<" in said
    assert "&lt;p&gt;Hot&lt;/p&gt;" in said


def test_a_feed_of_a_topic_has_the_name_as_it_was_typed(read):
    TopicFactory(slug="rd", name="R&D <new>\x02")

    assert read("/topics/rd/feed/").feed.title.endswith(": R&D <new>")


# What they say of an article


@BOTH
def test_everybody_is_named_by_themselves(read, address):
    article = ArticleFactory(published=True)
    for name, role in [("Ada", "author"), ("Bo", "author"), ("Cy", "editor")]:
        BylineFactory(article=article, role=role, author=AuthorFactory(name=name))

    [entry] = read(address).entries

    assert [author.name for author in entry.authors] == ["Ada", "Bo"]
    assert [person["name"] for person in entry.contributors] == ["Cy"]


@BOTH
def test_the_institution_is_the_author_of_what_nobody_signs(read, address):
    ArticleFactory(published=True)

    [entry] = read(address).entries

    assert [a.name for a in entry.authors] == [Institution.objects.current().name]


@BOTH
def test_an_entry_has_categories_language_and_files(read, address):
    article = ArticleFactory(
        published=True,
        kind="policy-brief",
        language="fr",
        topics=[TopicFactory(name="R&D"), TopicFactory(name="Sahel", region=True)],
        programmes=[ProgrammeFactory(name="Africa")],
    )
    AttachmentFactory(article=article)

    found = read(address)
    [entry] = found.entries

    assert [tag.term for tag in entry.tags] == [
        "Policy brief",
        "Africa",
        "Sahel",
        "R&D",
    ]
    assert all(tag.scheme.startswith(SITE) for tag in entry.tags)
    assert "fr" in (entry.title_detail.language, entry.get("language"))
    [file] = entry.enclosures
    assert (file.type, file.href[: len(SITE)]) == ("application/pdf", SITE)
    assert int(file.length) > 0


def test_the_publication_is_the_first_file_of_an_entry_and_data_the_last(read, client):
    article = ArticleFactory(published=True)
    for name, fields in {
        "sums.csv": {"data_of": "Figure 1", "is_full_text": False},
        "annex.pdf": {"is_full_text": False},
        "report.pdf": {},
    }.items():
        file = ContentFile(b"%PDF-1.7", name=name)
        AttachmentFactory(article=article, file=file, **fields)
    Document.objects.create(
        article=article,
        version=1,
        format="epub",
        file="documents/x.epub",
        looked_at=timezone.now(),
        next_look=timezone.now(),
    )

    def list_ends(urls):
        return [url.rpartition(".")[2] for url in urls]

    [entry] = read("/feed/").entries
    urls = [file.href for file in entry.enclosures]
    assert list_ends(urls) == ["pdf", "epub", "pdf", "csv"]
    assert "/report" in urls[0]
    [item] = client.get("/feed/json/").json()["items"]
    assert [file["url"] for file in item["attachments"]] == urls
    [entry] = read("/feed/rss/").entries
    assert [file.href for file in entry.enclosures] == urls[:1]

    article.documents.all().delete()
    article.attachments.filter(data_of="").delete()
    [entry] = read("/feed/rss/").entries
    assert not entry.enclosures


@BOTH
def test_an_entry_says_when_it_was_corrected_and_how(read, address):
    article = ArticleFactory(
        published=True, published_at=datetime(2024, 3, 1, 12, tzinfo=UTC)
    )
    CorrectionFactory(
        article=article, date=datetime(2024, 4, 2).date(), text="Ten < 12."
    )

    [entry] = read(address).entries

    assert entry.published_parsed[:3] == (2024, 3, 1)
    assert entry.updated_parsed[:2] == (2024, 4)
    assert get_text(entry).startswith(
        "<p><strong>Correction, 2 April 2024:</strong> Ten &lt; 12.</p>"
    )


@BOTH
def test_an_entry_keeps_its_id_when_its_address_changes(read, address):
    article = ArticleFactory(published=True)
    ArticleFactory(published=True)
    before = {entry.id for entry in read(address).entries}

    article.slug = "another"
    article.save()

    after = read(address).entries
    assert {entry.id for entry in after} == before
    assert len(before) == 2
    assert all(entry.id.startswith("tag:127.0.0.1,") for entry in after)
    assert f"{SITE}/article/another/" in {entry.link for entry in after}


# Full text

BODY = """
<h2>Why</h2>
<p>Heat<span class="footnote">See <a href="/article/pipes/">Pipes</a>.</span> matters,
as <a href="/people/ada/">Ada</a> and <a href="#why">others</a> say:
<math display="block"><mi>d</mi><mo>=</mo><mfrac><mi>r</mi><mi>g</mi></mfrac></math></p>
<figure><img src="/media/chart.png" alt="A chart"><figcaption>C</figcaption></figure>
<table><caption>Heat</caption>
<tr><th scope="col">Year</th><td colspan="2">1</td></tr></table>
"""


@BOTH
def test_full_text_stands_without_the_page(reader, address):
    article = ArticleFactory(published=True, body=BODY, with_image=True)
    # It has renditions, in three formats.
    type(article.image).objects.update(rendered=F("fingerprint"))

    # Not as feedparser cleans it.
    root = etree.fromstring(reader.get(address).content)  # noqa: S320
    [html] = root.xpath("//*[local-name()='content' or local-name()='encoded'][text()]")
    text = fragment_fromstring(html.text, create_parent=True)

    page = f"{SITE}{article.get_absolute_url()}"
    for name in ("href", "src"):
        assert all(a.startswith(f"{SITE}/") for a in text.xpath(f"//@{name}"))
    assert text.xpath("//sup/a/@href") == [f"{page}#note-1"]
    assert text.xpath("//h2[.='Notes']/preceding-sibling::hr")
    assert [" ".join(li.text_content().split()) for li in text.iter("li")] == [
        "See Pipes."
    ]
    assert "d = r/g" in text.text_content()
    assert text.xpath("//table/caption/text()") == ["Heat"]
    assert text.xpath("//img/@alt") == ["A lighthouse at dusk", "A chart"]
    assert not text.xpath(
        "//script | //style | //math | //picture | //source | //div/div"
        " | //@id | //@class | //@style | //@role | //@srcset | //@tabindex"
    )


@pytest.mark.parametrize("address", ["/feed/", "/feed/rss/", "/feed/json/"])
def test_full_text_has_what_the_page_says_around_the_body(reader, address):
    fund = FunderFactory(name="The Fund", url="https://fund.example/")
    article = ArticleFactory(
        published=True,
        key_points="<p>Build <em>more</em>.</p><p>Begin now.</p>",
        funders=[fund, FunderFactory(name="Another", statement="Another helped.")],
        disclosure="Ada Pole owns a pylon.",
        updated_on="2026-01-02",
        update_note="New figures.",
    )

    content = reader.get(address).content.decode()
    html = content if "json" in address else unescape(content)
    for said in (
        "<li>Build <em>more</em>.</li>",
        "<li>Begin now.</li>",
        "The Fund</a>.",
        "Another helped.",
        "Ada Pole owns a pylon.",
        "2 January 2026</time>: New figures.",
    ):
        assert said in html, said
    assert html.index("Begin now.") < html.index(article.body[3:20])


@BOTH
def test_the_institution_may_keep_the_text_to_its_pages(read, address):
    Institution(full_text_feeds=False).save()
    ArticleFactory(published=True, standfirst="In short.", body="<p>At length.</p>")

    [entry] = read(address).entries

    assert entry.summary == "In short."
    assert "At length" not in str(entry)


# What standards ask for


def test_atom_has_what_rfc_4287_requires(reader):
    article = ArticleFactory(published=True)
    CorrectionFactory(article=article)

    for address in ("/feed/", "/corrections/feed/", "/people/ada/feed/"):
        AuthorFactory(slug="ada") if "ada" in address else None
        feed = etree.fromstring(reader.get(address).content)  # noqa: S320
        for one in ("id", "title", "updated"):
            for element in (feed, *feed.findall("a:entry", NAMESPACES)):
                assert len(element.findall(f"a:{one}", NAMESPACES)) == 1
        for moment in feed.xpath("//a:updated | //a:published", namespaces=NAMESPACES):
            assert re.fullmatch(
                r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", moment.text
            )
        assert feed.xpath("a:author/a:name/text()", namespaces=NAMESPACES)
        for entry in feed.findall("a:entry", NAMESPACES):
            assert entry.xpath("a:author/a:name/text()", namespaces=NAMESPACES)
        for uri in feed.xpath(
            "//@href | //a:id/text() | //a:uri/text()", namespaces=NAMESPACES
        ):
            assert re.match("https?://|tag:", uri)


def test_rss_has_what_the_advisory_board_asks_for(reader):
    ArticleFactory(published=True, authors=[AuthorFactory(name="Ada")])

    channel = etree.fromstring(reader.get("/feed/rss/").content)[0]  # noqa: S320

    for name in ("title", "link", "description", "language", "lastBuildDate"):
        assert channel.findtext(name)
    own = channel.find("a:link[@rel='self']", NAMESPACES)
    assert own.get("href") == f"{SITE}/feed/rss/"
    [item] = channel.findall("item")
    guid = item.find("guid")
    assert (guid.get("isPermaLink"), guid.text[:4]) == ("false", "tag:")
    assert parsedate_to_datetime(item.findtext("pubDate")) <= timezone.now()
    assert [e.text for e in item.findall("dc:creator", NAMESPACES)] == ["Ada"]
    assert item.find("author") is None


@pytest.fixture
def awkward_site(settings):
    """An article that has whatever is hard to say in a feed, in a feed of each sort."""
    settings.WEBSUB_HUBS = ["https://hub.example/"]
    article = ArticleFactory(
        published=True,
        kind="report",
        language="fr",
        title="\N{RIGHT-TO-LEFT MARK}ما بعد العاصفة: R&D if x < 5",
        standfirst=STANDFIRST,
        body=BODY,
        image_caption="A & B",
        key_points="<p>Build <em>more</em>.</p>",
        with_image=True,
        authors=[AuthorFactory(slug="ada", name="Ada & Co"), AuthorFactory()],
        programmes=[ProgrammeFactory(slug="asia", name="Asia & R&D")],
        topics=[TopicFactory(slug="rd"), TopicFactory(slug="north", region=True)],
        series=SeriesFactory(slug="heat"),
        funders=[FunderFactory(url="https://fund.example/?a=1&b=2")],
    )
    file = ContentFile(b"%PDF-1.7", name="Über Öl & Gas.pdf")
    AttachmentFactory(article=article, file=file)
    CorrectionFactory(article=article, text="Ten < 12 & rising.")
    # Another of the same second, without a person; and one of some day in March.
    ArticleFactory(
        published=True, kind="report", published_at=article.published_at, slug="b"
    )
    ArticleFactory(
        published=True, precision="month", published_at=datetime(2024, 3, 1, tzinfo=UTC)
    )
    EditionFactory(
        newsletter__slug="the-letter",
        state="sent",
        started_at=timezone.now() - timedelta(hours=1),
    )


@pytest.mark.parametrize("format_name", ["", "rss/"])
@pytest.mark.parametrize(
    "place",
    [
        *("/", "/publications/report/", "/people/ada/", "/programmes/asia/"),
        *("/topics/rd/", "/regions/north/", "/series/heat/", "/newsletter/the-letter/"),
        # Those of a language, one of them empty.
        *("/corrections/", "/feed/fr/", "/feed/pl/"),
    ],
)
@pytest.mark.usefixtures("awkward_site")
def test_validators_find_nothing_in_a_feed_of_any_sort(reader, place, format_name):
    address = f"{place}{'' if place.startswith('/feed/') else 'feed/'}{format_name}"
    root = etree.fromstring(reader.get(address).content)  # noqa: S320

    def find(path):
        return root.xpath(path, namespaces=NAMESPACES)

    [feed] = find("/a:feed | /rss/channel")
    entries = find("a:entry | channel/item")
    assert bool(entries) == ("/pl/" not in place)
    # The feed speaks of itself first, and each says once what there is one of.
    assert entries == feed[len(feed) - len(entries) :]
    for element in (feed, *entries):
        told = Counter(etree.QName(child).localname for child in element)
        assert told["title"] == 1
        for name in ("id", "guid", "updated", "pubDate", "description", "enclosure"):
            assert told[name] <= 1, name
    # An address is in full, and has the characters of one.
    assert find("//a:link[@rel='self']/@href") == [f"{SITE}{address}"]
    for uri in find(
        "//@href | //@url | //@scheme | //@domain | //a:uri/text()"
        " | //a:id/text() | //guid/text() | //link/text()"
    ):
        assert WHOLE_ADDRESS.fullmatch(uri), uri
    ids = find("a:entry/a:id/text() | channel/item/guid/text()")
    assert len(set(ids)) == len(entries)
    # A time has a zone, and has been.
    moments = find("//a:updated/text() | //a:published/text()")
    times = [datetime.fromisoformat(moment) for moment in moments]
    times += map(parsedate_to_datetime, find("//pubDate/text()"))
    assert len(times) >= len(entries)
    assert all(time <= timezone.now() for time in times)
    # Texts are valid HTML that runs nothing and brings no look of its own.
    for html in find(
        "//a:content/text() | //content:encoded/text() | //item/description/text()"
    ):
        parser = HTMLParser(namespace_html_elements=False)
        tree = parser.parse_fragment(html)
        assert not parser.errors
        for element in tree.iter():
            assert not re.search("script|style|frame|form|object|embed", element.tag)
            assert not {"style", "class", "id", "srcset"} & set(element.attrib)
            for name in {"href", "src"} & set(element.attrib):
                assert re.match("https?:", element.get(name))


# The version of the site is counted as a transaction ends.
@pytest.mark.django_db(transaction=True)
@BOTH
def test_who_has_the_feed_gets_304_until_it_changes(
    reader, settings, counted_version, address
):
    settings.PAGE_CACHE = True
    for articles in (0, 1):
        first = reader.get(address)
        by_tag = {"If-None-Match": first["ETag"]}
        by_time = {"If-Modified-Since": first["Last-Modified"]}

        assert reader.get(address, headers=by_tag).status_code == 304
        assert reader.get(address, headers=by_time).status_code == 304
        if not articles:
            ArticleFactory(published=True)
            assert reader.get(address, headers=by_tag).status_code == 200


# PostgreSQL counts as a transaction ends.
@pytest.mark.django_db(transaction=connection.vendor == "postgresql")
@pytest.mark.parametrize("is_kept", [True, False])
@pytest.mark.parametrize(
    "address",
    ["/feed/", "/feed/rss/", "/feed/json/", "/sitemap-articles.xml"],
)
def test_who_asks_by_time_is_told_what_else_changed_than_the_newest(
    reader, settings, counted_version, address, is_kept
):
    settings.PAGE_CACHE = is_kept
    older = ArticleFactory(published=True)
    ArticleFactory(published=True)
    first = reader.get(address)
    time = first.get("Last-Modified", http_date(timezone.now().timestamp()))

    older.withdraw(by=UserFactory(is_superuser=True), reason="It was wrong.")
    answer = reader.get(address, headers={"If-Modified-Since": time})

    assert answer.status_code == 200
    assert is_kept == ("Last-Modified" in answer)


# Pages name them


def test_pages_name_their_feeds(reader):
    article = ArticleFactory(
        published=True, kind="report", language="de", topics=[TopicFactory(slug="rd")]
    )
    for page, feed in [
        ("/", "/feed/"),
        (article.get_absolute_url(), "/feed/de/"),
        ("/publications/report/", "/publications/report/feed/"),
        ("/topics/rd/", "/topics/rd/feed/"),
        ("/corrections/", "/corrections/feed/"),
    ]:
        head = reader.get(page).content.decode()
        for path, media_type in [
            (feed, "application/atom+xml"),
            (f"{feed}rss/", "application/rss+xml"),
        ]:
            [link] = re.findall(f'<link [^>]*href="{path}">', head)
            assert f'rel="alternate" type="{media_type}"' in link


def test_feeds_move_with_their_page(reader):
    author = AuthorFactory(slug="ada")
    author.slug = "ada-verne"
    author.save()

    for below in ("feed/", "feed/rss/"):
        response = reader.get(f"/people/ada/{below}")
        assert response["Location"] == f"/people/ada-verne/{below}"


# Corrections


def test_corrections_have_feeds(read):
    article = ArticleFactory(published=True, title=AWKWARD, language="de")
    CorrectionFactory(article=article, text="Ten < twelve.")
    CorrectionFactory(article=article, text="Two.")
    CorrectionFactory(article=ArticleFactory(draft=True), text="Hidden.")

    for address in ("/corrections/feed/", "/corrections/feed/rss/"):
        found = read(address).entries
        assert {unescape(e.summary) for e in found} == {"Ten < twelve.", "Two."}
        assert {e.title for e in found} == {AWKWARD}
        assert len({e.id for e in found}) == 2
        assert all(e.updated and e.link.startswith(SITE) for e in found)
