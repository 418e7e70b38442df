"""An export for WordPress is complete, and in its own format."""

import io
from datetime import UTC, datetime

import pytest
from django.contrib.flatpages.models import FlatPage
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from articles.exporting.wordpress_text import convert as convert_for_wordpress
from articles.exporting.wxr import write_export
from articles.importing.records import (
    MediaRecord,
    PersonRecord,
    PieceRecord,
    Site,
    SourceState,
    TermRecord,
)
from articles.importing.wordpress_text import convert
from articles.importing.wxr import read_export
from ecfr_site.richtext.sanitizer import sanitise
from tests.factories import (
    ArticleFactory,
    AttachmentFactory,
    AuthorFactory,
    ImageFactory,
    ProgrammeFactory,
    SeriesFactory,
    TopicFactory,
)

NOTED = (
    '<h2>Head</h2><p>Said<span class="footnote">See <a href="https://a.example/?b=1'
    '&amp;c=2">there</a> &amp; here.</span> [gallery] so'
    '<span class="footnote">Two</span>.</p>'
)


def leave(kind=object):
    file = io.BytesIO()
    write_export(file)
    file.seek(0)
    return [row for row in read_export(file, Site()) if isinstance(row, kind)]


def leave_piece():
    [piece] = leave(PieceRecord)
    return piece


def read_text(piece):
    return sanitise(convert(piece, {}, lambda number: None).html)


@pytest.mark.django_db
def test_an_article_leaves_with_all_that_belongs_to_it(settings):
    topic, region = TopicFactory(slug="energy"), TopicFactory(region=True, slug="mena")
    image = ImageFactory()
    ArticleFactory(
        published=True,
        kind="report",
        title="Gas < grain & trust",
        slug="gas",
        standfirst="“Why” & 3 < 4.",
        body=NOTED,
        language="de",
        published_at=datetime(2019, 3, 31, 22, 15, tzinfo=UTC),
        image=image,
        image_alt="A table",
        seo_title="Gas, in short",
        seo_description="All about it.",
        authors=[AuthorFactory(slug="ada"), AuthorFactory(slug="ben")],
        topics=[topic, region],
        programmes=[ProgrammeFactory(slug="peace")],
        series=SeriesFactory(slug="papers"),
    )
    piece = leave_piece()
    assert piece.title == "Gas < grain & trust"
    assert piece.standfirst == "“Why” &amp; 3 &lt; 4."
    assert piece.addresses[0] == f"{settings.SITE_URL}/article/gas/"
    assert (piece.slug, piece.language) == ("gas", "de")
    assert piece.state == SourceState.PUBLISHED
    assert piece.published_at == datetime(2019, 3, 31, 22, 15, tzinfo=UTC)
    assert piece.authors == ("cap-ada", "cap-ben")
    assert set(piece.terms) == {
        ("kind", "report"),
        ("category", "energy"),
        ("region", "mena"),
        ("programme", "peace"),
        ("series", "papers"),
    }
    assert (piece.seo_title, piece.seo_description) == (
        "Gas, in short",
        "All about it.",
    )
    [media] = leave(MediaRecord)
    assert piece.image == media.source_id
    assert not piece.losses


@pytest.mark.django_db
def test_footnotes_and_brackets_come_back_as_they_went():
    article = ArticleFactory(body=NOTED)
    piece = leave_piece()
    assert len(piece.notes) == 2
    assert read_text(piece) == article.body


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"draft": True}, SourceState.DRAFT),
        ({"in_review": True}, SourceState.DRAFT),
        ({"published": True}, SourceState.PUBLISHED),
        ({"scheduled": True}, SourceState.SCHEDULED),
        ({"withdrawn": True}, SourceState.PRIVATE),
        (
            {"published": True, "ends_at": datetime(2020, 1, 2, tzinfo=UTC)},
            SourceState.PRIVATE,
        ),
    ],
)
def test_nothing_is_published_there_that_readers_do_not_see_here(fields, state):
    ArticleFactory(**fields)
    assert leave_piece().state == state


@pytest.mark.django_db
def test_a_draft_without_a_time_has_none_there():
    ArticleFactory(draft=True)
    assert leave_piece().published_at is None


@pytest.mark.django_db
def test_a_working_copy_stays():
    live = ArticleFactory(published=True)
    ArticleFactory(live=live, slug=live.slug)
    assert leave_piece().title == live.title


@pytest.mark.django_db
def test_translations_leave_as_polylang_keeps_them():
    original = ArticleFactory(published=True, language="en")
    ArticleFactory(language="de", translation_of=original)
    ArticleFactory()
    english, german, alone = leave(PieceRecord)
    assert english.translation_group == german.translation_group != ""
    assert not alone.translation_group


@pytest.mark.django_db
def test_what_leads_the_home_page_is_sticky(settings):
    for day in (1, 2):
        ArticleFactory(published=True, featured_at=datetime(2020, 1, day, tzinfo=UTC))
    assert [piece.is_pick for piece in leave(PieceRecord)] == [False, True]


@pytest.mark.django_db
def test_former_addresses_leave(settings):
    article = ArticleFactory(published=True, slug="gas-late")
    article.slug = "gas"
    article.save()
    assert f"{settings.SITE_URL}/article/gas-late/" in leave_piece().addresses


@pytest.mark.django_db
def test_people_and_terms_leave():
    AuthorFactory(
        name="Zoë & Söhne",
        slug="zoe",
        biography="<p>Zoë writes.</p>",
        email="z@a.example",
    )
    above = TopicFactory(name="Energy & climate", slug="energy")
    TopicFactory(name="Gas", slug="gas", parent=above, summary="All of it.")
    TopicFactory(name="Iraq", slug="iraq", region=True)
    [person] = leave(PersonRecord)
    assert (person.name, person.slug) == ("Zoë & Söhne", "zoe")
    assert (person.biography, person.email) == ("<p>Zoë writes.</p>", "z@a.example")
    terms = {row.slug: row for row in leave(TermRecord)}
    assert terms["energy"].name == "Energy & climate"
    assert (terms["gas"].taxonomy, terms["gas"].parent) == ("category", "energy")
    assert terms["gas"].description == "All of it."
    assert terms["iraq"].taxonomy == "region"
    assert terms["report"].taxonomy == "kind"


@pytest.mark.django_db
def test_images_files_and_pages_leave(settings):
    image = ImageFactory(title="Harbour", alt="Lights", caption="At <night>")
    attachment = AttachmentFactory()
    FlatPage.objects.create(url="/about/team/", title="Team", content="<p>We.</p>")
    picture, report = leave(MediaRecord)
    assert picture.url == f"{settings.SITE_URL}{image.file.url}"
    assert (picture.path, picture.alt) == (image.file.name, "Lights")
    assert (picture.title, picture.caption) == ("Harbour", "At &lt;night&gt;")
    article, page = sorted(
        leave(PieceRecord), key=lambda piece: piece.type, reverse=True
    )
    assert report.parent == article.source_id
    assert report.title == attachment.title
    assert (page.type, page.slug, page.title) == ("page", "team", "Team")
    assert read_text(page) == "<p>We.</p>"


@pytest.mark.django_db
def test_what_wordpress_has_no_place_for_leaves_as_custom_fields():
    ArticleFactory(doi="10.1234/x", report_number="PB 14", published=True)
    file = io.BytesIO()
    write_export(file)
    fields = {
        row[0].text: row[1].text
        for row in etree.fromstring(file.getvalue()).iterfind(".//{*}postmeta")
    }
    assert fields["doi"] == "10.1234/x"
    assert fields["report_number"] == "PB 14"


@pytest.mark.django_db
def test_no_two_items_have_one_number():
    ArticleFactory.create_batch(3)
    ImageFactory.create_batch(3)
    AttachmentFactory.create_batch(3)
    rows = leave((PieceRecord, MediaRecord))
    assert len({row.source_id for row in rows}) == len(rows)


@pytest.mark.django_db
def test_queries_do_not_grow_with_what_leaves(django_assert_max_num_queries):
    for _ in range(8):
        ArticleFactory(
            published=True,
            authors=[AuthorFactory()],
            topics=[TopicFactory()],
            programmes=[ProgrammeFactory()],
        )
    with django_assert_max_num_queries(22):
        write_export(io.BytesIO())


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_words_come_back(words):
    body = sanitise(f"<p>{words}</p>" if "<" not in words else words)
    text, notes = convert_for_wordpress(body, "x")
    piece = PieceRecord("1", "post", SourceState.DRAFT, "", text, style="blocks")
    assert not notes
    assert sanitise(convert(piece, {}, lambda number: None).html) == body
