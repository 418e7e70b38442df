"""A text that Ghost exports only as its editor stores it comes over as HTML."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.importing.ghost_editor import write_stored
from tests.articles.importing.test_ghost import read_piece


def text(words, bits=0):
    return {"type": "extended-text", "text": words, "format": bits}


def node(name, *children, **fields):
    return {"type": name, "children": list(children), **fields}


def lexical(*nodes):
    state = json.dumps({"root": node("root", *nodes)})
    return read_piece(html=None, plaintext="Plain.", lexical=state)


def mobiledoc(*sections, **fields):
    document = {"version": "0.3.1", "atoms": [], "cards": [], "markups": [], **fields}
    written = json.dumps({**document, "sections": sections})
    return read_piece(html=None, lexical=None, mobiledoc=written)


@pytest.mark.parametrize(
    ("stored", "html"),
    [
        (node("paragraph", text("One <b>")), "<p>One &lt;b&gt;</p>"),
        (node("extended-heading", text("Two"), tag="h3"), "<h3>Two</h3>"),
        (node("extended-quote", text("Three")), "<blockquote>Three</blockquote>"),
        (
            node("list", node("listitem", text("Four")), listType="number", tag="ol"),
            "<ol><li>Four</li></ol>",
        ),
        (
            node("paragraph", text("a", 3), {"type": "linebreak"}, text("b", 16)),
            "<p><em><strong>a</strong></em><br><code>b</code></p>",
        ),
        (
            node("paragraph", node("link", text("it"), url="__GHOST_URL__/two/")),
            '<p><a href="https://old.example/two/">it</a></p>',
        ),
        ({"type": "horizontalrule"}, "<hr>"),
        (
            {"type": "html", "html": "<table><tr><td>1</td></tr></table>"},
            "<table><tr><td>1</td></tr></table>",
        ),
    ],
)
def test_nodes_become_elements(stored, html):
    piece = lexical(stored)
    assert piece.html == html
    assert piece.losses == ()


def test_cards_become_what_those_of_a_page_become():
    image = {"type": "image", "src": "/a.png", "alt": "A map", "caption": "<b>Map</b>"}
    gallery = {"type": "gallery", "images": [{"src": "/b.png"}, {"src": "/c.png"}]}
    about = {"title": "A page", "publisher": "The Post"}
    bookmark = {"type": "bookmark", "url": "https://b.example", "metadata": about}
    embed = {"type": "embed", "url": "https://v.example", "html": "<script></script>"}
    callout = {"type": "callout", "calloutText": "<p>Mind <i>this</i></p>"}
    toggle = {"type": "toggle", "heading": "More", "content": "<p>Words.</p>"}
    piece = lexical(image, gallery, bookmark, embed, callout, toggle)
    for part in (
        '<img src="/a.png" alt="A map">',
        "<figcaption><b>Map</b></figcaption>",
        '<figure><img src="/c.png" alt=""></figure>',
        '<a href="https://b.example">A page</a> (The Post)',
        '<a href="https://v.example">https://v.example</a>',
        "<i>this</i>",
        "<h3>More</h3>",
    ):
        assert part in piece.html
    assert "frame around a callout" in piece.losses


def test_what_is_unknown_is_named():
    piece = lexical(
        {"type": "product", "productTitle": "A mug"},
        node("poll", text("Yes or no?")),
        {"type": "signup"},
    )
    assert piece.html.startswith("<p>Yes or no?</p>")
    assert piece.losses == (
        "card “product”",
        "“poll” (its text was kept)",
        "sign-up form",
    )


def test_a_mobiledoc_is_read_with_its_marks_and_cards():
    piece = mobiledoc(
        [1, "h2", [[0, [], 0, "Head"]]],
        [1, "p", [[0, [0], 0, "bold "], [0, [1], 2, "link"], [1, [], 0, 0]]],
        [3, "ul", [[[0, [], 0, "One"]], [[0, [], 0, "Two"]]]],
        [10, 0],
        [10, 1],
        atoms=[["soft-return", "", {}]],
        cards=[["hr", {}], ["image", {"src": "/a.png"}]],
        markups=[["strong"], ["a", ["rel", "nofollow", "href", "https://a.example"]]],
    )
    assert piece.html.startswith(
        '<h2>Head</h2><p><strong>bold <a href="https://a.example">link</a></strong>'
        "<br></p><ul><li>One</li><li>Two</li></ul><hr>"
    )
    assert '<img src="/a.png" alt="">' in piece.html


@pytest.mark.parametrize("state", ["{", "[]", '{"root": 1}', "[" * 5000, "null"])
def test_what_cannot_be_read_is_plain_text(state):
    piece = read_piece(html=None, plaintext="Plain.", lexical=state)
    assert piece.html == "<p>Plain.</p>"
    assert piece.losses == ("formatting and images (the export has plain text only)",)


def test_what_is_nested_too_deep_is_plain_text():
    deep = text("a")
    for _ in range(100):
        deep = node("quote", deep)
    assert lexical(deep).html == "<p>Plain.</p>"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(["type", "children", "root", "sections", "cards", "text"]),
            inner,
        )
    ),
    max_leaves=20,
)


@given(_JSON)
def test_whatever_is_stored_ends_no_import(state):
    for form, name in (("lexical", "root"), ("mobiledoc", "sections")):
        written = write_stored(form, json.dumps({name: state}))
        assert written is None or isinstance(written[0], str)
