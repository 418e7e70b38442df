"""Quotation marks, lines, languages and directions of a text."""

import pytest

from articles.models import Article
from ecfr_site.richtext.sanitizer import plain_text, sanitise


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        ("said <q>we will pay</q> on", "said “we will pay” on"),
        ("<q>so <q>he</q> said</q>", "“so ‘he’ said”"),
        ("<q><em>all</em></q>", "“<em>all</em>”"),
    ],
)
def test_quotation_marks_become_text(html, kept):
    assert sanitise(f"<p>{html}</p>") == f"<p>{kept}</p>"
    assert plain_text(f"<p>{html}</p>") == kept.replace("<em>", "").replace("</em>", "")


def test_quotation_marks_are_those_of_the_language():
    assert sanitise('<p lang="de"><q>ja</q></p>') == '<p lang="de">„ja“</p>'
    assert sanitise("<p><q>oui</q></p>", "fr") == "<p>«&nbsp;oui&nbsp;»</p>"


@pytest.mark.django_db
def test_an_article_quotes_in_its_language():
    article = Article(title="x", slug="x", language="de", body="<p><q>ja</q></p>")
    article.save()
    assert article.body == "<p>„ja“</p>"


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        (
            "<pre>Roses are red\n  Violets are blue</pre>",
            "<p>Roses are red<br>\u2002\u2002Violets are blue</p>",
        ),
        (
            '<p style="white-space:pre-wrap">First line\nSecond line</p>',
            "<p>First line<br>Second line</p>",
        ),
        (
            '<div style="white-space: break-spaces">One\n<b>two</b>\nthree</div>',
            "<p>One<br><strong>two</strong><br>three</p>",
        ),
        (
            '<p style="white-space:pre-line">a\n   b</p>',
            "<p>a<br>b</p>",
        ),
        (
            '<pre class="wp-block-verse">One\n\nTwo</pre>',
            "<p>One</p>\n<p>Two</p>",
        ),
        ("<address>Rue de la Loi<br>Brussels</address>",)
        + ("<p>Rue de la Loi<br>Brussels</p>",),
        (
            '<pre>a\n<span style="white-space:normal">b\nc</span></pre>',
            "<p>a<br>b c</p>",
        ),
        ("<p>a\n  b</p>", "<p>a b</p>"),
        (
            '<p><span style="white-space:pre-wrap">Bold</span>'
            '<span style="white-space:pre-wrap"> and so</span></p>',
            "<p>Bold and so</p>",
        ),
    ],
)
def test_lines_are_kept_where_they_are_meant(html, kept):
    assert sanitise(html) == kept
    assert sanitise(kept) == kept


@pytest.mark.parametrize(
    "html",
    [
        '<p lang="ar" dir="rtl">x</p>',
        '<h2 dir="rtl">x</h2>',
        '<ul><li dir="rtl">x</li></ul>',
        '<blockquote dir="rtl"><p>x</p></blockquote>',
        '<table><tbody><tr><td dir="rtl">x</td></tr></tbody></table>',
        '<p>a <span lang="he" dir="rtl">x</span></p>',
    ],
)
def test_direction_and_language_survive(html):
    assert sanitise(html) == html


def test_blocks_have_the_language_of_what_holds_them():
    html = '<div lang="fr" dir="rtl"><p>x</p><h2 lang="de">y</h2></div>'
    assert sanitise(html) == (
        '<p lang="fr" dir="rtl">x</p>\n<h2 lang="de" dir="rtl">y</h2>'
    )


def test_word_keeps_the_languages_that_are_not_the_main_one():
    html = (
        '<html xmlns:w="urn:schemas-microsoft-com:office:word"><body lang=EN-GB>'
        "<p class=MsoNormal><span lang=EN-US>The word </span><span lang=DE>Zeitenwende"
        "</span><span lang=EN-US> has been said by many people in many ways.</span></p>"
    )
    assert sanitise(html) == (
        '<p>The word <span lang="DE">Zeitenwende</span> has been said by many people '
        "in many ways.</p>"
    )


@pytest.mark.parametrize("sign", "\u202a\u202b\u202d\u202e\u2066\u2067\u2068")
def test_no_character_turns_the_text_beyond_its_element(sign):
    assert sanitise(f"<p>a{sign}b <em>c</em></p>") == "<p>ab <em>c</em></p>"
    assert sanitise(f"<img src=/a.png alt='a{sign}b'>") == (
        '<figure><img src="/a.png" alt="ab"></figure>'
    )


def test_turned_text_that_ends_where_it_began_stays():
    html = "<p>a \u2067<em>b</em>\u2069 c \u202bd\u202c</p>"
    assert sanitise(html) == html


def test_characters_that_end_nothing_are_dropped():
    assert sanitise("<p>a\u202cb\u2069c</p>") == "<p>abc</p>"
