"""A WordPress export is read as far as it can be, and never trusted."""

import io
import tracemalloc
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from articles.importing.wxr import read_export
from tests.articles.importing.wxr import HEAD, author, category, export, item, term


def read(file, kind=object):
    return [row for row in read_export(file, Site()) if isinstance(row, kind)]


def read_piece(**fields):
    [piece] = read(export(item(**fields)))
    return piece


def test_the_head_says_what_site_it_is():
    site = Site()
    list(read_export(export(), site))
    assert (site.title, site.address, site.language, site.version) == (
        "The Old Institute",
        "https://old.example",
        "en-GB",
        "1.2",
    )


def test_a_post_is_read_with_all_that_belongs_to_it():
    piece = read_piece(
        number=47,
        title="Europe&#8217;s &amp; others",
        text="One.\n\nTwo ]]> three &nbsp; &euro;.",
        excerpt="In short.",
        slug="europes",
        terms=[
            ("category", "energy"),
            ("post_tag", "gas"),
            ("author", "cap-ben"),
            ("author", "cap-ada"),
        ],
        meta=[
            ("_thumbnail_id", "7"),
            ("_yoast_wpseo_title", "Europe %%sep%% %%sitename%%"),
            ("rank_math_description", "What it says."),
            ("_wp_old_slug", "europe"),
        ],
        sticky=1,
    )
    assert piece == PieceRecord(
        source_id="47",
        type="post",
        state=SourceState.PUBLISHED,
        title="Europe’s & others",
        html="One.\n\nTwo ]]> three \N{NO-BREAK SPACE} €.",
        style="classic",
        standfirst="In short.",
        slug="europes",
        language="en",
        addresses=(
            "https://old.example/2019/03/europes/",
            "https://old.example/?p=47",
            "https://old.example/2019/03/europe/",
        ),
        published_at=datetime(2019, 3, 4, 10, 30, tzinfo=UTC),
        authors=("cap-ben", "cap-ada"),
        terms=(("category", "energy"), ("post_tag", "gas")),
        image="7",
        seo_title="Europe",
        seo_description="What it says.",
        is_pick=True,
    )


@pytest.mark.parametrize(
    ("status", "password", "state"),
    [
        ("publish", "", "published"),
        ("publish", "secret", "password"),
        ("future", "", "scheduled"),
        ("future", "secret", "password"),
        ("private", "", "private"),
        ("draft", "", "draft"),
        ("pending", "", "draft"),
        ("inherit", "", "draft"),
        ("acf-disabled", "", "draft"),
        ("trash", "", "trash"),
    ],
)
def test_nothing_is_published_that_was_not(status, password, state):
    assert read_piece(status=status, password=password).state == state


def test_people_terms_and_images_are_read():
    rows = read(
        export(
            author(),
            category("energy", "Energy &amp; climate", parent="policy"),
            term("region", "mena", "Middle East"),
            item(
                7,
                "Table",
                type="attachment",
                status="inherit",
                slug="table",
                excerpt="A table.",
                file="https://old.example/wp-content/uploads/t.jpg",
                meta=[
                    ("_wp_attachment_image_alt", "A long table"),
                    ("_wp_attached_file", "2019/03/t.jpg"),
                ],
            ),
            item(
                9,
                "Ben Gast",
                type="guest-author",
                slug="cap-ben",
                meta=[("cap-user_login", "ben"), ("cap-description", "Ben writes.")],
            ),
        )
    )
    person, energy, region, table, guest = rows
    assert person == PersonRecord(
        "author-ada",
        "Ada Verne",
        slug="ada",
        email="ada@old.example",
        logins=("ada", "cap-ada", "user-1"),
    )
    assert energy == TermRecord(
        "category-energy",
        "category",
        "energy",
        "Energy & climate",
        parent="policy",
        number="5",
    )
    assert (region.taxonomy, region.name) == ("region", "Middle East")
    assert isinstance(table, MediaRecord)
    assert (table.path, table.alt, table.caption) == (
        "2019/03/t.jpg",
        "A long table",
        "A table.",
    )
    assert (guest.name, guest.biography) == ("Ben Gast", "Ben writes.")
    assert "cap-ben" in guest.logins


def test_the_block_editors_footnotes_and_reusable_blocks_are_read():
    site = Site()
    rows = list(
        read_export(
            export(
                item(5, "Shared", "<!-- wp:paragraph --><p>S</p>", type="wp_block"),
                item(
                    6,
                    text="<!-- wp:x --><p>T</p>",
                    meta=[("footnotes", '[{"content":"See it","id":"a-1"}]')],
                ),
                item(8, meta=[("footnotes", "[broken")]),
            ),
            site,
        )
    )
    assert site.blocks == {"5": "<!-- wp:paragraph --><p>S</p>"}
    assert (rows[0].style, rows[0].notes) == ("blocks", {"a-1": "See it"})
    assert rows[1].losses == ("footnotes that cannot be read",)


@pytest.mark.parametrize(
    ("terms", "meta", "language"),
    [
        ([("language", "de")], [], "de"),
        ([], [("_wpml_language", "pt-br")], "pt"),
        ([], [], "en"),
    ],
)
def test_languages_of_plugins_are_read(terms, meta, language):
    assert read_piece(terms=terms, meta=meta).language == language


def test_several_authors_of_molongui_keep_their_order_and_are_found():
    meta = [("_molongui_author", "guest-17"), ("_molongui_author", "user-1")]
    fields = [
        ("_molongui_guest_author_display_name", "Mona Longi"),
        ("_molongui_guest_author_web", "https://mona.example/"),
    ]
    user, guest, piece = read(
        export(
            author(),
            item(17, text="Mona writes.", type="guest_author", meta=fields),
            item(18, meta=meta),
        )
    )
    assert piece.authors == ("guest-17", "user-1")
    assert "user-1" in user.logins
    assert "guest-17" in guest.logins
    assert (guest.name, guest.biography) == ("Mona Longi", "Mona writes.")
    assert guest.website == "https://mona.example/"


@pytest.mark.parametrize(
    ("login", "slug"),
    [
        ("jose.garcia", "jose-garcia"),
        ("Oleh P", "oleh-p"),
        ("émile_z", "emile_z"),
        ("a@b.example", "ab-example"),
    ],
)
def test_a_users_address_is_made_of_the_login_as_wordpress_does(login, slug):
    [person] = read(export(author(login)), PersonRecord)
    assert person.slug == slug
    assert f"cap-{slug}" in person.logins


def test_what_plugins_file_under_terms_is_no_subject():
    rows = read(
        export(
            term("author", "cap-ada", "ada"),
            term("language", "de", "Deutsch"),
            term("post_translations", "pll_1", "pll_1"),
            term("region", "mena", "Middle East"),
        )
    )
    assert [row.taxonomy for row in rows] == ["region"]


def test_a_date_without_a_zone_has_none_and_is_told():
    piece = read_piece(date="2004-07-15 12:00:00", date_gmt="0000-00-00 00:00:00")
    assert piece.published_at == datetime(2004, 7, 15, 12, 0)  # noqa: DTZ001
    assert piece.losses == ("the time zone of its date",)


def test_a_title_may_compare_numbers():
    assert read_piece(title="5 < 6 and <em>7</em> > 3").title == "5 < 6 and 7 > 3"


def test_an_item_that_is_no_text_is_left_out():
    rows = read(export(item(type="nav_menu_item"), item(type="revision")))
    assert not rows


# What is broken


@pytest.mark.parametrize(
    ("broken", "kept"),
    [
        ("a\x00b\x08c\x1fd", "abcd"),
        ("na&iuml;ve &hellip;", "naïve …"),
        ("AT&T &unknown; &", "AT&T &amp;unknown; &"),
        ("a &#0;&#x1F; b", "a  b"),
        ("a &LT;b&GT; c", "a &lt;b&gt; c"),
    ],
)
def test_what_xml_does_not_have_costs_nothing_else(broken, kept):
    assert read_piece(text=broken).html == kept


def test_an_ampersand_outside_of_cdata_is_one():
    broken = item(title="@@").replace("<![CDATA[@@]]>", "AT&T & <b>x</b> &amp; y &c;")
    assert read(export(broken))[0].title == "AT&T & x & y &c;"


def test_cdata_in_cdata_keeps_the_text():
    broken = item(text="@@").replace("@@", "<p>One <![CDATA[two]]> three</p>")
    rows = read(export(broken, item(2, "Next")))
    assert "three" in rows[0].html
    assert rows[-1].title == "Next"


def test_an_export_that_ends_early_gives_what_is_there():
    whole = export(item(1), item(2), item(3)).getvalue()
    rows = read(io.BytesIO(whole[: whole.rindex(b"<item>") + 200]))
    assert [row.source_id for row in rows if isinstance(row, PieceRecord)] == ["1", "2"]
    assert "ends in the middle" in rows[-1].reason


def test_a_block_without_a_number_is_named():
    rows = read(export(item("", "Lost", type="wp_block"), item(2)))
    reason = "“Lost” has no number and was left out."
    assert rows[0] == Unreadable("", reason)
    assert rows[1].source_id == "2"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "windows-1252"])
def test_other_encodings_are_read(encoding):
    text = export(item(title="Österreich")).getvalue().decode()
    text = text.replace('encoding="UTF-8"', f'encoding="{encoding}"')
    [piece] = read(io.BytesIO(text.encode(encoding)))
    assert piece.title == "Österreich"


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (b"PK\x03\x04 more", "ZIP"),
        (b"\x1f\x8b\x08 more", "compressed"),
        (b"<html><body>No</body></html>", "not a WordPress export"),
        (b"", "not a WordPress export"),
        (b'<?xml version="1.0"?><rss version="2.0"><channel/></rss>', "an RSS feed"),
    ],
)
def test_other_files_are_refused_with_what_they_are(file, words):
    with pytest.raises(NotAnExport, match=words):
        read(io.BytesIO(file))


def test_entities_of_its_own_are_refused():
    bomb = (
        '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">'
        '<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    )
    with pytest.raises(NotAnExport, match="entities"):
        read(export(item(title="&f;&b;"), head=bomb + HEAD))


def test_a_text_beyond_all_measure_ends_the_reading_and_says_so():
    rows = read(export(item(1), item(2, text="x" * 11_000_000), item(3)))
    assert rows[0].source_id == "1"
    assert any(isinstance(row, Unreadable) for row in rows)


def test_memory_depends_on_the_largest_item_and_not_on_the_file():
    def measure(count):
        file = export(*(item(number, text="word " * 2000) for number in range(count)))
        tracemalloc.start()
        for _ in read_export(file, Site()):
            pass
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert measure(400) < 2 * measure(40)


@given(st.binary(max_size=300), st.integers(0, 2000), st.integers(0, 300))
def test_any_damage_is_survived(noise, place, cut):
    whole = export(item(1), item(2)).getvalue()
    place = len(HEAD) + place
    damaged = whole[:place] + noise + whole[place + cut :]
    for row in read_export(io.BytesIO(damaged), Site()):
        assert row.source_id is not None
