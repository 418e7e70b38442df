"""Pastes from word processors and pages arrive as they were meant, or are named."""

import json

import pytest
from playwright.sync_api import expect

from tests.factories import UserFactory
from tests.richtext.test_reviews import WEB_EDITORS

WORD = (
    '<html xmlns:o="urn:schemas-microsoft-com:office:office"'
    ' xmlns:w="urn:schemas-microsoft-com:office:word"><head>'
    '<meta name=Generator content="Microsoft Word 15"></head><body>{}</body></html>'
)


@pytest.fixture
def editor(page, sign_in, complaints):
    sign_in(UserFactory(publisher=True))
    page.goto("/admin/articles/article/add/")
    expect(page.locator("iframe.cke_wysiwyg_frame")).to_be_visible()
    for _ in range(100):
        if page.evaluate("CKEDITOR.instances.id_body.status === 'ready'"):
            return page
        page.wait_for_timeout(100)
    raise AssertionError("The editor does not start.")


def text_of(page):
    return page.evaluate("CKEDITOR.instances.id_body.getData()")


def arrived(page):
    """Return what the form would post, once there is something."""
    for _ in range(50):
        if text := text_of(page):
            return text
        page.wait_for_timeout(100)
    raise AssertionError("Nothing arrived.")


def paste(page, html, plain="", **others):
    """Paste from a clipboard of these formats, and give what the form would post."""
    page.evaluate(
        """([html, plain, others]) => {
            const editor = CKEDITOR.instances.id_body;
            const clipboard = new DataTransfer();
            if (html) clipboard.setData('text/html', html);
            if (plain) clipboard.setData('text/plain', plain);
            for (const [type, data] of Object.entries(others))
                clipboard.setData(type, data);
            editor.focus();
            editor.editable().$.dispatchEvent(new ClipboardEvent('paste', {
                clipboardData: clipboard, bubbles: true, cancelable: true,
            }));
        }""",
        [html, plain, others],
    )
    return arrived(page)


def paste_natively(page, html):
    """Copy a whole page and paste it, with the keyboard."""
    other = page.context.new_page()
    other.set_content(html)
    other.bring_to_front()
    other.keyboard.press("Control+A")
    other.keyboard.press("Control+C")
    other.close()
    page.bring_to_front()
    page.frame_locator("iframe.cke_wysiwyg_frame").locator("body").click()
    page.keyboard.press("Control+V")
    return arrived(page)


def messages(page):
    return [
        text.strip() for text in page.locator(".cke_notification").all_inner_texts()
    ]


# Reviewers


WORD_COMMENT = """
<p class=MsoNormal><a style='mso-comment-reference:AB_1;mso-comment-date:20230101T1000'>
Talks</a><span class=MsoCommentReference><span style='font-size:8.0pt'>
<![if !supportAnnotations]><a class=msocomanchor id="_anchor_1" href="#_msocom_1"
name="_msoanchor_1">[AB1]</a><![endif]></span></span> resume.</p>
<div style='mso-element:comment-list'><hr class=msocomoff>
<div style='mso-element:comment'>
<div id="_com_1" class=msocomtxt><span style='mso-comment-author:"Ada"'>
<a name="_msocom_1"></a></span><p class=MsoCommentText><span class=MsoCommentReference>
<a href="#_msoanchor_1" class=msocomoff>[AB1]</a></span>Private remark</p></div></div>
</div>
"""
COMMENT_IN_A_PARAGRAPH = """
<p class=MsoNormal>Talks resume<span class=MsoCommentReference><a class=msocomanchor
id="_anchor_1" href="#_msocom_1" name="_msoanchor_1">[AB1]</a></span>.</p>
<p class=MsoNormal><a name="_msocom_1"></a><a href="#_msoanchor_1">[AB1]</a>Private
remark</p>"""
DOCS_COMMENT = """
<p>Talks resume<sup><a href="#cmnt1" id="cmnt_ref1">[a]</a></sup>.</p>
<div style="border:1px solid black"><p><a href="#cmnt_ref1" id="cmnt1">[a]</a>
<span>Private remark</span></p><p>Private, too</p></div>"""
PANDOC_COMMENT = """
<p>Talks <span class="comment-start" id="0" data-author="Ada">Private remark</span>
resume<span class="comment-end" id="0"></span>.</p>"""


@pytest.mark.parametrize(
    "html",
    [
        WORD.format(WORD_COMMENT),
        WORD.format(COMMENT_IN_A_PARAGRAPH),
        DOCS_COMMENT,
        PANDOC_COMMENT,
    ],
    ids=["word", "word-paragraph", "docs", "pandoc"],
)
def test_reviewers_comments_are_left_out_and_counted(editor, html):
    text = paste(editor, html)

    assert "Private" not in text
    assert "footnote" not in text
    assert "[" not in text
    assert "Talks" in text
    assert messages(editor) == ["1 reviewer’s comment was left out."]


def test_what_a_paste_lost_is_on_the_checklist_after_saving(editor):
    paste(editor, WORD.format(WORD_COMMENT))
    editor.get_by_role("button", name="Save draft").first.click()

    finding = "When the text was pasted: 1 reviewer’s comment was left out."
    expect(editor.locator("main")).to_contain_text(finding)
    expect(editor.get_by_label("Nothing is missing")).not_to_be_checked()


@pytest.mark.parametrize(
    "html",
    [
        WORD.format(
            "<p class=MsoNormal>The council has <span class=msoDel>"
            "<del>not </del></span>"
            "<span class=msoIns><ins>now </ins></span>agreed.</p>"
        ),
        '<html><meta name="generator" content="LibreOffice 7.4"><p>The council has '
        '<del cite="#" datetime="2026-01-01T00:00:00">not </del>'
        '<ins cite="#" datetime="2026-01-01T00:00:00">now </ins>agreed.</p></html>',
        '<p>The council has <span class="deletion" data-author="A">not </span>'
        '<span class="insertion" data-author="A">now </span>agreed.</p>',
        *WEB_EDITORS,
    ],
)
def test_deleted_words_of_tracked_changes_are_left_out(editor, html):
    assert paste(editor, html).strip() == "<p>The council has now agreed.</p>"
    assert messages(editor) == ["1 deletion of tracked changes was left out."]


def suggested(text, deletions):
    """The clipboard's format of Google Docs for a text with suggested deletions."""
    places = [None] * (len(text) + 1)
    for start, end in deletions:
        places[start], places[end] = ["suggest.1"], []
    resolved = {
        "dsl_spacers": text,
        "dsl_suggesteddeletions": {"sgsl_sugg": places},
    }
    return json.dumps({"data": json.dumps({"resolved": resolved})})


DOCS_CLIP = "application/x-vnd.google-docs-document-slice-clip+wrapped"
DOCS_HTML = (
    '<b style="font-weight:normal" id="docs-internal-guid-1"><p dir="ltr">'
    '<span style="white-space:pre-wrap">The council has not now agreed.</span></p></b>'
)


def test_suggested_deletions_of_google_docs_are_left_out(editor):
    clip = suggested("The council has not now agreed.\n", [(16, 20)])

    text = paste(editor, DOCS_HTML, **{DOCS_CLIP: clip})

    assert "The council has now agreed." in text
    assert messages(editor) == ["1 deletion of tracked changes was left out."]


def test_suggestions_that_cannot_be_placed_are_named(editor):
    clip = suggested("Something else entirely.\n", [(0, 9)])

    assert "not now" in paste(editor, DOCS_HTML, **{DOCS_CLIP: clip})

    [message] = messages(editor)
    assert "suggestions" in message


@pytest.mark.parametrize("how", [paste, paste_natively])
def test_struck_out_words_stay_struck_out(editor, how):
    text = how(
        editor,
        "<p>a <s>forty</s> <strike>fifty</strike> <del>sixty</del> "
        '<span style="text-decoration:line-through">seventy</span> per cent</p>',
    )

    for number in ("forty", "fifty", "sixty", "seventy"):
        assert f"<s>{number}</s>" in text


@pytest.mark.parametrize("how", [paste, paste_natively])
def test_struck_out_blocks_stay_struck_out(editor, how):
    text = how(
        editor,
        "<p>x</p><del><ul><li>forty</li></ul></del>"
        '<p style="text-decoration:line-through">fifty</p>'
        '<table style="text-decoration:line-through"><tr><td>sixty</td></tr></table>'
        "<table><tr style='text-decoration:line-through'><td>seventy</td></tr></table>",
    )

    for number in ("forty", "fifty", "sixty", "seventy"):
        assert f"<s>{number}</s>" in text


EXCEL = (
    '<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head>'
    '<meta name=Generator content="Microsoft Excel 15"><style><!--'
    "td {text-decoration:none;vertical-align:bottom} .font5 {vertical-align:super}"
    " .xl65 {text-decoration:line-through} .xl66 {display:none}"
    " @media print {.xl65 {display:none}}"
    "--></style></head><body><table><tr><td class=xl65>12</td>"
    "<td>13<font class=font5>2</font></td><td><span class=xl66>secret</span></td></tr>"
    "</table></body></html>"
)


def test_what_a_style_sheet_strikes_out_raises_or_hides_arrives_so(editor):
    text = paste(editor, EXCEL)

    assert "<s>12</s>" in text
    assert "13<sup>2</sup>" in text
    assert "secret" not in text
    assert messages(editor) == ["1 passage of hidden text was left out."]


@pytest.mark.parametrize(
    "hidden",
    [
        "<p class=MsoNormal>Seen <span style='display:none;mso-hide:all'>secret</span>"
        " words</p>",
        "<p>Seen <font style='DISPLAY : none'>secret</font> words</p>",
        "<p>Seen <span style='visibility:collapse'>secret</span> words</p>",
        "<p>Seen words</p><p style='display:none'>secret <math><mi>x</mi></math></p>",
        "<p>Seen <span style='font-size:0pt'>secret</span> words</p>",
        "<p>Seen <span style='opacity: 0.0'>secret</span> words</p>",
    ],
)
def test_hidden_text_is_left_out_and_counted(editor, hidden):
    text = paste(editor, WORD.format(hidden))

    assert "secret" not in text
    assert messages(editor) == ["1 passage of hidden text was left out."]


# Notes


WORD_NOTE = """
<p class=MsoNormal>Claim<a style='mso-footnote-id:ftn1' href="#_ftn1" name="_ftnref1">
<span class=MsoFootnoteReference>[1]</span></a> and more, see note
<a href="#_ftn1">1</a>.</p>
<div style='mso-element:footnote-list'><br clear=all><hr size=1 width="33%">
<div style='mso-element:footnote' id=ftn1><p class=MsoFootnoteText><a href="#_ftnref1"
name="_ftn1"><span class=MsoFootnoteReference>[1]</span></a> The note.</p></div>
</div>"""
LIBREOFFICE_NOTE = """
<p>Claim<a class="sdfootnoteanc" name="sdfootnote1anc" href="#sdfootnote1sym"><sup>1
</sup></a> stands.</p><div id="sdfootnote1"><p class="sdfootnote"><a
class="sdfootnotesym" name="sdfootnote1sym"
href="#sdfootnote1anc">1</a>The note.</p></div>"""
PANDOC_NOTE = """
<p>Claim<a href="#fn1" class="footnote-ref" id="fnref1"><sup>1</sup></a> stands.</p>
<section class="footnotes"><hr><ol><li id="fn1"><p>The note.<a href="#fnref1"
class="footnote-back">↩︎</a></p></li></ol></section>"""
WORDPRESS_NOTE = """
<p>Claim<sup data-fn="ab"><a href="#ab" id="ab-link">1</a></sup>.</p>
<ol><li id="ab">The note. <a href="#ab-link">↩︎</a></li></ol>"""
DOCS_NOTE = """
<p>Claim<sup><a href="#ftnt1" id="ftnt_ref1">[1]</a></sup>.</p><hr>
<div><p><a href="#ftnt_ref1" id="ftnt1">[1]</a><span>&nbsp;The note.</span></p></div>"""
WIKIPEDIA_NOTE = """
<p>Claim<sup id="cite_ref-1"><a href="#cite_note-1">[1]</a></sup>.</p>
<ol><li id="cite_note-1"><span class="mw-cite-backlink"><b>
<a href="#cite_ref-1">^</a></b></span> <span>The note.</span></li></ol>"""
STARRED_NOTE = """
<p>Claim<a href="#s" id="r">*</a>.</p><p id="s">The note. <a href="#r">Back</a></p>"""
NOTES = {
    "word": WORD.format(WORD_NOTE),
    "libreoffice": LIBREOFFICE_NOTE,
    "pandoc": PANDOC_NOTE,
    "wordpress": WORDPRESS_NOTE,
    "docs": DOCS_NOTE,
    "wikipedia": WIKIPEDIA_NOTE,
    "starred": STARRED_NOTE,
}


@pytest.mark.parametrize("html", NOTES.values(), ids=NOTES)
def test_notes_become_footnotes(editor, html):
    text = paste(editor, html)

    assert 'Claim<span class="footnote">The note.</span>' in " ".join(text.split())
    assert text.count("The note.") == 1
    assert "<a" not in text
    assert "<hr" not in text


def test_words_that_refer_to_a_note_are_no_dead_link(editor):
    text = paste(editor, WORD.format(WORD_NOTE))

    assert "see note 1." in " ".join(text.split())


def test_a_note_of_several_marks_stands_at_each(editor):
    html = PANDOC_NOTE.replace("stands", 'and<a href="#fn1"><sup>1</sup></a>')

    assert paste(editor, html).count('<span class="footnote">The note.</span>') == 2


def test_a_raised_number_of_word_never_becomes_part_of_the_word_before(editor):
    mark = "<span class=MsoFootnoteReference>1</span>"
    html = WORD.format(
        WORD_NOTE.replace("and more", f'in 2019<a href="#_ftn1">{mark}</a>')
        + f"<p class=MsoNormal>in 2020{mark}</p>"
    ).replace(
        "<body>", "<style>span.MsoFootnoteReference{vertical-align:super}</style><body>"
    )

    text = paste(editor, html)

    assert 'in 2019<span class="footnote">The note.</span>' in text
    assert "in 2020<sup>1</sup>" in text


def test_a_note_on_a_note_goes_into_it(editor):
    text = paste(
        editor,
        '<p>Claim<a href="#n1" id="r1">[1]</a>.</p>'
        '<p id="n1"><a href="#r1">[1]</a> First<a href="#n2" id="r2">[2]</a></p>'
        '<p id="n2"><a href="#r2">[2]</a> Second</p>',
    )

    assert text.strip() == ('<p>Claim<span class="footnote">First [Second]</span>.</p>')


BACK_TO_TOP = (
    '<p id="toc">Contents: <a href="#p1">One</a></p><p id="p1">Paragraph one text that '
    'matters. <a href="#toc">Back to top</a></p><p>Two</p>'
)
CONTENTS = (
    '<ul><li id="t1"><a href="#s1">Part one</a></li></ul>'
    '<h2 id="s1">Part one <a href="#t1">↑</a></h2><p>Text</p>'
)
NUMBERED_CONTENTS = (
    '<p>Sections: <a id="t1" href="#s1">1</a> | <a id="t2" href="#s2">2</a></p>'
    '<p id="s1"><a href="#t1">1</a> Text one.</p><p id="s2">Two <a href="#t2">↑</a></p>'
)
EQUATION = (
    '<p>See equation (<a id="r1" href="#e1">1</a>) there.</p>'
    '<p id="e1">d = r/g <a href="#r1">(1)</a></p>'
)
NOTE_BEFORE = (
    '<p id="n1"><a href="#r1">[1]</a> A paragraph before.</p>'
    '<p>Claim<a href="#n1" id="r1">[1]</a>.</p>'
)


@pytest.mark.parametrize("how", [paste, paste_natively])
@pytest.mark.parametrize(
    ("html", "words"),
    [
        (BACK_TO_TOP, ["One", "text that matters.", "Back to top"]),
        (CONTENTS, ["<li>", "Part one", "↑"]),
        (NUMBERED_CONTENTS, ["Text one.", "Two"]),
        (EQUATION, ["<p>See equation (", "d = r/g"]),
        (NOTE_BEFORE, ["A paragraph before.", "Claim"]),
    ],
    ids=["top", "contents", "numbers", "equation", "before"],
)
def test_links_that_lead_to_each_other_leave_the_text_alone(editor, how, html, words):
    text = how(editor, html)

    assert "footnote" not in text
    for word in words:
        assert word in text


@pytest.mark.parametrize("how", [paste, paste_natively])
def test_links_to_places_lead_to_an_anchor(editor, how):
    text = how(
        editor, '<p>See <a href="#part2">below</a>.</p><h2 id="part2">Two</h2><p>x</p>'
    )

    assert 'href="#part2"' in text
    assert 'id="part2"' in text


# Filters that fail


@pytest.mark.parametrize("how", [paste, paste_natively])
def test_a_text_that_once_came_from_google_docs_arrives(editor, how):
    text = how(
        editor,
        '<p>Hello <span id="docs-internal-guid-1">world</span></p><p>Second</p>',
    )

    assert "Hello world" in text
    assert "Second" in text


def test_google_docs_keep_emphasis_and_nested_lists(editor):
    text = paste(
        editor,
        '<b style="font-weight:normal;" id="docs-internal-guid-1"><p dir="ltr">'
        '<span style="font-weight:400">Plain </span><span style="font-weight:700">bold'
        '</span><span style="vertical-align:super">2</span></p><ul><li><p>One</p></li>'
        "<ul><li><p>Inner</p></li></ul></ul></b>",
    )

    assert "Plain <strong>bold</strong><sup>2</sup>" in text
    assert text.count("<ul>") == 2


@pytest.mark.parametrize(
    "fault",
    [
        "CKEDITOR.instances.id_body.on('paste', fail, null, null, 5)",
        "CKEDITOR.instances.id_body.on('pasteFromWord', fail)",
        "CKEDITOR.plugins.get('notes').take = fail",
    ],
)
def test_if_a_filter_fails_the_plain_text_arrives(editor, fault):
    editor.evaluate(
        f"() => {{ const fail = () => {{ throw new Error('No') }}; {fault} }}"
    )

    text = paste(
        editor,
        WORD.format(
            "<p class=MsoNormal>First <b>words</b></p><p class=MsoNormal>Second</p>"
        ),
        "First words\nSecond",
    )

    assert text.split() == ["<p>First", "words</p>", "<p>Second</p>"]
    [message] = messages(editor)
    assert "only the plain text arrived" in message


# Formulas, images, lists, lines


FORMULA = "<math><mi>d</mi><mo>=</mo><mfrac><mi>r</mi><mi>g</mi></mfrac></math>"


@pytest.mark.parametrize("how", [paste, paste_natively])
def test_formulas_are_kept(editor, how):
    text = how(editor, f"<p>Debt evolves as {FORMULA} over time.</p>")

    assert FORMULA in text


@pytest.mark.parametrize(
    "box",
    [
        f'<span class="katex"><span class="katex-mathml">{FORMULA}</span>'
        '<span class="katex-html" aria-hidden="true">d=rg</span></span>',
        f"<mjx-container><svg></svg><mjx-assistive-mml>{FORMULA}</mjx-assistive-mml>"
        "</mjx-container>",
        f'<span class="mwe-math-element"><span style="display:none">{FORMULA}</span>'
        '<img src="https://wiki.example/1.svg" alt="d=r/g"></span>',
    ],
    ids=["katex", "mathjax", "wikipedia"],
)
def test_formulas_are_kept_once(editor, box):
    text = paste(editor, f"<p>Debt evolves as {box} over time.</p>")

    assert f"as {FORMULA} over" in text
    assert messages(editor) == []


def test_formulas_of_word_are_kept(editor):
    text = paste(
        editor,
        WORD.format(
            "<p class=MsoNormal>Debt <!--[if gte msEquation 12]><m:oMath><m:r>d=</m:r>"
            "<m:f><m:num><i><m:r>r</m:r></i></m:num><m:den><m:r>g</m:r></m:den></m:f>"
            "</m:oMath><![endif]--><![if !msEquation]><img src='file:///C:/i.png'>"
            "<![endif]> grows.</p>"
        ),
    )

    assert "<mi>d</mi><mo>=</mo><mfrac>" in text
    assert "grows." in text
    assert messages(editor) == []


@pytest.mark.parametrize("prefix", ["mml", "m"])
def test_formulas_with_a_prefix_are_kept(editor, prefix):
    prefixed = FORMULA.replace("<m", f"<{prefix}:m").replace("</m", f"</{prefix}:m")

    assert FORMULA in paste(editor, f"<p>Debt evolves as {prefixed} over time.</p>")


def test_functions_of_word_keep_their_names(editor):
    text = paste(
        editor,
        WORD.format(
            "<p class=MsoNormal><!--[if gte msEquation 12]><m:oMath><m:func><m:fName>"
            "<m:r>sin</m:r></m:fName><m:e><m:r>x</m:r></m:e></m:func></m:oMath>"
            "<![endif]--></p>"
        ),
    )

    assert "<mi>sin</mi><mi>x</mi>" in text


def test_formulas_that_are_lost_are_named(editor):
    paste(editor, "<p>Debt <mjx-container><svg></svg></mjx-container> grows.</p>")

    [message] = messages(editor)
    assert message.startswith("1 formula could not be kept")


IMAGES = (
    '<p>Before</p><p><img src="file:///C:/Users/x/clip_image002.png" alt="Map"></p>'
    '<p><img src="blob:https://docs.google.com/1234" alt="Blob"></p><p>After</p>'
)


@pytest.mark.parametrize("how", [paste, paste_natively])
def test_images_that_cannot_be_reached_are_named(editor, how):
    text = how(editor, IMAGES)

    assert "<img" not in text
    assert messages(editor) == ["2 images were left out: insert them from a file."]


@pytest.mark.parametrize(
    "source", ["cid:image001@example.org", "data:image/svg+xml,<svg/>", "image.png"]
)
def test_other_images_out_of_reach_are_named(editor, source):
    paste(editor, f"<p>Before <img src='{source}' alt=''> after</p>")

    assert messages(editor) == ["1 image was left out: insert it from a file."]


def test_one_message_names_all_that_is_left_out(editor):
    paste(editor, IMAGES + DOCS_COMMENT + '<iframe src="https://x.example"></iframe>')

    [message] = messages(editor)
    for words in ("2 images", "1 video or other embedded item", "1 reviewer’s comment"):
        assert words in message


def item(sign, text):
    return (
        "<p class=MsoListParagraph style='mso-list:l0 level1 lfo1'>"
        f"<![if !supportLists]><span style='mso-list:Ignore'>{sign}"
        "<span style='font:7.0pt \"Times\"'>&nbsp;"
        f"&nbsp; </span></span><![endif]>{text}</p>"
    )


def test_lettered_lists_of_word_keep_their_letters(editor):
    text = paste(
        editor,
        WORD.format(
            item("a)", "First")
            + item("b)", "Second")
            + "<p class=MsoNormal>As said under (c):</p>"
            + item("c)", "Third")
        ),
    )

    first, third = text.split("As said")
    assert 'type="a"' in first
    assert 'type="a"' in third
    assert 'start="3"' in third


@pytest.mark.parametrize("list_", ["l0", "l0 level1 lfo1"])
def test_items_of_word_without_a_sign_keep_all_their_words(editor, list_):
    text = paste(
        editor,
        WORD.format(f"<p class=MsoListParagraph style='mso-list:{list_}'>No sign</p>"),
    )

    assert text.strip() == "<p>No sign</p>"
    assert messages(editor) == []


@pytest.mark.parametrize("how", [paste, paste_natively])
def test_lines_and_quotation_marks_are_kept(editor, how):
    text = how(
        editor,
        "<pre>Roses are red\n  Violets are blue</pre>"
        '<p style="white-space:pre-wrap">First line\nSecond line</p>'
        "<address>One Street<br>Brussels</address>"
        "<p>He said <q>we will pay</q>.</p>",
    )

    lines = " ".join(text.split())
    for break_ in ("red<br />", "First line<br /> Second", "Street<br /> Brussels"):
        assert break_ in lines
    assert "<q>we will pay</q>" in text


def test_languages_and_directions_are_kept(editor):
    text = paste(
        editor, '<p dir="rtl" lang="ar">abc <span lang="fr">bonjour</span></p>'
    )

    assert '<p dir="rtl" lang="ar">' in text
    assert '<span lang="fr">' in text


def test_what_is_pasted_is_published(editor):
    editor.fill("#id_title", "Pasted")
    editor.fill("#id_standfirst", "A piece that was written in Word.")
    paste(
        editor,
        WORD.format(
            WORD_NOTE
            + WORD_COMMENT
            + f"<p class=MsoNormal>Debt is {FORMULA}, not <s>forty</s>.</p>"
            + '<p class=MsoNormal>See <a href="#part2">below</a>.</p>'
            + '<h2 id="part2">Part two</h2>'
            + item("a)", "First")
            + "<p>The minister said <q>we will pay</q>.</p>"
        ),
    )
    editor.get_by_role("button", name="Publish now").click()
    expect(editor.locator(".messagelist")).to_contain_text("The page is live")

    editor.goto("/article/pasted/")

    main = editor.locator("main")
    expect(main).not_to_contain_text("Private remark")
    expect(main.locator("#note-1")).to_contain_text("The note.")
    expect(main.locator("math mfrac")).to_have_count(1)
    expect(main.locator("s")).to_have_text("forty")
    expect(main.locator("ol[type=a]")).to_contain_text("First")
    expect(main).to_contain_text("“we will pay”")
    place = main.get_by_role("link", name="below").get_attribute("href")
    expect(main.locator(f'[id="{place[1:]}"]')).to_have_count(1)
