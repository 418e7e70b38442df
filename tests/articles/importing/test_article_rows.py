"""Articles come from a CSV file, whoever wrote it; a bad row costs only itself."""

import csv
import io
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.importing.article_rows import read_articles
from articles.importing.partial_dates import parse_moment
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


def table(*rows, delimiter=",", encoding="utf-8"):
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return io.BytesIO(text.getvalue().encode(encoding))


def read(file, kind=object):
    return [r for r in read_articles(file, Site()) if isinstance(r, kind)]


def read_row(**cells):
    row = {"title": "A piece", "text": "Words."} | cells
    return read(table({name.replace("_", " "): cell for name, cell in row.items()}))


def read_piece(**cells):
    [piece] = (r for r in read_row(**cells) if not isinstance(r, MediaRecord))
    assert isinstance(piece, PieceRecord), piece
    return piece


def reason(**cells):
    [row] = read_row(**cells)
    assert isinstance(row, Unreadable)
    return row.reason


def test_a_row_is_read_with_all_that_belongs_to_it():
    *others, piece = read_row(
        id="17",
        standfirst="In short.",
        slug="A Piece",
        address="https://old.example/a https://old.example/?p=17",
        published="2019-03-04 10:30",
        changed="2019-03-05T10:30:00Z",
        state="Published",
        language="fr_BE",
        kind="brief",
        authors="Verne, Ada; Jo Hill",
        topics="Foreign policy|Trade",
        regions="Asia",
        image="https://old.example/i.png",
        image_alt="A map",
        image_caption="By us",
        seo_title="Short",
        seo_description="Shorter.",
        pick="yes",
        translation_of="en-17",
    )

    assert [r.name for r in others if isinstance(r, PersonRecord)] == [
        "Verne, Ada",
        "Jo Hill",
    ]
    assert [
        (r.taxonomy, r.slug, r.name) for r in others if isinstance(r, TermRecord)
    ] == [
        ("topic", "foreign-policy", "Foreign policy"),
        ("topic", "trade", "Trade"),
        ("region", "asia", "Asia"),
    ]
    assert others[-1] == MediaRecord(
        source_id="https://old.example/i.png",
        url="https://old.example/i.png",
        alt="A map",
        caption="By us",
    )
    assert piece == PieceRecord(
        source_id="17",
        type="brief",
        state=SourceState.PUBLISHED,
        title="A piece",
        html="<p>Words.</p>",
        standfirst="In short.",
        slug="a-piece",
        language="fr",
        addresses=("https://old.example/a", "https://old.example/?p=17"),
        published_at=datetime(2019, 3, 4, 10, 30),
        modified_at=datetime(2019, 3, 5, 10, 30, tzinfo=UTC),
        authors=("Verne, Ada", "Jo Hill"),
        terms=(
            ("topic", "foreign-policy"),
            ("topic", "trade"),
            ("region", "asia"),
        ),
        image="https://old.example/i.png",
        seo_title="Short",
        seo_description="Shorter.",
        is_pick=True,
        translation_group="en-17",
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
def test_separator_and_encoding_are_found(delimiter, encoding):
    file = table(
        {"Headline": "Österreichs Außenpolitik", "Body": "Über, Größe; ähnlich."},
        delimiter=delimiter,
        encoding=encoding,
    )
    [piece] = read(file)
    assert piece.title == "Österreichs Außenpolitik"
    assert piece.html == "<p>Über, Größe; ähnlich.</p>"


def test_text_with_tags_is_html_and_text_without_has_paragraphs():
    assert read_piece(text="<p>A &amp; B</p>").html == "<p>A &amp; B</p>"
    plain = read_piece(text="A & B\r\n\r\nif x < 3")
    assert plain.html == "<p>A &amp; B</p>\n<p>if x &lt; 3</p>"


def test_a_long_text_of_many_lines_is_one_cell():
    text = "\n".join(f"Line {n} of a report." for n in range(15_000))
    assert "Line 14999" in read_piece(text=text).html


def test_nothing_is_published_that_does_not_say_so():
    assert read_piece(published="2019-03-04").state == SourceState.DRAFT
    assert "is not a state" in reason(state="ready")
    assert "has no date" in reason(state="scheduled")


@pytest.mark.parametrize(
    ("text", "day", "precision"),
    [
        ("2019", (2019, 1, 1), "year"),
        ("2019-03", (2019, 3, 1), "month"),
        ("2019-03-04", (2019, 3, 4), "day"),
        ("4.3.2019", (2019, 3, 4), "day"),
    ],
)
def test_a_date_is_as_precise_as_it_is_known(text, day, precision):
    piece = read_piece(published=text)
    assert piece.published_at.timetuple()[:4] == (*day, 12)
    assert piece.precision == precision


@pytest.mark.parametrize("text", ["03/04/2019", "2019-13-01", "soon", "0001-01-01"])
def test_a_date_that_can_be_read_in_two_ways_or_none_refuses_the_row(text):
    assert text in reason(published=text)


def test_a_row_without_an_id_is_known_by_its_address_or_its_title_and_date():
    assert read_piece(address="/a").source_id == "/a"
    first, again = read_piece(published="2019"), read_piece(published="2019", text="!")
    assert first.source_id == again.source_id
    assert read_piece(published="2020").source_id != first.source_id


@pytest.mark.parametrize("text", ["", " ", "<p>&nbsp;</p>", "<p><br></p>"])
def test_a_row_without_a_text_is_refused(text):
    assert "no text" in reason(text=text)


def test_an_image_is_a_text():
    assert read_piece(text='<p><img src="/a.jpg"></p>').title == "A piece"


def test_lines_are_those_of_a_spreadsheet():
    # A cell may have several lines, and an empty row is one.
    file = io.BytesIO(b'title,text\nOne,"a\n\nb"\n,\n,Words.\n')
    refused = [r.reason for r in read(file) if isinstance(r, Unreadable)]
    assert refused == ["Line 4: It has no title."]


def test_a_bad_row_is_named_and_costs_the_others_nothing():
    file = io.BytesIO(
        b"title,text,id\nGood,Words.,1\n,No title,2\nMore, cells, than, columns\n"
        b"Twice,Words.,1\nLast,Words.,3\n"
    )
    records = read(file)
    assert [r.title for r in records if isinstance(r, PieceRecord)] == ["Good", "Last"]
    assert [r.reason for r in records if isinstance(r, Unreadable)] == [
        "Line 3: It has no title.",
        "Line 4: More cells than columns: put quotation marks around a text with a "
        "comma.",
        "Line 5: Another row above has the id “1”.",
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"a,b\n1,2\n", "“title” and “text”"),
        (b"PK\x03\x04workbook", "Excel"),
        (b"title,text,title\n", "Two columns"),
    ],
)
def test_a_file_of_another_kind_is_refused_with_advice(content, words):
    with pytest.raises(NotAnExport, match=words):
        read(io.BytesIO(content))


@given(st.text(max_size=12))
def test_whatever_stands_for_a_time_is_one_or_refused(text):
    with suppress(ValueError):
        moment, precision = parse_moment(text)
        assert moment.tzinfo in (None, UTC)
        assert precision in ("day", "month", "year")


cells = st.dictionaries(
    st.sampled_from(["id", "published", "state", "authors", "topics", "image", "pick"]),
    st.text(max_size=20),
)


@given(st.lists(cells, min_size=1, max_size=4))
def test_whatever_the_cells_hold_each_row_is_an_article_or_refused(rows):
    file = table(*({"title": "T", "text": "W"} | row for row in rows))
    records = read(file, (PieceRecord, Unreadable))
    assert len(records) == len(rows)


@given(st.binary(max_size=300))
def test_whatever_bytes_come_records_or_a_refusal_come_out(junk):
    with suppress(NotAnExport):
        read(io.BytesIO(b"title,text\n" + junk))
