"""The zipped web page of Google Docs is a manuscript like others."""

import io

import pytest

from articles.importing.manuscripts import read_manuscript
from articles.importing.packages import UnreadableManuscript, find_page
from tests.articles.importing.archives import pack
from tests.articles.importing.test_manuscripts import draw

STYLE = (
    '<style type="text/css">@import url(https://themes.googleusercontent.com/x);'
    ".lst-kix_a-0>li:before{content:'x'}ol{margin:0}.c1{color:#000;font-weight:400;"
    "font-style:normal;text-decoration:none;vertical-align:baseline}"
    ".c2{font-weight:700}.c3{font-style:italic;font-weight:700}"
    ".c4{vertical-align:super}.c5{text-decoration:line-through}</style>"
)
NOTE = (
    '<sup><a href="#ftnt{0}" id="ftnt_ref{0}">[{0}]</a></sup>',
    '<div><p class="c0"><a href="#ftnt_ref{0}" id="ftnt{0}">[{0}]</a>'
    '<span class="c1">&nbsp;{1}</span></p></div>',
)
COMMENT = (
    '<sup><a href="#cmnt1" id="cmnt_ref1">[a]</a></sup>',
    '<div class="c9"><p><a href="#cmnt_ref1" id="cmnt1">[a]</a>'
    '<span class="c1">Really?</span></p><p><span>Yes.</span></p></div>',
)


def read(body, name="The veto.zip", **files):
    page = (
        f"<html><head>{STYLE}</head><body class='c8 doc-content'>{body}</body></html>"
    )
    packed = pack(**{"TheVeto.html": page, **files})
    return read_manuscript(io.BytesIO(packed.read()), name)


def test_title_subtitle_and_headings_are_taken():
    found = read(
        '<p class="c0 title" id="h.1"><span class="c1">The veto</span></p>'
        '<p class="c0 subtitle"><span>What it hides.</span></p>'
        '<h1 class="c0" id="h.2"><span class="c2">Part</span></h1><p>Words.</p>'
    )
    assert (found.title, found.standfirst) == ("The veto", "What it hides.")
    assert found.html == "<h2>Part</h2>\n<p>Words.</p>"


def test_what_classes_say_becomes_elements():
    found = read(
        '<p class="c0"><span class="c1">a</span><span class="c2"> b</span>'
        '<span class="c3">c</span> m<span class="c4">2</span><span class="c5">d</span>'
        "</p>"
    )
    assert found.html == (
        "<p>a<strong> b</strong><em><strong>c</strong></em> m<sup>2</sup><s>d</s></p>"
    )


def test_footnotes_are_ours_and_the_line_above_them_goes():
    mark, note = NOTE
    found = read(
        f"<p>One{mark.format(1)} two{mark.format(2)}.</p><hr class='c7'>"
        f"{note.format(1, 'First.')}{note.format(2, 'Second.')}"
    )
    assert found.html == (
        '<p>One<span class="footnote">First.</span> two'
        '<span class="footnote">Second.</span>.</p>'
    )


def test_comments_stay_behind_and_are_told():
    found = read(f"<p>Words{COMMENT[0]}.</p>{COMMENT[1]}")
    assert found.html == "<p>Words.</p>"
    assert found.losses == ("1 reviewer’s comment",)


def test_links_lead_where_they_led_in_the_document():
    found = read(
        '<p><a href="https://www.google.com/url?q=https://a.example/?b%3Dc%26d&amp;'
        'sa=D&amp;ust=1">a</a></p>'
    )
    assert 'href="https://a.example/?b=c&amp;d"' in found.html


def test_lists_of_a_lower_level_stand_in_their_item():
    found = read(
        '<ol class="c0 lst-kix_a-0 start"><li><span>One</span></li></ol>'
        '<ul class="c0 lst-kix_a-1 start"><li>Below</li></ul>'
        '<ol class="c0 lst-kix_a-0" start="2"><li>Two</li></ol><p>End.</p>'
    )
    assert found.html.replace("\n", "") == (
        "<ol><li>One<ul><li>Below</li></ul></li><li>Two</li></ol><p>End.</p>"
    )


def test_images_come_along():
    shown = '<p><span><img alt="A table" src="images/image1.png"></span></p>'
    found = read(f"{shown}<p>W<img src='images/gone.png'></p>", **IMAGE)
    assert [(i.name, i.alt) for i in found.images] == [("image-1.png", "A table")]
    assert found.images[0].src in found.html
    assert found.losses == ("1 image that cannot be shown",)


IMAGE = {"images/image1.png": draw()}


@pytest.mark.parametrize(
    "files",
    [{"a.html": "<p>No body"}, {"a.html": "", "b.html": ""}, {"x/a.html": "<body>"}],
)
def test_other_archives_of_pages_are_refused(files):
    with pytest.raises(UnreadableManuscript):
        read_manuscript(io.BytesIO(pack(**files).read()), "a.zip")


def test_an_archive_that_is_damaged_is_refused_in_words():
    whole = pack(**{"a.html": "<body>"}).read()
    with pytest.raises(UnreadableManuscript, match="damaged"):
        find_page(whole[:-1])
