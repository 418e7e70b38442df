"""An edition's message, with and without tracking."""

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
from django.conf import settings as django_settings
from django.utils import translation
from django.utils.html import format_html, format_html_join
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from articles.models import Article
from ecfr_site.images.models import Image
from ecfr_site.institution.models import Institution
from newsletter.composing import choice, messages
from newsletter.composing.links import find_links, replace_html_links
from newsletter.composing.messages import Recipient
from tests.factories import (
    ArticleFactory,
    AuthorFactory,
    EditionFactory,
    ImageFactory,
    NewsletterFactory,
    TopicFactory,
    jpeg,
)

KINDS = ["commentary", "policy-brief", "report", "explainer", "podcast", "event-note"]

pytestmark = pytest.mark.django_db

LANGUAGES = [code for code, _ in django_settings.LANGUAGES]
SITE = django_settings.SITE_URL


@pytest.fixture
def edition():
    """Two pieces, and an introduction that links to one of them and elsewhere."""
    pieces = [
        ArticleFactory(published=True, title="Heat", slug="heat"),
        ArticleFactory(published=True, title="Pipes & <wires>", slug="pipes"),
    ]
    return EditionFactory(
        articles=pieces,
        introduction='<p>See <a href="https://example.net/?a=1&amp;b=2">this</a> and '
        '<a href="/article/pipes/">that</a>.</p>',
    )


@pytest.fixture
def recipient():
    return Recipient.placeholder()


def composed(edition, recipient, tracked=False):
    message = messages.compose(
        edition, recipient, edition.items.for_messages(), tracked=tracked
    )
    return message_from_bytes(message.message().as_bytes(), policy=policy.default)


def html_of(message):
    return message.get_body(("html",)).get_content()


def text_of(message):
    return message.get_body(("plain",)).get_content()


def hrefs(message):
    return html.fromstring(html_of(message)).xpath("//a/@href")


def addresses(message):
    return re.findall(r"https?://\S+", text_of(message))


def own_links(edition, recipient):
    return {
        recipient.url("unsubscribe"),
        recipient.url("preferences"),
        f"{SITE}{edition.get_absolute_url()}",
    }


# The message as such


def test_every_header_is_what_receivers_expect(edition, recipient):
    edition.newsletter.reply_to = "editors@example.org"
    edition.newsletter.sender_name = "The Weekly"

    message = composed(edition, recipient)

    slug, token = edition.newsletter.slug, recipient.tokens["message"]
    assert not message.defects
    assert message["Subject"] == edition.subject
    assert message["From"] == "The Weekly <letters@example.org>"
    assert message["To"] == recipient.address
    assert message["Reply-To"] == "editors@example.org"
    assert message["Message-ID"] == f"<{token}@example.org>"
    assert message["List-ID"] == f'"{edition.newsletter}" <{slug}.example.org>'
    unsubscribe = f"{SITE}/newsletter/unsubscribe/{recipient.tokens['unsubscribe']}"
    assert message["List-Unsubscribe"].strip() == f"<{unsubscribe}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Feedback-ID"] == f"{edition.pk}:{slug}:newsletter:example.org"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "OOF, AutoReply"
    assert [name for name in set(message.keys()) if message.get_all(name)[1:]] == []


@pytest.mark.parametrize(
    "name", ['Say "hello", <world>', "Überblick — tydzień w Łodzi: ąęśćżź " * 2]
)
def test_any_name_survives_in_the_headers(edition, recipient, name):
    edition.newsletter.name = edition.newsletter.sender_name = name.strip()

    message = composed(edition, recipient)

    assert message["From"].addresses[0].display_name == name.strip()
    assert message["From"].addresses[0].addr_spec == "letters@example.org"
    phrase, _, identity = message["List-ID"].strip().rpartition(" ")
    assert identity == f"<{edition.newsletter.slug}.example.org>"
    assert phrase.strip('"').replace('\\"', '"') == name.strip()
    raw = message.as_bytes().partition(b"\n\n")[0]
    assert raw.isascii()
    assert max(len(line) for line in raw.splitlines()) < 200


def test_a_domain_in_another_script_is_written_in_ascii(edition, recipient):
    edition.newsletter.sender_email = "post@bücher.example"

    message = composed(edition, recipient)

    assert message["From"].addresses[0].addr_spec == "post@xn--bcher-kva.example"
    assert message["Message-ID"].endswith("@xn--bcher-kva.example>")
    assert message["List-ID"].endswith(".xn--bcher-kva.example>")


def test_the_text_comes_before_the_html(edition, recipient):
    message = composed(edition, recipient)

    assert message.get_content_type() == "multipart/alternative"
    parts = list(message.iter_parts())
    assert [p.get_content_type() for p in parts] == ["text/plain", "text/html"]
    assert {p.get_content_charset() for p in parts} == {"utf-8"}


def test_both_parts_link_to_the_same(edition, recipient):
    message = composed(edition, recipient)

    assert set(hrefs(message)) == set(addresses(message))
    assert own_links(edition, recipient) < set(hrefs(message))


def test_a_message_takes_few_queries_whatever_it_holds(
    recipient, django_assert_num_queries
):
    for number in (2, 12):
        pieces = [
            ArticleFactory(
                published=True,
                with_image=True,
                authors=AuthorFactory.create_batch(2),
                topics=TopicFactory.create_batch(2),
            )
            for _ in range(number)
        ]
        edition = EditionFactory(articles=pieces)
        # Pieces with topics and bylines; the institution, also as sender; the links.
        with django_assert_num_queries(3 + 2 + 1):
            items = edition.items.for_messages()
            messages.compose(edition, recipient, items, tracked=True)
            choice.select_items(items, {1})


# Who is tracked, and who is not


def test_nobody_is_tracked_who_has_not_agreed(edition, recipient):
    messages.number_links(edition)

    message = composed(edition, recipient, tracked=False)

    everything = html_of(message) + text_of(message)
    assert "/newsletter/click/" not in everything
    assert "/newsletter/open/" not in everything
    assert recipient.tokens["click"] not in everything
    assert recipient.tokens["open"] not in everything
    assert f"{SITE}/article/heat/" in hrefs(message)


def test_a_tracked_message_leads_through_us_but_for_its_own_links(edition, recipient):
    messages.number_links(edition)

    message = composed(edition, recipient, tracked=True)

    for found in (hrefs(message), addresses(message)):
        plain = {a for a in found if "/newsletter/click/" not in a}
        assert plain == own_links(edition, recipient)
    assert set(hrefs(message)) == set(addresses(message))
    numbers = {int(a.split("/")[-2]) for a in hrefs(message) if "/click/" in a}
    assert numbers == set(edition.links.values_list("number", flat=True))


def test_a_tracked_message_differs_in_links_and_pixel_only(edition, recipient):
    messages.number_links(edition)
    plain = html_of(composed(edition, recipient))
    by_number = dict(edition.links.values_list("number", "url"))

    tracked = html_of(composed(edition, recipient, tracked=True))

    def back(url):
        return by_number[int(url.split("/")[-2])] if "/click/" in url else url

    restored = re.sub(
        r"<img[^>]*/newsletter/open/[^>]*>", "", replace_html_links(tracked, back)
    )
    assert restored.split() == plain.split()


def test_the_pixel_is_last_and_says_nothing(edition, recipient):
    body = html.fromstring(html_of(composed(edition, recipient, tracked=True)))

    pixel = body.xpath("//img[last()]")[-1]
    assert pixel.get("src") == recipient.url("open")
    assert (pixel.get("width"), pixel.get("height")) == ("1", "1")
    assert pixel.get("alt") == ""
    assert pixel.xpath("following::*") == []


def test_links_are_numbered_in_their_order(edition, recipient):
    messages.number_links(edition)

    heat, pipes = Article.objects.order_by("pk")
    assert list(edition.links.values_list("number", "url", "article")) == [
        (1, f"{SITE}/", None),
        (2, "https://example.net/?a=1&b=2", None),
        (3, f"{SITE}/article/pipes/", pipes.pk),
        (4, f"{SITE}/article/heat/", heat.pk),
        (5, f"{SITE}/newsletter/", None),
    ]


def test_numbering_again_changes_nothing(edition):
    messages.number_links(edition)
    before = list(edition.links.values_list("pk", "number", "url"))

    messages.number_links(edition)

    assert list(edition.links.values_list("pk", "number", "url")) == before


def test_links_that_only_the_text_has_are_numbered_too(edition, recipient):
    edition.text = "Read (https://example.com/a_(b)), then https://example.com/c."

    messages.number_links(edition)

    urls = edition.links.values_list("url", flat=True)
    assert {"https://example.com/a_(b)", "https://example.com/c"} < set(urls)
    text = text_of(composed(edition, recipient, tracked=True))
    assert "example.com" not in text
    assert re.search(r"Read \(\S+/\d+/\), then \S+/\d+/\.\n", text)


def test_an_address_too_long_to_keep_stays_as_it_is(edition, recipient):
    address = f"https://example.net/{'a' * 1000}"
    edition.introduction = f'<p><a href="{address}">Far</a></p>'

    messages.number_links(edition)

    assert not edition.links.filter(url=address).exists()
    assert address in hrefs(composed(edition, recipient, tracked=True))


letters = st.characters(categories=["L", "N", "P", "S"], exclude_characters='<>"')
paths = st.text(letters, min_size=1, max_size=30)
attributes = st.text(st.characters(exclude_categories=["C"]), max_size=15)


@given(st.lists(st.tuples(attributes, paths), max_size=4))
def test_links_in_html_are_found_whatever_stands_around(found):
    """Titles may hold anything that looks like a tag; addresses any character."""
    urls = [f"https://example.org/{path}" for _, path in found]
    links = [(title, url) for (title, _), url in zip(found, urls, strict=True)]
    source = format_html_join(
        "", '<p><a title="{}" href="{}">x</a> &lt;a href="https://no"></p>', links
    )
    written = messages._INLINER.inline(format_html("<html><body>{}</body>", source))

    assert find_links(written, "") == list(dict.fromkeys(urls))
    moved = replace_html_links(written, lambda url: f"{url}&\"'moved")
    assert html.fromstring(moved).xpath("//a/@href") == [f"{u}&\"'moved" for u in urls]


def test_the_tokens_of_a_stencil_stand_whole_in_the_parts(edition, recipient):
    messages.number_links(edition)

    message = composed(edition, recipient, tracked=True)

    for purpose in ("unsubscribe", "preferences", "click"):
        assert recipient.tokens[purpose] in html_of(message)
        assert recipient.tokens[purpose] in text_of(message)
    assert recipient.tokens["open"] in html_of(message)


# The plain text


def test_the_text_is_set_in_lines_that_fit(edition, recipient):
    edition.introduction = f"<p>{'Some words of greeting. ' * 20}</p>"
    article = edition.items.get(order=0).article
    article.standfirst = "What it argues, at some length. " * 10
    article.save()

    text = text_of(composed(edition, recipient))

    assert "\nHeat\n====\n" in text
    assert f"\n\n{SITE}/article/heat/\n" in text
    long = [line for line in text.splitlines() if len(line) > 72]
    assert [line for line in long if not line.startswith("http")] == []
    assert "Pipes & <wires>" in text


def test_the_introduction_keeps_its_shape_in_the_text(edition, recipient):
    edition.introduction = (
        '<h2>First</h2><p>See <a href="https://example.net/a">this study</a>, and '
        "<em>that</em>.<br>Yours</p>"
        "<ul><li>one</li><li>two</li></ul>"
        '<ol start="3"><li>three</li><li>four</li></ol>'
        "<blockquote><p>Quoted</p></blockquote>"
        '<p>Write to <a href="mailto:a@example.org">us</a>.</p>'
    )

    text = messages.render_text(edition, edition.items.for_messages())

    assert (
        "First\n-----\n\n"
        "See this study [1], and that.\nYours\n[1] https://example.net/a\n\n"
        "- one\n\n- two\n\n3. three\n\n4. four\n\n> Quoted\n\nWrite to us.\n"
    ) in text


def test_an_editors_text_takes_the_place_of_the_made_one(edition, recipient):
    edition.text = "Dear readers,\r\n\r\nnothing this week.\r\n"

    text = text_of(composed(edition, recipient))

    assert text.startswith("Dear readers,\n\nnothing this week.\n")
    assert "Heat" not in text
    assert recipient.url("unsubscribe") in text
    assert recipient.url("preferences") in text


def test_the_made_text_is_offered_for_editing(edition, recipient):
    made = messages.render_text(edition, edition.items.for_messages())
    before = text_of(composed(edition, recipient))

    edition.text = made

    assert text_of(composed(edition, recipient)) == before
    assert "unsubscribe" not in made


# The HTML


def test_it_fits_what_mail_programs_show_with_thirty_full_pieces(recipient, settings):
    """Gmail cuts at 102 KB; tokens are of one length, so this is what anybody gets."""
    settings.SITE_URL = "https://www.a-house-with-a-long-name.example"
    pieces = [
        ArticleFactory(
            published=True,
            title=f"{number} " + "A rather long title about Europe " * 7,
            slug=f"{number}-" + "a-rather-long-slug-" * 4,
            standfirst="What the article argues, and at some length too. " * 12,
            authors=AuthorFactory.create_batch(3),
            with_image=True,
            image_alt="What it shows. " * 10,
            kind=KINDS[number % len(KINDS)],
        )
        for number in range(30)
    ]
    Image.objects.update(rendered="0" * 16, width=1600, height=1200)
    edition = EditionFactory(articles=pieces)
    for item in edition.items.all():
        item.section = f"A section with a name {item.order // 3}"
        item.save()
    messages.number_links(edition)

    source = html_of(composed(edition, recipient, tracked=True))

    assert source.count("<h3") == 30
    assert source.count("card-360.jpg") == 29
    assert len(source.encode()) < 100_000


def test_pictures_lead_and_stand_beside(edition, recipient):
    for item in edition.items.all():
        image = ImageFactory(file__data=jpeg(1600, 1000))
        image.render()
        item.article.image = image
        item.article.image_alt = "A lighthouse"
        item.article.save()

    lead, thumb = html.fromstring(html_of(composed(edition, recipient))).xpath("//img")

    assert lead.get("src").startswith(f"{SITE}/media/renditions/")
    assert lead.get("src").endswith("/card-720.jpg")
    assert (lead.get("width"), lead.get("height")) == ("600", "400")
    assert lead.get("alt") == "A lighthouse"
    assert thumb.get("src").endswith("/card-360.jpg")
    assert thumb.get("alt") == ""


def test_a_picture_that_is_not_ready_is_left_out(recipient):
    edition = EditionFactory(articles=[ArticleFactory(published=True, with_image=True)])

    assert "<img" not in html_of(composed(edition, recipient))


def test_the_html_holds_only_what_mail_programs_take(edition, recipient):
    source = html_of(composed(edition, recipient, tracked=True))
    page = html.fromstring(source)

    assert page.xpath("//script | //link | //iframe | //form | //object") == []
    assert page.xpath("//table[not(@role='presentation')]") == []
    assert page.xpath("//img[not(@alt) or not(@width) or not(@height)]") == []
    assert page.xpath("//@*[starts-with(name(), 'on')]") == []
    assert "@import" not in source
    assert "url(" not in source
    kept = "".join(page.xpath("//style/text()"))
    assert "prefers-color-scheme: dark" in kept
    assert "max-width: 480px" in kept
    assert "[data-ogsc]" in kept
    # Without the style sheet the design stands in the elements.
    assert "Charter" in page.xpath("//td[contains(@class, 'words')]/@style")[0]


def test_headings_step_down_one_by_one(edition, recipient):
    plain = html.fromstring(html_of(composed(edition, recipient)))
    edition.items.update(section="Energy")
    grouped = html.fromstring(html_of(composed(edition, recipient)))

    def levels(page):
        return [heading.tag for heading in page.xpath("//h1 | //h2 | //h3")]

    assert levels(plain) == ["h1", "h2", "h2"]
    assert levels(grouped) == ["h1", "h2", "h3", "h3"]


def test_what_editors_write_is_text_not_markup(edition, recipient):
    edition.preheader = "<b>bold</b>"
    edition.items.filter(order=0).update(title="<script>", teaser="</table>")

    page = html.fromstring(html_of(composed(edition, recipient)))

    assert page.xpath("//script | //b") == []
    assert "</table>" in page.text_content()


def test_an_editors_words_go_before_the_articles(edition, recipient):
    edition.items.filter(order=0).update(title="In other words", teaser="Why.")

    message = composed(edition, recipient)

    for part in (html_of(message), text_of(message)):
        assert "In other words" in part
        assert "Why." in part
        assert "Heat" not in part


def test_the_sender_says_who_and_where_it_is(edition, recipient):
    Institution(
        name="House & Sons", postal_address="1 High Street\n1000 Brussels"
    ).save()

    message = composed(edition, recipient)

    assert "House &amp; Sons<br>1 High Street<br>1000 Brussels" in html_of(message)
    assert "House & Sons\n1 High Street\n1000 Brussels\n" in text_of(message)


# Languages


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_the_fixed_phrases_are_in_the_newsletters_language(language, recipient):
    authors = AuthorFactory.create_batch(2)
    article = ArticleFactory(
        published=True, kind="policy-brief", language=language, authors=authors
    )
    edition = EditionFactory(
        newsletter=NewsletterFactory(language=language), articles=[article]
    )

    message = composed(edition, recipient)

    page = html.fromstring(html_of(message))
    assert page.get("lang") == language
    assert page.get("dir") == "ltr"
    for part in (page.xpath("//body")[0].text_content(), text_of(message)):
        for english in (
            "Read in",
            "You receive",
            "Unsubscribe",
            "Preferences",
            "forwarded",
            "Subscribe",
            "Policy brief",
            " and ",
        ):
            assert english not in part
    assert translation.get_language() == "en-gb"


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "1 March 2026"),
        ("de", "1. März 2026"),
        ("es", "1 de marzo de 2026"),
        ("fr", "1 mars 2026"),
        ("it", "1 Marzo 2026"),
        ("pl", "1 marca 2026"),
    ],
)
def test_dates_are_written_as_the_language_does(edition, recipient, language, expected):
    edition.newsletter.language = language
    edition.started_at = datetime(2026, 3, 1, 8, tzinfo=UTC)

    message = composed(edition, recipient)

    assert expected in html_of(message)
    assert expected in text_of(message)


def test_a_piece_in_another_language_says_so(edition, recipient):
    Article.objects.filter(slug="pipes").update(language="fr")

    page = html.fromstring(html_of(composed(edition, recipient)))

    [french] = page.xpath("//td[@lang='fr']")
    assert "Pipes" in french.text_content()


def test_the_preheader_is_hidden_without_white_on_white(edition, recipient):
    """Filters take text in the colour of its paper for a trick (SpamAssassin)."""
    edition.preheader = "What you would miss"

    [hidden] = html.fromstring(html_of(composed(edition, recipient))).xpath(
        "//div[starts-with(., 'What you would miss')]"
    )

    assert "display:none" in hidden.get("style").replace(" ", "")
    assert "color" not in hidden.get("style")
