"""Markdown becomes a manuscript with footnotes and images, as Word's files do."""

import base64
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.importing.manuscripts import read_manuscript
from articles.importing.packages import UnreadableManuscript
from tests.articles.importing.test_ghost import read_piece
from tests.factories import jpeg


def read(text, name="draft.md"):
    data = text if isinstance(text, bytes) else text.encode()
    return read_manuscript(io.BytesIO(data), name)


def test_headings_lists_and_links_become_elements():
    found = read(
        "# The veto\n\n## Part\n\nSee *this* and **that** at [it](https://a.example).\n"
        "\n1. One\n2. Two\n\n> Quoted.\n"
    )
    assert found.title == "The veto"
    assert "<h2>Part</h2>" in found.html
    assert '<em>this</em> and <strong>that</strong> at <a href="https://a' in found.html
    assert "<ol>" in found.html
    assert "<blockquote>" in found.html
    assert found.losses == ()


def test_a_table_is_kept():
    html = read("| State | Vote |\n| --- | --- |\n| Malta | Yes |\n").html
    assert "<td>Malta</td>" in html


def test_footnotes_become_ours_where_their_numbers_are():
    html = read("Words[^a], more^[An *inline* one.].\n\n[^a]: The note.\n").html
    assert '<p>Words<span class="footnote">The note.</span>, more' in html
    assert '<span class="footnote">An <em>inline</em> one.</span>' in html
    assert "<ol>" not in html
    assert "<hr" not in html


def test_a_note_that_is_cited_twice_stands_at_both_places():
    html = read("Words[^a], more[^a].\n\n[^a]: The note.\n").html
    assert html.count('<span class="footnote">The note.</span>') == 2
    assert "↩" not in html


def test_title_and_standfirst_are_taken_from_the_lines_at_the_head():
    found = read('---\ntitle: "The veto"\nsubtitle: What it hides\n---\n\nWords.\n')
    assert (found.title, found.standfirst) == ("The veto", "What it hides")
    assert found.html == "<p>Words.</p>"


def test_images_in_the_file_are_taken_and_others_are_told():
    # As Google Docs writes them.
    data = base64.b64encode(jpeg()).decode()
    found = read(
        f"![A map][image1]\n\n![](b.png)\n\n[image1]: <data:image/jpeg;base64,{data}>\n"
    )
    [image] = found.images
    assert (image.content, image.alt) == (jpeg(), "A map")
    assert image.src in found.html
    assert "1 image that cannot be shown" in found.losses


def test_html_in_markdown_is_cleaned():
    html = read("Words <script>alert(1)</script> <b onclick='x'>here</b>\n").html
    assert "script" not in html
    assert "onclick" not in html


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"a\0b"])
def test_what_is_no_text_is_refused(data):
    with pytest.raises(UnreadableManuscript, match="not text"):
        read(data)


@given(st.text(max_size=400))
def test_whatever_is_written_is_a_manuscript(text):
    read(text.replace("\0", "").encode(errors="ignore"))


def test_a_markdown_card_of_ghost_is_read_as_well():
    card = {"type": "markdown", "markdown": "A[^1]\n\n[^1]: B"}
    state = json.dumps({"root": {"children": [card]}})
    piece = read_piece(html=None, lexical=state)
    assert '<span class="footnote">B</span>' in piece.html
