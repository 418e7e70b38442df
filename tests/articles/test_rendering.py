"""Rendering: from the editor's HTML to the reader's page."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.db.models import F
from hypothesis import given
from hypothesis import strategies as st

from articles.footnotes import MOST_SIDENOTES, SIDENOTES
from articles.rendering import find_image_paths, render_body
from ecfr_site.richtext.sanitizer import sanitise
from tests.factories import ImageFactory


def note(html):
    return f'<span class="footnote">{html}</span>'


@pytest.fixture
def image(db):
    return ImageFactory()


def show(body, *images):
    return render_body(body, {image.file.name: image for image in images}).html


# Headings


def test_headings_get_ids_from_their_words():
    assert '<h2 id="section-what-next">What next?</h2>' in show("<h2>What next?</h2>")


def test_ids_keep_letters_of_all_alphabets():
    assert render_body("<h2>Die Außenpolitik</h2>", {}).contents[0]["id"] == (
        "section-die-außenpolitik"
    )


def test_equal_headings_get_different_ids():
    contents = render_body(
        "<h2>A</h2><h2>A 2</h2><h2>A</h2><h3>!</h3><h3>?</h3>", {}
    ).contents
    assert [entry["id"] for entry in contents] == [
        "section-a",
        "section-a-2",
        "section-a-3",
        "section-untitled",
        "section-untitled-2",
    ]


def test_contents_list_the_headings_without_their_footnotes():
    contents = render_body(f"<h2>One{note('x')}</h2><p>y</p><h3>Two</h3>", {}).contents
    assert contents == [
        {"level": 2, "id": "section-one", "text": "One"},
        {"level": 3, "id": "section-two", "text": "Two"},
    ]


def test_no_level_is_skipped():
    html = show("<h3>Early</h3><h3>Next</h3><h2>Late</h2><h3>Sub</h3>")
    assert re.findall("<(h.)", html) == ["h2", "h2", "h2", "h3"]


# Footnotes


def test_a_footnote_becomes_a_number_and_an_endnote():
    html = show(f"<p>Text{note('See <em>this</em>.')}, more.</p>")
    assert html == (
        '<p>Text<sup class="note-ref"><a id="ref-1" href="#note-1" role="doc-noteref" '
        'aria-label="Footnote 1">1</a></sup>, more.</p>'
        '<section class="notes beside" role="doc-endnotes" aria-labelledby="notes">'
        '<h2 id="notes">Notes</h2><ol><li id="note-1">See <em>this</em>. '
        '<a href="#ref-1" role="doc-backlink" '
        'aria-label="Back to reference 1 in the text">↩︎</a></li></ol></section>'
    )


def test_notes_stand_beside_the_text_only_where_there_is_room():
    sentence = "<p>" + "Nine words of a text that goes on. " * 40 + "</p>"
    short, long = note("See the annex."), note("It was said at length. " * 60)

    assert SIDENOTES in show(f"{sentence}<p>One{short} two{short}.</p>{sentence}")
    assert SIDENOTES not in show(f"<p>One{long} two{long}.</p>{sentence}")
    assert SIDENOTES not in show(f"{sentence}<p>One{long} two{short}.</p>")


def test_the_style_sheet_places_as_many_notes_as_may_stand_beside_the_text():
    path = finders.find("ecfr_site/css/sidenotes.css")
    placed = re.findall(r"#note-(\d+) {", Path(path).read_text())
    assert [int(number) for number in placed] == list(range(1, MOST_SIDENOTES + 1))

    sentence = f"<p>{'Some words. ' * 40}{note('x')}</p>"
    assert SIDENOTES in show(sentence * MOST_SIDENOTES)
    assert SIDENOTES not in show(sentence * (MOST_SIDENOTES + 1))


def test_a_number_follows_its_word_without_a_space():
    assert 'word<sup class="note-ref">' in show(f"<p>word {note('x')}</p>")


def test_empty_notes_are_skipped():
    html = show(f"<p>a{note(' ')} b{note('B')}</p>")
    assert html.count("<li") == 1
    assert 'id="note-1">B ' in html


def test_a_text_without_notes_has_no_notes_section():
    assert "Notes" not in show("<p>Text</p>")


def test_addresses_in_notes_become_links():
    html = show(
        f"<p>x{note('See https://a.example/b_c?d=1, <em>http://e.example</em>.')}"
    )
    assert (
        'See <a href="https://a.example/b_c?d=1">https://a.example/b_c?d=1</a>, '
        in html
    )
    assert '<em><a href="http://e.example">http://e.example</a></em>.' in html


def test_addresses_in_links_stay_as_they_are():
    link = '<a href="https://a.example/">https://a.example/</a>'
    assert show(f"<p>x{note(link)}").count("https://a.example/") == 2


# Tables and images


def test_a_table_scrolls_by_itself_under_its_caption_s_name():
    rows = "<tbody><tr><td>1</td></tr></tbody>"
    table = f"<table><caption>Aid “given”</caption>{rows}</table>"
    assert show(f"{table}<p>x</p>") == (
        '<div role="region" tabindex="0" class="table-wrap" aria-label="Aid “given”">'
        f"{table}</div>\n<p>x</p>"
    )


def test_pictures_are_found_by_their_names_in_the_storage():
    body = (
        f'<img src="{settings.MEDIA_URL}images/a%20b.png">'
        f'<img src="{settings.SITE_URL}{settings.MEDIA_URL}images/c.png?x=1">'
        f'<img src="{settings.MEDIA_URL}images/a%20b.png">'
        '<img src="/static/d.png"><img src="https://elsewhere.example/media/e.png">'
    )
    assert find_image_paths(body) == ["images/a b.png", "images/c.png"]


def test_a_known_picture_is_shown_in_the_sizes_there_are(image):
    html = show(f'<p>x <img src="{image.file.url}" alt="A harbour"> y</p>', image)
    assert re.fullmatch(
        r"<p>x</p>\s*<figure><picture>.*</picture></figure>\s*<p>y</p>", html, re.S
    )
    assert html.count("<img") == 1
    assert 'alt="A harbour"' in html


def test_a_picture_has_no_end_tag_that_html_does_not_know(image):
    type(image).objects.update(rendered=F("fingerprint"))
    image.refresh_from_db()

    html = show(f'<p>x <img src="{image.file.url}" alt="A harbour"> y</p>', image)

    assert "<source " in html
    assert "</source>" not in html


def test_a_credit_stands_in_the_caption(image):
    image.credit = "A. Photographer"
    img = f'<img src="{image.file.url}" alt="x">'
    body = f"<figure>{img}<figcaption>Cap</figcaption></figure>"
    assert (
        '<figcaption>Cap <span class="credit">A. Photographer</span></figcaption>'
    ) in show(body, image)


def test_a_credit_makes_a_caption_where_there_is_none(image):
    image.credit = "A. Photographer"
    assert (
        '</picture><figcaption><span class="credit">A. Photographer</span></figcaption>'
        "</figure>"
    ) in show(f'<img src="{image.file.url}" alt="x">', image)


def test_a_link_around_a_picture_stays(image):
    html = show(f'<a href="/x"><img src="{image.file.url}" alt="x"></a>', image)
    assert '<figure><a href="/x"><picture>' in html


def test_other_pictures_wait_until_they_are_seen():
    assert show('<img src="/x.png" alt="" role="presentation">') == (
        '<figure><img src="/x.png" alt="" loading="lazy" decoding="async"></figure>'
    )


def test_links_to_other_sites_open_where_the_reader_wants():
    html = show('<p><a href="https://a.example/" target="_blank">x</a></p>')
    assert html == '<p><a href="https://a.example/">x</a></p>'


def test_what_is_not_sanitised_does_no_harm():
    assert show("<p onclick=x>Text<script>x</script></p>") == "<p>Text</p>"


texts = st.lists(
    st.sampled_from(
        ["<p>", "<h2>Head", "<h3>Head", "<ul><li>", "<table><tr><td>", "<blockquote>"]
        + [
            "word ",
            "<em>",
            "</em>",
            "</p>",
            "</ul>",
            "</table>",
            "<a href='/x'>",
            "</a>",
        ]
        + [note(""), note("x"), note("<em>y</em> https://x.example."), "<h2>Ünï"]
        + ["<img src=/media/a.png alt=x>", "<figure><img src=/b.png><figcaption>c"]
    ),
    max_size=25,
).map("".join)


@given(texts)
def test_notes_are_numbered_in_order_and_ids_are_unique(body):
    html = show(body)
    ids = re.findall(r' id="([^"]*)"', html)
    numbers = [int(n) for n in re.findall(r'id="ref-(\d+)"', html)]
    assert len(ids) == len(set(ids))
    assert numbers == list(range(1, len(numbers) + 1))
    assert [int(n) for n in re.findall(r'<li id="note-(\d+)"', html)] == numbers


@given(texts)
def test_every_text_can_be_set(body):
    result = render_body(body, {})
    assert len(result.contents) == len(re.findall(r"<h[23]", sanitise(body)))
