"""A Word document comes with all of its text, and without what its writer hid."""

import io

import pytest

from articles.importing.manuscripts import read_manuscript
from tests.articles.importing.docx import build, deleted, inserted, p, r


def read(*blocks, reject=False):
    return read_manuscript(io.BytesIO(build(*blocks)), "draft.docx", reject)


def hidden(text, value=""):
    return f"<w:r><w:rPr><w:vanish{value}/></w:rPr><w:t>{text}</w:t></w:r>"


def marked(change, *runs):
    """A paragraph whose end was inserted or deleted."""
    mark = f'<w:pPr><w:rPr><w:{change} w:id="9" w:author="B"/></w:rPr></w:pPr>'
    return p(mark, *runs)


def row(*runs, change=""):
    properties = f'<w:trPr><w:{change} w:id="8" w:author="B"/></w:trPr>'
    return f"<w:tr>{properties if change else ''}<w:tc>{p(*runs)}</w:tc></w:tr>"


def table(*rows):
    return f"<w:tbl>{''.join(rows)}</w:tbl>"


@pytest.mark.parametrize(
    ("xml", "html"),
    [
        (f'<w:fldSimple w:instr=" SEQ Table ">{r("7")}</w:fldSimple>', "7"),
        (
            "<w:fldSimple w:instr=' HYPERLINK \"https://a.example/\" '>"
            f"{r('link')}</w:fldSimple>",
            '<a href="https://a.example/">link</a>',
        ),
        (f'<w:dir w:val="rtl"><w:bdo w:val="ltr">{r("x")}</w:bdo></w:dir>', "x"),
        (
            f"<w:r><w:ruby><w:rubyPr/><w:rt>{r('kan')}</w:rt>"
            f"<w:rubyBase>{r('漢')}</w:rubyBase></w:ruby></w:r>",
            "漢(kan)",
        ),
    ],
)
@pytest.mark.parametrize("reject", [False, True])
def test_the_text_in_an_element_that_mammoth_does_not_know_is_kept(xml, html, reject):
    found = read(p("Table ", xml, ": words."), reject=reject)
    assert found.html == f"<p>Table {html}: words.</p>"
    assert not found.losses


def test_hidden_text_is_left_out_and_named():
    shown = hidden("shown", ' w:val="false"')
    found = read(p("One ", hidden("se"), hidden("cret"), shown, " two ", hidden("x")))
    assert found.html == "<p>One shown two</p>"
    assert found.losses == ("2 hidden texts",)


def test_a_deleted_end_of_a_paragraph_comes_back_if_changes_are_rejected():
    blocks = marked("del", "One. "), p("Two.")
    assert read(*blocks).html == "<p>One. Two.</p>"
    assert read(*blocks, reject=True).html == "<p>One.</p>\n<p>Two.</p>"


def test_an_inserted_end_of_a_paragraph_goes():
    blocks = marked("ins", "One. "), marked("ins", inserted("New.")), p("Two.")
    assert read(*blocks, reject=True).html == "<p>One. Two.</p>"
    # A table cannot go on with it.
    blocks = marked("ins", "One."), table(row("Cell."))
    assert read(*blocks, reject=True).html.startswith("<p>One.</p>\n<table>")


def test_rows_come_and_go_with_their_changes():
    rows = row(inserted("new"), change="ins"), row(deleted("old"), change="del")
    whole = table(*rows, row("both"))
    accepted, rejected = read(whole).html, read(whole, reject=True).html
    assert [word in accepted for word in ("new", "old", "both")] == [True, False, True]
    assert [word in rejected for word in ("new", "old", "both")] == [False, True, True]
    assert accepted.count("<tr>") == rejected.count("<tr>") == 2
    assert read(p("Words."), table(rows[0]), reject=True).html == "<p>Words.</p>"
