"""Reviewers' comments and deleted words are never part of a text."""

import pytest

from ecfr_site.richtext.losses import find_losses
from ecfr_site.richtext.sanitizer import plain_text, sanitise

WORD = '<html xmlns:w="x"><meta name=Generator content="Microsoft Word 15">'
ANCHOR = (
    "<span class=MsoCommentReference><a class=msocomanchor id=_anchor_1 "
    'href="#_msocom_1" name=_msoanchor_1>[AB1]</a></span>'
)
# As editors on the web mark what somebody suggests to delete.
WEB_EDITORS = [
    '<p>The council has <suggestion-start name="deletion:e1:u1"></suggestion-start>not '
    '<suggestion-end name="deletion:e1:u1"></suggestion-end>now agreed.</p>',
    '<p>The council has <span data-track-change="delete">not </span>now agreed.</p>',
    '<p>The council has <i data-suggestion-type="Deletion">not </i>now agreed.</p>',
    '<p data-suggestion-start-before="deletion:e1:u1" '
    'data-suggestion-end-after="deletion:e1:u1">It has not.</p>'
    "<p>The council has now agreed.</p>",
]
COMMENTS = {
    "word": (
        f"<p class=MsoNormal>Talks resume{ANCHOR}.</p>"
        "<div style='mso-element:comment'><div id=_com_1 class=msocomtxt>"
        '<p class=MsoCommentText><a name=_msocom_1></a><a href="#_msoanchor_1" '
        "class=msocomoff>[AB1]</a>Private remark</p></div></div>"
    ),
    "word, anchor outside": (
        f"<p class=MsoNormal>Talks resume{ANCHOR}.</p>"
        "<span style='mso-comment-author:\"A B\"'><a name=_msocom_1></a></span>"
        '<p class=MsoCommentText><a href="#_msoanchor_1" class=msocomoff>[AB1]</a>'
        "Private remark</p>"
    ),
    "word, several paragraphs": (
        f"<p class=MsoNormal>Talks resume{ANCHOR}.</p>"
        "<div style='mso-element:comment-list'><div style='mso-element:comment'>"
        "<p class=MsoCommentText>Private</p><p class=MsoNormal>remark</p></div></div>"
    ),
    "google docs": (
        '<p>Talks resume<sup><a href="#cmnt1" id="cmnt_ref1">[a]</a></sup>.</p>'
        '<div class="c1"><p class="c2"><a href="#cmnt_ref1" id="cmnt1">[a]</a>'
        "<span>Private remark</span></p><p>and more</p></div>"
    ),
    "libreoffice": (
        '<p>Talks resume<a class="sdcommentanc" href="#sdcomment1">[AB1]</a>.</p>'
        '<div id="sdcomment1"><p>Private remark</p></div>'
    ),
    "pandoc": (
        '<p><span class="comment-start" data-author="A">Private remark</span>'
        'Talks resume<span class="comment-end"></span>.</p>'
    ),
}


@pytest.mark.parametrize("name", COMMENTS)
def test_comments_are_left_out_and_named(name):
    assert sanitise(COMMENTS[name]) == "<p>Talks resume.</p>"
    assert "comment" in " ".join(find_losses(COMMENTS[name])) or name == "pandoc"


def test_words_that_a_comment_is_about_stay():
    html = (
        "<p class=MsoNormal><a style='mso-comment-reference:AB_1'>Talks</a> resume"
        f"{ANCHOR}.</p>"
    )
    assert sanitise(html) == "<p>Talks resume.</p>"


@pytest.mark.parametrize(
    "html",
    [
        "<p class=MsoNormal>The council has <span class=msoDel><del>not </del></span>"
        "<span class=msoIns><ins>now </ins></span>agreed.</p>",
        '<p>The council has <del cite="#" datetime="2026-01-01T10:00">not </del>'
        '<ins cite="#" datetime="2026-01-01T10:00">now </ins>agreed.</p>',
        '<meta name="generator" content="LibreOffice 24.2"/><p>The council has '
        "<del>not </del><ins>now </ins>agreed.</p>",
        '<p>The council has <span class="deletion" data-author="A">not </span>'
        '<span class="insertion">now </span>agreed.</p>',
        '<p>The council has <del class="ice-del ice-cts-1">not </del>now agreed.</p>',
        *WEB_EDITORS,
    ],
)
def test_deleted_words_are_left_out_and_named(html):
    assert plain_text(sanitise(html)) == "The council has now agreed."
    assert find_losses(html) == ["1 tracked deletion"] or "ms" in html


@pytest.mark.parametrize(
    "struck",
    [
        *("<s>fifty</s>", "<strike>fifty</strike>", "<del>fifty</del>"),
        '<span style="text-decoration:line-through">fifty</span>',
        '<span style="text-decoration: underline line-through red">fifty</span>',
        '<font style="TEXT-DECORATION : LINE-THROUGH">fifty</font>',
        "<span style='text-line-through:double'>fifty</span>",
    ],
)
def test_struck_out_words_stay_struck_out(struck):
    kept = sanitise(f"<p>forty {struck} sixty</p>")
    assert kept == "<p>forty <s>fifty</s> sixty</p>"
    assert plain_text(kept) == "forty ~~fifty~~ sixty"


@pytest.mark.parametrize(
    "mark", ["s", "del", 'div style="text-decoration:line-through"']
)
@pytest.mark.parametrize(
    ("blocks", "kept"),
    [
        ("<p>x</p><p>y</p>", "<p><s>x</s></p>\n<p><s>y</s></p>"),
        ("<h2>x</h2>", "<h2><s>x</s></h2>"),
        ("<ul><li>x<ol><li>y</li></ol></li></ul>",)
        + ("<ul><li><s>x</s><ol><li><s>y</s></li></ol></li></ul>",),
        ("<blockquote>x</blockquote>", "<blockquote><p><s>x</s></p></blockquote>"),
        ("<table><tr><td>x</td></tr></table>",)
        + ("<table><tbody><tr><td><s>x</s></td></tr></tbody></table>",),
    ],
)
def test_struck_out_blocks_stay_struck_out(mark, blocks, kept):
    assert sanitise(f"<{mark}>{blocks}</{mark.split()[0]}>") == kept
    assert sanitise(kept) == kept


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        ("<p {}>x</p>", "<p><s>x</s></p>"),
        ("<h3 {}>x</h3>", "<h3><s>x</s></h3>"),
        ("<ul><li {}>x</li><li>y</li></ul>",)
        + ("<ul><li><s>x</s></li><li>y</li></ul>",),
        ("<table><tr {}><td>x</td></tr><tr><td>y</td></tr></table>",)
        + (
            "<table><tbody><tr><td><s>x</s></td></tr><tr><td>y</td></tr></tbody></table>",
        ),
    ],
)
def test_blocks_that_their_style_strikes_out_stay_struck_out(html, kept):
    assert sanitise(html.format('style="text-decoration:line-through"')) == kept


EXCEL = (
    "<style><!--table {{mso-x:y}} td{{text-decoration:none}}"
    " .xl65{{mso-style-parent:style0;{}}}--></style>"
    "<table><tr><td class=xl65>12</td><td class=xl66>13</td></tr></table>"
)


@pytest.mark.parametrize(
    ("declaration", "cells"),
    [
        ("text-decoration:line-through", "<td><s>12</s></td><td>13</td>"),
        ("text-decoration : underline line-through", "<td><s>12</s></td><td>13</td>"),
        ("display:none;mso-hide:all", "<td>13</td>"),
        ("vertical-align:super", "<td>12</td><td>13</td>"),
    ],
)
def test_what_a_style_sheet_strikes_out_or_hides_does_not_become_plain(
    declaration, cells
):
    kept = sanitise(EXCEL.format(declaration))

    assert kept == f"<table><tbody><tr>{cells}</tr></tbody></table>"


def test_the_last_rule_of_a_class_counts_and_none_for_other_readers():
    assert (
        sanitise(
            "<style>.a{text-decoration:line-through}.a{text-decoration:none}"
            "@media print{.b{color:red}.a{display:none}}</style><p class=a>Kept</p>"
        )
        == "<p>Kept</p>"
    )


@pytest.mark.parametrize(
    "html",
    [
        '<p>Kept<span style="display: none"> hidden</span>.</p>',
        '<p>Kept<span style="DISPLAY : none"> hidden</span>.</p>',
        '<p>Kept<span style="visibility:collapse"> hidden</span>.</p>',
        '<p>Kept<font style="display:none"> hidden</font>.</p>',
        "<p>Kept<span hidden> hidden</span>.</p>",
        '<p>Kept<span role="comment"> hidden</span>.</p>',
        '<p>Kept<span role="deletion"> hidden</span>.</p>',
        '<p>Kept.</p><p style="display:none">hidden <math><mi>x</mi></math></p>',
        '<p>Kept<span hidden="until-found"> hidden</span>.</p>',
        '<p>Kept<span style="font-size:0pt"> hidden</span>.</p>',
        '<p>Kept<span style="opacity: 0.0;"> hidden</span>.</p>',
        '<p class=MsoNormal>Kept<span style="mso-hide:all"> hidden</span>.</p>',
        '<p>Kept<span class="TrackChange-deleted"> hidden</span>.</p>',
        '<p>Kept<span class="ck-suggestion-marker-deletion"> hidden</span>.</p>',
    ],
)
def test_what_readers_of_the_document_do_not_see_is_left_out_and_named(html):
    assert sanitise(html) == "<p>Kept.</p>"
    assert find_losses(html)


def test_a_link_to_a_comment_on_another_site_stays():
    html = '<p><a href="https://blog.example/post/#comment-55">Ada says</a> so.</p>'

    assert sanitise(html) == html


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        # From one paragraph into another; without an end nothing is deleted.
        ("<p>a{}b</p><p>c{}d</p>", "ad"),
        ("<p>a{}b</p>", "ab"),
        ("<p>a{}b{}c{}d{}e</p>", "ace"),
    ],
)
def test_what_is_between_markers_of_a_suggested_deletion_is_left_out(html, kept):
    start = '<suggestion-start name="deletion:1:u"></suggestion-start>'
    end = '<suggestion-end name="deletion:1:u"></suggestion-end>'

    assert plain_text(html.format(start, end, start, end)) == kept


@pytest.mark.parametrize(
    "html",
    [
        '<p>a<suggestion-start name="insertion:1:u"></suggestion-start>b'
        '<suggestion-end name="insertion:1:u"></suggestion-end></p>',
        '<p>a<span data-track-change="insert">b</span></p>',
        '<p>a<span data-label="deleted">b</span></p>',
    ],
)
def test_what_is_suggested_to_be_added_stays(html):
    assert sanitise(html) == "<p>ab</p>"
    assert find_losses(html) == []
