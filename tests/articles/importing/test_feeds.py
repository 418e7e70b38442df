"""A feed is read as far as it can be, whoever wrote it."""

import io
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.importing.feeds import parse_time, read_feed
from articles.importing.records import (
    MediaRecord,
    NotAnExport,
    PersonRecord,
    PieceRecord,
    Site,
    SourceState,
    TermRecord,
    Unreadable,
)

RSS_HEAD = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xml:base="https://old.example/"
  xmlns:dc="http://purl.org/dc/elements/1.1/"
  xmlns:media="http://search.yahoo.com/mrss/"
  xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>
<title>The Old Institute</title><link>https://old.example/</link>
<language>de-AT</language>
"""
ATOM_HEAD = """<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">
<title>The Old Institute</title><id>urn:feed</id>
<link rel="self" href="https://old.example/feed"/><link href="https://old.example/"/>
"""


def rss(*items):
    text = f"{RSS_HEAD}{''.join(items)}</channel></rss>"
    return io.BytesIO(text.encode())


def atom(*entries):
    return io.BytesIO(f"{ATOM_HEAD}{''.join(entries)}</feed>".encode())


def item(inner="", title="A piece", number=1):
    return (
        f"<item><title>{title}</title><link>https://old.example/node/{number}</link>"
        f'<guid isPermaLink="false">{number} at https://old.example</guid>{inner}'
        "</item>\n"
    )


def read(file, kind=object):
    return [record for record in read_feed(file, Site()) if isinstance(record, kind)]


def read_piece(inner):
    [piece] = read(rss(item(inner)), PieceRecord)
    return piece


def test_an_item_of_drupal_is_read_with_all_that_belongs_to_it():
    site = Site()
    file = rss(
        item(
            "<description>&lt;p&gt;Words &amp;amp; more.&lt;/p&gt;</description>"
            "<pubDate>Mon, 04 Mar 2019 11:30:00 +0100</pubDate>"
            "<dc:creator>Ada Verne</dc:creator><dc:creator>Jo Hill</dc:creator>"
            '<category domain="https://old.example/taxonomy/term/3">Foreign policy'
            '</category><category domain="https://old.example/x">Asia</category>'
            '<enclosure url="https://old.example/map.jpg" type="image/jpeg"/>'
            '<enclosure url="https://old.example/p.pdf" type="application/pdf"/>'
        )
    )

    *others, piece = read_feed(file, site)

    assert (site.title, site.address) == ("The Old Institute", "https://old.example/")
    assert [r.name for r in others if isinstance(r, PersonRecord)] == [
        "Ada Verne",
        "Jo Hill",
    ]
    assert [(r.slug, r.name) for r in others if isinstance(r, TermRecord)] == [
        ("foreign-policy", "Foreign policy"),
        ("asia", "Asia"),
    ]
    assert [r.url for r in others if isinstance(r, MediaRecord)] == [
        "https://old.example/map.jpg",
        "https://old.example/p.pdf",
    ]
    assert piece == PieceRecord(
        source_id="1 at https://old.example",
        type="item",
        state=SourceState.PUBLISHED,
        title="A piece",
        html="<p>Words &amp; more.</p>"
        '<p><a href="https://old.example/p.pdf">p.pdf</a></p>',
        slug="1",
        language="de",
        addresses=("https://old.example/node/1",),
        published_at=datetime(2019, 3, 4, 10, 30, tzinfo=UTC),
        authors=("Ada Verne", "Jo Hill"),
        terms=(("category", "foreign-policy"), ("category", "asia")),
        image="https://old.example/map.jpg",
    )


def test_an_entry_of_atom_is_read_with_all_that_belongs_to_it():
    file = atom(
        "<entry><id>urn:1</id><title type='html'>A &amp;lt;b&amp;gt; "
        "&lt;b&gt;c&lt;/b&gt;</title><link rel='replies' href='https://old.example/r'/>"
        "<link href='https://old.example/2019/a-piece.html'/>"
        "<link rel='enclosure' type='image/png' href='https://old.example/i.png'/>"
        "<author><name>Ada Verne</name><email>ada@old.example</email></author>"
        "<category term='asia' label='Asia'/>"
        "<published>2019-03-04T10:30:00Z</published>"
        "<updated>2019-03-05T10:30:00+01:00</updated>"
        "<summary>In short.</summary>"
        "<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>Long "
        "<em>words</em></p></div></content></entry>"
    )

    person, term, image, piece = read(file)

    assert (person.name, person.email) == ("Ada Verne", "ada@old.example")
    assert (term.slug, term.name) == ("asia", "Asia")
    assert piece.title == "A <b> c"
    assert piece.html == "<div><p>Long <em>words</em></p></div>"
    assert piece.standfirst == "In short."
    assert piece.image == image.url == "https://old.example/i.png"
    assert piece.addresses == ("https://old.example/2019/a-piece.html",)
    assert piece.slug == "a-piece"
    assert piece.published_at == datetime(2019, 3, 4, 10, 30, tzinfo=UTC)
    assert piece.modified_at == datetime(2019, 3, 5, 9, 30, tzinfo=UTC)


def test_rss_1_has_its_items_beside_the_channel():
    text = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        "<channel><title>Old</title><link>https://old.example</link></channel>"
        '<item rdf:about="https://old.example/1"><title>A</title>'
        "<link>https://old.example/1</link><dc:date>2019-03-04</dc:date>"
        "<description>Words</description></item></rdf:RDF>"
    )
    [piece] = read(io.BytesIO(text.encode()))
    assert piece.published_at == datetime(2019, 3, 4)
    assert piece.html == "Words"


def test_a_text_beside_a_teaser_is_the_text_and_the_teaser_is_left_out():
    full = "<content:encoded><![CDATA[<p>One two three.</p>]]></content:encoded>"
    piece = read_piece(f"<description>One two […]</description>{full}")
    assert (piece.html, piece.standfirst) == ("<p>One two three.</p>", "")
    piece = read_piece(f"<description>In short.</description>{full}")
    assert (piece.html, piece.standfirst) == ("<p>One two three.</p>", "In short.")


@pytest.mark.parametrize(
    "end", ["…", "[...]", '&lt;a href="/1"&gt;Read more&lt;/a&gt;']
)
def test_a_feed_with_only_the_beginning_of_texts_says_so(end):
    piece = read_piece(f"<description>One two {end}</description>")
    assert piece.losses == (
        "the end of the text (the feed seems to have only its beginning)",
    )
    assert read_piece("").losses == ("the text",)


def test_an_author_of_rss_may_be_an_address_with_a_name():
    inner = "<description>W</description><author>ada@old.example (Ada Verne)</author>"
    [person] = read(rss(item(inner)), PersonRecord)
    assert (person.name, person.email) == ("Ada Verne", "ada@old.example")
    inner = "<description>W</description><author>ada@old.example</author>"
    assert read(rss(item(inner)), PersonRecord) == []


def test_people_and_terms_are_told_of_once():
    inner = "<description>W</description><dc:creator>Ada</dc:creator>"
    inner += "<category>Asia</category>"
    records = read(rss(item(inner, number=1), item(inner, number=2)))
    assert [type(record) for record in records] == [
        PersonRecord,
        TermRecord,
        PieceRecord,
        PieceRecord,
    ]


def test_images_of_a_text_are_told_of_once():
    inner = (
        "<content:encoded><![CDATA[<img src='/a.png' alt='A &amp; B'>"
        '<img class=x src="https://cdn.example/b.png?x=1&amp;y=2">'
        "<img src='/a.png'><img src='data:image/png;base64,x'>]]></content:encoded>"
    )
    images = read(rss(item(inner), item(inner, number=2)), MediaRecord)
    assert [(image.url, image.alt) for image in images] == [
        ("/a.png", "A & B"),
        ("https://cdn.example/b.png?x=1&y=2", ""),
    ]


def test_a_date_that_cannot_be_read_is_told():
    piece = read_piece("<description>W</description><pubDate>Soon</pubDate>")
    assert piece.published_at is None
    assert piece.losses == ("the date (“Soon”)",)


def test_an_item_without_a_name_of_its_own_costs_the_others_nothing():
    nameless = "<item><title>Lost</title></item>"
    records = read(rss(nameless, item("<description>W</description>")))
    assert [type(record) for record in records] == [Unreadable, PieceRecord]
    assert "Lost" in records[0].reason


# What is broken


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html><body>No feed</body></html>",
        "{}",
        '<!DOCTYPE rss [<!ENTITY a "b">]><rss><channel></channel></rss>',
        '<rss xmlns:wp="http://wordpress.org/export/1.2/"><channel></channel></rss>',
    ],
)
def test_a_file_of_another_kind_is_refused(text):
    with pytest.raises(NotAnExport):
        read(io.BytesIO(text.encode()))


def test_broken_entities_and_control_characters_cost_nothing():
    piece = read_piece("<description>A &nbsp;&bogus; \x0b&#11; B</description>")
    assert piece.html == "A \xa0&bogus;  B"


def test_a_feed_that_ends_early_gives_what_it_has_and_says_so():
    whole = rss(item("<description>One</description>"), item(number=2)).getvalue()
    records = read(io.BytesIO(whole[: whole.rindex(b"<guid")]))
    assert [type(record) for record in records] == [PieceRecord, Unreadable]


def test_a_text_beyond_all_measure_costs_its_item_alone():
    long = f"<content:encoded><![CDATA[{'x ' * 2_000_000}]]></content:encoded>"
    records = read(rss(item(long), item("<description>W</description>", number=2)))
    assert [type(record) for record in records] == [Unreadable, PieceRecord]


@given(st.text(max_size=40))
def test_whatever_stands_for_a_date_is_a_time_or_none(text):
    found = parse_time(text)
    assert found is None or found.tzinfo in (None, UTC)


@given(st.text(max_size=200), st.integers(0, 900), st.sampled_from([rss, atom]))
def test_whatever_is_written_into_a_feed_records_or_a_refusal_come_out(
    junk, place, write
):
    inner = item("<description>W</description>")
    content = write(inner.replace("item", "entry") if write is atom else inner)
    content = content.getvalue()
    with suppress(NotAnExport):
        read(io.BytesIO(content[:place] + junk.encode() + content[place:]))
