"""A Ghost export is read as far as it can be, and never trusted."""

import io
import json
import tracemalloc
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.importing.ghost import read_export
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

HOME = "https://old.example"


def post(**fields):
    """A row of Ghost's table of posts, as Ghost 5 exports it."""
    return {
        "id": "64a0",
        "title": "The long border",
        "slug": "the-long-border",
        "html": "<p>Words.</p>",
        "lexical": '{"root":{"children":[]}}',
        "plaintext": "Words.",
        "feature_image": None,
        "featured": 0,
        "type": "post",
        "status": "published",
        "visibility": "public",
        "locale": None,
        "published_at": "2023-07-01T09:30:00.000Z",
        "updated_at": "2023-07-02T09:30:00.000Z",
        "canonical_url": None,
        "custom_excerpt": None,
    } | fields


def export(*posts, **tables):
    data = {"posts": posts, **tables}
    text = json.dumps({"db": [{"meta": {"version": "5.80.0"}, "data": data}]})
    return io.BytesIO(text.encode())


def read(file, kind=object, address=HOME):
    return [r for r in read_export(file, Site(address=address)) if isinstance(r, kind)]


def read_piece(**fields):
    tables = {name: fields.pop(name) for name in ("posts_meta",) if name in fields}
    [piece] = read(export(post(**fields), **tables), PieceRecord)
    return piece


def html_of(html):
    return read_piece(html=html).html


def test_a_post_is_read_with_all_that_belongs_to_it():
    file = export(
        post(
            featured=1,
            custom_excerpt="In short.",
            feature_image="__GHOST_URL__/content/images/2023/07/map.png",
        ),
        posts_meta=[
            {
                "post_id": "64a0",
                "meta_title": "Borders",
                "meta_description": "On borders.",
                "feature_image_alt": "A map",
                "feature_image_caption": "By <b>us</b>",
            }
        ],
        tags=[
            {"id": "t1", "name": "Borders", "slug": "borders"},
            {"id": "t2", "name": "#wide", "slug": "hash-wide"},
        ],
        posts_tags=[
            {"post_id": "64a0", "tag_id": "t2", "sort_order": 1},
            {"post_id": "64a0", "tag_id": "t1", "sort_order": 0},
        ],
        users=[
            {"id": "u1", "name": "Ada Verne", "slug": "ada", "email": "ada@old.example"}
        ],
        posts_authors=[
            {"post_id": "64a0", "author_id": "u2", "sort_order": 1},
            {"post_id": "64a0", "author_id": "u1", "sort_order": 0},
        ],
        settings=[{"key": "locale", "value": "fr-BE"}],
    )

    person, *terms, image, piece = read(file)

    assert (person.name, person.slug, person.logins) == (
        "Ada Verne",
        "ada",
        ("u1", "ada"),
    )
    assert [(term.taxonomy, term.slug) for term in terms] == [
        ("tag", "borders"),
        ("internal tag", "hash-wide"),
    ]
    assert image == MediaRecord(
        source_id=f"{HOME}/content/images/2023/07/map.png",
        url=f"{HOME}/content/images/2023/07/map.png",
        path="2023/07/map.png",
        alt="A map",
        caption="By <b>us</b>",
    )
    assert piece == PieceRecord(
        source_id="64a0",
        type="post",
        state=SourceState.PUBLISHED,
        title="The long border",
        html="<p>Words.</p>",
        standfirst="In short.",
        slug="the-long-border",
        language="fr",
        addresses=(f"{HOME}/the-long-border/",),
        published_at=datetime(2023, 7, 1, 9, 30, tzinfo=UTC),
        modified_at=datetime(2023, 7, 2, 9, 30, tzinfo=UTC),
        authors=("u1", "u2"),
        terms=(("tag", "borders"), ("internal tag", "hash-wide")),
        image=f"{HOME}/content/images/2023/07/map.png",
        seo_title="Borders",
        seo_description="On borders.",
        is_pick=True,
    )


def test_tables_may_come_in_any_order():
    first = {"posts_tags": [{"post_id": "64a0", "tag_id": "t1"}]}
    data = {
        **first,
        "posts": [post()],
        "tags": [{"id": "t1", "name": "A", "slug": "a"}],
    }
    file = io.BytesIO(json.dumps({"data": data, "meta": {}}).encode())

    [piece] = read(file, PieceRecord)

    assert piece.terms == (("tag", "a"),)


@pytest.mark.parametrize(
    ("fields", "state", "losses"),
    [
        ({}, SourceState.PUBLISHED, ()),
        ({"status": "draft"}, SourceState.DRAFT, ()),
        ({"status": "scheduled"}, SourceState.SCHEDULED, ()),
        (
            {"visibility": "members"},
            SourceState.PRIVATE,
            ("was for members",),
        ),
        ({"visibility": "paid"}, SourceState.PRIVATE, ("was for paying members",)),
        ({"visibility": "paid", "status": "draft"}, SourceState.DRAFT, ()),
        (
            {"status": "sent"},
            SourceState.PRIVATE,
            ("sent by e-mail only, and never on the site",),
        ),
        ({"status": "anything"}, SourceState.DRAFT, ()),
    ],
)
def test_what_was_not_for_everybody_is_not_public(fields, state, losses):
    piece = read_piece(**fields)
    assert (piece.state, piece.losses) == (state, losses)


def test_pages_are_told_from_posts():
    assert read_piece(type="page").type == "page"
    assert read_piece(type=None, page=1).type == "page"


def test_the_address_of_the_old_site_takes_its_place_in_texts():
    html = '<p><a href="__GHOST_URL__/about/">About</a></p>'
    assert html_of(html) == f'<p><a href="{HOME}/about/">About</a></p>'
    [piece] = read(export(post(html=html)), PieceRecord, address="")
    assert piece.html == '<p><a href="/about/">About</a></p>'
    assert piece.addresses == ("/the-long-border/",)


def test_a_canonical_address_of_the_site_is_an_old_address_and_another_is_told():
    own = read_piece(canonical_url="__GHOST_URL__/2019/the-border/")
    assert own.addresses[0] == f"{HOME}/2019/the-border/"
    other = read_piece(canonical_url="https://paper.example/border")
    assert other.addresses == (f"{HOME}/the-long-border/",)
    assert other.losses == ("address of the original (https://paper.example/border)",)


def test_times_are_understood_in_each_form_that_ghost_had():
    for value in ("2023-07-01 09:30:00", "2023-07-01T11:30:00+02:00", 1688203800000):
        moment = read_piece(published_at=value).published_at
        assert moment == datetime(2023, 7, 1, 9, 30, tzinfo=UTC)
    assert read_piece(published_at="soon").published_at is None


def test_a_text_that_is_not_there_as_html_is_told():
    plain = read_piece(html=None, plaintext="One <b>.\n\nTwo.")
    assert plain.html == "<p>One &lt;b&gt;.</p><p>Two.</p>"
    assert plain.losses == ("formatting and images (the export has plain text only)",)
    nothing = read_piece(html=None, plaintext=None, lexical="{broken")
    assert nothing.html == ""
    assert nothing.losses == ("the text (the export has it only as “lexical”)",)


def test_a_person_says_what_is_not_taken():
    user = {"id": "u", "name": "Ada", "slug": "ada", "twitter": "@ada"}
    [person] = read(export(post(), users=[user]), PersonRecord)
    assert person.losses == ("link to twitter",)


# Cards


def card(name, inner, tag="div"):
    return f'<{tag} class="kg-card kg-{name}-card">{inner}</{tag}>'


@pytest.mark.parametrize(
    ("html", "written", "loss"),
    [
        (
            card(
                "gallery",
                '<div class="kg-gallery-row"><img src="/a.png" alt="A">'
                '<img src="/b.png" alt=""></div><figcaption>Both</figcaption>',
                "figure",
            ),
            '<figure><img src="/a.png" alt="A"></figure>'
            '<figure><img src="/b.png" alt=""><figcaption>Both</figcaption></figure>',
            "",
        ),
        (
            card(
                "embed",
                '<iframe src="https://video.example/1" title="A talk"></iframe>'
                "<figcaption>In May</figcaption>",
                "figure",
            ),
            '<p><a href="https://video.example/1">A talk</a></p><p>In May</p>',
            "embedded page, now a link",
        ),
        (
            card(
                "bookmark",
                '<a class="kg-bookmark-container" href="https://x.example/">'
                '<div class="kg-bookmark-title">Title &amp; more</div>'
                '<span class="kg-bookmark-publisher">X</span></a>',
                "figure",
            ),
            '<p><a href="https://x.example/">Title &amp; more</a> (X)</p>',
            "bookmark card, now a link",
        ),
        (
            card(
                "callout",
                '<div class="kg-callout-emoji">!</div>'
                '<div class="kg-callout-text">Mind <b>this</b></div>',
            ),
            "<p>Mind <b>this</b></p>",
            "frame around a callout",
        ),
        (
            card(
                "toggle",
                '<div><h4 class="kg-toggle-heading-text">More</h4></div>'
                '<div class="kg-toggle-content"><p>In it</p></div>',
            ),
            "<h3>More</h3><p>In it</p>",
            "collapsible text, now always open",
        ),
        (
            card(
                "file",
                '<a href="/p.pdf"><div class="kg-file-card-title">Paper</div></a>',
            ),
            '<p><a href="/p.pdf">Paper</a></p>',
            "",
        ),
        (
            card("button", '<a href="/go" class="kg-btn">Go</a>'),
            '<p><a href="/go">Go</a></p>',
            "",
        ),
        (
            card("product", "<h4>A book</h4><p>Good.</p>"),
            "<h4>A book</h4><p>Good.</p>",
            "card “product” (its text was kept)",
        ),
        (card("signup", "<form><input></form>"), "", "sign-up form"),
        (
            "<!--kg-card-begin: html--><table><tbody><tr><td>1</td></tr></tbody>"
            "</table><!--kg-card-end: html-->",
            "<table><tbody><tr><td>1</td></tr></tbody></table>",
            "",
        ),
    ],
    ids=lambda value: value[:30] if value.startswith("<") else "",
)
def test_each_card_becomes_plain_html_and_says_what_it_lost(html, written, loss):
    piece = read_piece(html=f"<p>One</p>{html}<p>Two</p>")
    found = piece.html.replace("<div>", "").replace("</div>", "")
    assert found.startswith("<p>One</p>")
    assert found.endswith("<p>Two</p>")
    assert written in found
    assert piece.losses == ((loss,) if loss else ())


def test_an_image_inside_an_unfolding_text_is_kept():
    image = card("image", '<img src="/a.png" alt="A">', "figure")
    inner = card("file", '<a href="/p.pdf">P</a>') + image
    toggle = card("toggle", f'<div class="kg-toggle-content">{inner}</div>')
    html = html_of(toggle)
    assert '<img src="/a.png" alt="A">' in html
    assert '<a href="/p.pdf">' in html


def test_a_note_that_is_cited_twice_stands_at_both_places():
    html = html_of(
        '<p>A<sup><a href="#fn1" id="r1">1</a></sup> '
        'b<sup><a href="#fn1" id="r2">1</a></sup></p>'
        '<ol><li id="fn1">Note. <a href="#r1">↩</a> <a href="#r2">↩</a></li></ol>'
    )
    note = '<span class="footnote">Note.</span>'
    assert html == f"<p>A{note} b{note}</p>"


def test_footnotes_of_a_markdown_card_become_ours():
    html = html_of(
        '<p>Word<sup class="footnote-ref"><a href="#fn1" id="fnref1">[1]</a></sup></p>'
        '<ol><li id="fn1"><p>The note. <a href="#fnref1">↩︎</a></p></li></ol>'
    )
    assert '<span class="footnote">The note.</span>' in html
    assert "<ol>" not in html


# What is broken


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b'{"db": []}', b"<html></html>", b"PK\x03\x04", b'"text"'],
)
def test_a_file_of_another_kind_is_refused(content):
    with pytest.raises(NotAnExport):
        read(io.BytesIO(content))


def test_a_file_that_ends_early_gives_what_it_has_and_says_so():
    content = export(
        post(), post(id="2"), tags=[{"id": "t", "name": "T", "slug": "t"}]
    ).getvalue()
    records = read(io.BytesIO(content[: content.index(b'"id": "2"') + 40]))
    assert [type(record) for record in records] == [PieceRecord, Unreadable]
    assert "cannot be read any further" in records[1].reason


def test_a_row_that_is_no_post_costs_the_others_nothing():
    pieces = read(export({"title": "No id"}, post()))
    assert [type(piece) for piece in pieces] == [Unreadable, PieceRecord]
    assert "No id" in pieces[0].reason


def test_a_text_beyond_all_measure_costs_its_post_alone():
    long = post(id="1", html="<p>" + 'x" ' * 1_200_000)
    records = read(export(long, post(id="2")))
    assert [type(record) for record in records] == [Unreadable, PieceRecord]


@pytest.mark.parametrize(
    "content",
    [
        b'{"db":[{"data":{"posts":[{"id":"1","html":"' + b"x" * 20_000_000,
        b'{"db":[{"data":{"posts":[' + b'{"a":[' * 100_000,
        b'{"db":[{"data":{"posts":[{' + b'"a":1,' * 200_000,
    ],
    ids=["one string", "nesting", "fields"],
)
def test_hostile_json_ends_the_reading_early(content):
    tracemalloc.start()
    [record] = read(io.BytesIO(content))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(record, Unreadable)
    assert peak < 50_000_000


def test_memory_does_not_grow_with_the_file():
    def measure(number):
        posts = (
            post(id=str(n), html=f"<p>{'words ' * 2000}</p>") for n in range(number)
        )
        file = export(*posts)
        tracemalloc.start()
        found = sum(1 for _ in read_export(file, Site()))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert found == number
        return peak

    small, large = measure(100), measure(800)
    assert large < 1.5 * small


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
columns = st.sampled_from([*post(), "post_id", "tag_id", "author_id", "sort_order"])
tables = st.sampled_from(["posts", "tags", "posts_tags", "users", "posts_meta"])


@given(
    st.dictionaries(
        tables,
        st.lists(st.dictionaries(columns, json_values) | json_values, max_size=4),
    )
)
def test_whatever_the_tables_hold_records_or_a_refusal_come_out(data):
    file = export(**data) if "posts" in data else export(post(), **data)
    for record in read(file):
        assert isinstance(
            record,
            (PersonRecord, TermRecord, MediaRecord, PieceRecord, Unreadable),
        )


@given(st.binary(max_size=200), st.integers(0, 400))
def test_whatever_bytes_come_records_or_a_refusal_come_out(junk, place):
    content = export(post()).getvalue()
    with suppress(NotAnExport):
        read(io.BytesIO(content[:place] + junk + content[place:]))
