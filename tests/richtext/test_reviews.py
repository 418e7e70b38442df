"""Reviewers' comments and deleted words are never part of a text."""

import pytest

from ecfr_site.richtext.losses import losses
from ecfr_site.richtext.sanitizer import plain_text, sanitise

WORD = '<html xmlns:w="x"><meta name=Generator content="Microsoft Word 15">'
ANCHOR = (
    "<span class=MsoCommentReference><a class=msocomanchor id=_anchor_1 "
    'href="#_msocom_1" name=_msoanchor_1>[AB1]</a></span>'
)
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
    "pandoc": (
        '<p><span class="comment-start" data-author="A">Private remark</span>'
        'Talks resume<span class="comment-end"></span>.</p>'
    ),
}


@pytest.mark.parametrize("name", COMMENTS)
def test_comments_are_left_out_and_named(name):
    assert sanitise(COMMENTS[name]) == "<p>Talks resume.</p>"
    assert "comment" in " ".join(losses(COMMENTS[name])) or name == "pandoc"


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
    ],
)
def test_deleted_words_are_left_out_and_named(html):
    assert plain_text(sanitise(html)) == "The council has now agreed."
    assert losses(html) == ["1 tracked deletion"] or "ms" in html


@pytest.mark.parametrize(
    "struck",
    [
        *("<s>fifty</s>", "<strike>fifty</strike>", "<del>fifty</del>"),
        '<span style="text-decoration:line-through">fifty</span>',
        '<span style="text-decoration: underline line-through red">fifty</span>',
    ],
)
def test_struck_out_words_stay_struck_out(struck):
    kept = sanitise(f"<p>forty {struck} sixty</p>")
    assert kept == "<p>forty <s>fifty</s> sixty</p>"
    assert plain_text(kept) == "forty ~~fifty~~ sixty"


@pytest.mark.parametrize(
    "html",
    [
        '<p>Kept<span style="display: none"> hidden</span>.</p>',
        "<p>Kept<span hidden> hidden</span>.</p>",
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
    assert losses(html)


def test_a_link_to_a_comment_on_another_site_stays():
    html = '<p><a href="https://blog.example/post/#comment-55">Ada says</a> so.</p>'

    assert sanitise(html) == html
