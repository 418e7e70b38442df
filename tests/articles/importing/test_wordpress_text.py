"""Texts of WordPress keep their words, notes and images, whatever wrote them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.importing.records import MediaRecord, PieceRecord, SourceState
from articles.importing.wordpress_text import convert
from ecfr_site.richtext.sanitizer import plain_text, sanitise

IMAGES = {
    "7": MediaRecord("7", "https://old.example/table.jpg", alt="A table"),
    "8": MediaRecord("8", "https://old.example/chair.jpg", caption="A chair"),
}


def show(html, style="", **options):
    """The text as it is kept, and what was lost."""
    style = style or ("blocks" if "<!-- wp:" in html else "classic")
    piece = PieceRecord(
        "1",
        "post",
        SourceState.PUBLISHED,
        "T",
        html,
        style=style,
        notes=options.pop("notes", {}),
    )
    blocks = options.pop("blocks", {})
    found = convert(piece, blocks, IMAGES.get, **options)
    return sanitise(found.html), found.losses


def note(text):
    return f'<span class="footnote">{text}</span>'


# The classic editor


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("One.\n\nTwo.", "<p>One.</p>\n<p>Two.</p>"),
        ("One\ntwo.", "<p>One<br>two.</p>"),
        ("<h2>Head</h2>\nText.", "<h2>Head</h2>\n<p>Text.</p>"),
        (
            "One.\n<ul>\n<li>a</li>\n<li>b</li>\n</ul>\nTwo.",
            "<p>One.</p>\n<ul><li>a</li><li>b</li></ul>\n<p>Two.</p>",
        ),
        (
            "<blockquote>Said\n\nand done.</blockquote>",
            "<blockquote><p>Said</p><p>and done.</p></blockquote>",
        ),
        (
            "A <strong>b</strong>\n\n<em>c</em>",
            "<p>A <strong>b</strong></p>\n<p><em>c</em></p>",
        ),
        ("One.\r\n\r\nTwo.", "<p>One.</p>\n<p>Two.</p>"),
        ("Before<!--more-->after.", "<p>Beforeafter.</p>"),
        ("One.\n\n<!--more-->\nTwo.", "<p>One.</p>\n<p>Two.</p>"),
    ],
)
def test_lines_become_paragraphs(typed, kept):
    html, losses = show(typed)
    assert "".join(html.split("\n")) == "".join(kept.split("\n"))
    assert not losses


def test_a_caption_becomes_a_figure():
    html, losses = show(
        '[caption id="attachment_7" align="alignleft" width="300"]'
        '<a href="https://old.example/t">'
        '<img src="https://old.example/t.jpg" alt="A" /></a>'
        " The <em>table</em>[/caption]Text."
    )
    assert "<figcaption>The <em>table</em></figcaption>" in html
    assert 'src="https://old.example/t.jpg"' in html
    assert "Text." in html
    assert "[" not in html
    assert not losses


def test_a_gallery_becomes_its_images_in_order():
    html, losses = show('[gallery ids="7,8,9" columns="2"]')
    assert html.index("table.jpg") < html.index("chair.jpg")
    assert 'alt="A table"' in html
    assert "A chair" in html
    assert losses == ["image 9 of a gallery"]


@pytest.mark.parametrize(
    "typed",
    [
        "[embed]https://video.example/1[/embed]",
        "Before.\n\nhttps://video.example/1\n\nAfter.",
        '<!-- wp:embed {"url":"https://video.example/1"} -->\n<figure><div>\n'
        "https://video.example/1\n</div></figure>\n<!-- /wp:embed -->",
    ],
)
def test_an_embedded_page_becomes_a_link_and_is_told(typed):
    html, losses = show(typed)
    assert "https://video.example/1" in html
    assert losses == ["embedded page, now a link"]


@pytest.mark.parametrize(
    "inner",
    [
        "<figure><div>\n{}\n</div></figure>",
        "<figure><div>{}</div></figure>",
        '<figure><a href="{0}">{0}</a></figure>',
        "",
    ],
)
def test_an_embedded_page_is_one_link_however_its_block_is_written(inner):
    url = "https://video.example/1"
    html, _ = show(
        f'<!-- wp:embed {{"url":"{url}"}} -->{inner.format(url)}<!-- /wp:embed -->'
    )
    assert html.count(f'<a href="{url}">{url}</a>') == html.count("<a ") == 1


def test_the_title_of_an_unknown_shortcode_is_told():
    html, losses = show('[item title="Part"]<p>Words.</p>[/item]')
    assert plain_text(html) == "Words."
    assert losses == ["shortcode [item] and its title “Part” (its text was kept)"]


def test_unknown_shortcodes_are_told_and_their_text_is_kept():
    html, losses = show('[button url="/x"]Read on[/button] and [contact-form-7 id="3"]')
    assert plain_text(html) == "Read on and"
    assert losses == [
        "shortcode [button] (its text was kept)",
        "shortcode [contact-form-7]",
    ]


@pytest.mark.parametrize(
    "prose",
    ["The [EU] said.", "“[sic]”", "as in [1] and [2]", "[[gallery]]", "a[0] = 1"],
)
def test_words_in_brackets_stay(prose):
    html, losses = show(prose)
    assert plain_text(html) == prose.replace("[[", "[").replace("]]", "]")
    assert not losses


# Footnotes


@pytest.mark.parametrize("name", ["ref", "note", "fn", "footnote", "efn_note", "mfn"])
def test_footnotes_of_plugins_become_ours(name):
    html, losses = show(
        f"Said[{name}]See <em>the</em> annex.\n\nP. 4.[/{name}] so.[references]"
    )
    assert html == f"<p>Said{note('See <em>the</em> annex. P. 4.')} so.</p>"
    assert not losses


def test_double_brackets_are_footnotes_where_an_editor_says_so():
    assert show("Said ((see p. 4)) so.")[0] == "<p>Said ((see p. 4)) so.</p>"
    html, _ = show("Said ((see p. 4)) so.", brackets_are_notes=True)
    assert note("see p. 4") in html


def test_footnotes_of_the_block_editor_become_ours():
    html, losses = show(
        '<!-- wp:paragraph -->\n<p>Said<sup data-fn="a-1" class="fn"><a href="#a-1" '
        'id="a-1-link">1</a></sup> so.</p>\n<!-- /wp:paragraph -->\n\n'
        "<!-- wp:footnotes /-->",
        notes={"a-1": "See <em>it</em>."},
    )
    assert html == f"<p>Said{note('See <em>it</em>.')} so.</p>"
    assert not losses


def test_a_list_of_notes_at_the_end_becomes_footnotes():
    html, _ = show(
        '<p>One<sup id="fnref-1"><a href="#fn-1">1</a></sup> and two'
        '<a id="r2" href="#n2">[2]</a>.</p><h2>Notes</h2>'
        '<ol><li id="fn-1">First, p. 3. '
        '<a href="#fnref-1">&#8617;</a></li><li id="n2">Second <em>one</em>. '
        '<a href="#r2">^</a></li></ol>',
        style="html",
    )
    assert note("First, p. 3.") in html
    assert note("Second <em>one</em>.") in html
    assert "Notes" not in html
    assert "<ol>" not in html


def test_notes_that_a_word_processor_left_become_footnotes():
    html, _ = show(
        '<p>One<a href="#_ftn1" name="_ftnref1"><sup>[1]</sup></a>, two'
        '<a href="#_ftn2" name="_ftnref2">[2]</a>.</p><hr />'
        '<p><a href="#_ftnref1" name="_ftn1">[1]</a> First.</p>'
        '<p><a href="#_ftnref2" name="_ftn2">[2]</a> Second.</p>',
        style="html",
    )
    assert html == f"<p>One{note('First.')}, two{note('Second.')}.</p>"


def test_a_link_to_a_heading_is_no_footnote():
    html, _ = show(
        '<p><a id="top" href="#part">Part</a></p><h2 id="part">Part</h2>', "html"
    )
    assert "footnote" not in html


# The block editor


def test_blocks_lose_their_marks_and_nothing_else():
    html, losses = show(
        '<!-- wp:heading {"level":3} -->\n<h3>Head</h3>\n<!-- /wp:heading -->\n'
        '<!-- wp:columns --><div class="wp-block-columns"><!-- wp:column -->'
        "<div><!-- wp:paragraph --><p>Left.</p><!-- /wp:paragraph --></div>"
        "<!-- /wp:column --><!-- wp:column --><div><p>Right.</p></div>"
        "<!-- /wp:column --></div><!-- /wp:columns -->"
        "<!-- wp:pullquote --><figure><blockquote><p>Said.</p><cite>Ada</cite>"
        "</blockquote></figure><!-- /wp:pullquote -->"
        '<!-- wp:table --><figure class="wp-block-table"><table><tbody><tr><td>a</td>'
        "<td>b</td></tr></tbody></table></figure><!-- /wp:table -->"
        "<!-- wp:buttons --><div><!-- wp:button --><div>"
        '<a href="/report.pdf">Get it</a>'
        "</div><!-- /wp:button --></div><!-- /wp:buttons -->"
    )
    assert plain_text(html).split() == [
        "Head",
        "Left.",
        "Right.",
        "Said.",
        "Ada",
        "a",
        "b",
        "Get",
        "it",
    ]
    assert "<table>" in html
    assert '<a href="/report.pdf">Get it</a>' in html
    assert not losses


def test_an_embedded_pages_block_becomes_a_link_with_its_caption():
    url = "https://video.example/watch?v=1&t=2"
    html, losses = show(
        f'<!-- wp:embed {{"url":"{url}"}} -->\n<figure><div>\n'
        f"{url.replace('&', '&amp;')}\n</div><figcaption>The talk</figcaption></figure>"
        "\n<!-- /wp:embed -->"
    )
    assert '<a href="https://video.example/watch?v=1&amp;t=2">' in html
    assert "The talk" in html
    assert losses == ["embedded page, now a link"]


def test_a_tables_caption_stands_in_the_table():
    html, losses = show(
        '<!-- wp:table --><figure class="wp-block-table"><table><tbody><tr><td>a</td>'
        "</tr></tbody></table><figcaption>Of <em>all</em></figcaption></figure>"
        "<!-- /wp:table -->"
    )
    assert "<table><caption>Of <em>all</em></caption>" in html.replace("\n", "")
    assert not losses


def test_each_image_of_a_gallery_keeps_its_caption():
    html, losses = show(
        '<!-- wp:gallery --><figure class="wp-block-gallery">'
        '<!-- wp:image --><figure><img src="/a.jpg" alt="A"></figure><!-- /wp:image -->'
        '<!-- wp:image --><figure><img src="/b.jpg" alt="B"><figcaption>Bee'
        "</figcaption></figure><!-- /wp:image -->"
        "<figcaption>Both</figcaption></figure><!-- /wp:gallery -->"
    )
    assert html.replace("\n", "") == (
        '<figure><img src="/a.jpg" alt="A"></figure>'
        '<figure><img src="/b.jpg" alt="B"><figcaption>Bee</figcaption></figure>'
        "<p>Both</p>"
    )
    assert not losses


def test_a_file_is_linked_once():
    html, losses = show(
        '<!-- wp:file {"id":7} --><div><a href="/r.pdf">Report</a><a href="/r.pdf" '
        'class="wp-block-file__button" download>Download</a></div><!-- /wp:file -->'
    )
    assert html.count("r.pdf") == 1
    assert not losses


def test_reusable_blocks_are_set_in_and_one_that_holds_itself_ends():
    blocks = {
        "5": "<!-- wp:paragraph --><p>Shared.</p><!-- /wp:paragraph -->",
        "6": 'In <!-- wp:block {"ref":6} /-->',
    }
    assert show('<!-- wp:block {"ref":5} /-->', blocks=blocks) == ("<p>Shared.</p>", [])
    _, losses = show('<!-- wp:block {"ref":6} /-->', blocks=blocks)
    assert losses == ["reusable block 6"]
    assert show('<!-- wp:block {"ref":9} /-->')[1] == ["reusable block 9"]


def test_blocks_that_a_program_fills_are_told():
    _, losses = show(
        '<!-- wp:latest-posts {"postsToShow":3} /--><!-- wp:acme/chart {"id":1} -->'
        "<p>Caption</p><!-- /wp:acme/chart -->"
    )
    assert losses == [
        "block “acme/chart” (its text was kept)",
        "block “latest-posts”",
    ]


# Anything

MARKS = st.sampled_from(
    [
        "[caption]",
        "[/caption]",
        "[ref]",
        "[/ref]",
        "[gallery ids='7']",
        "\n\n",
        "\n",
        "<p>",
        "</p>",
        "<pre>",
        "</pre>",
        "<!-- wp:paragraph -->",
        "<!-- /wp:paragraph -->",
        "((",
        "))",
        '<a href="#a" id="b">1</a>',
        '<li id="a">x <a href="#b">^</a></li>',
        "<ol>",
        "</ol>",
        "word ",
        "<img src='x.jpg'>",
        "[[",
        "]]",
        "&amp;",
    ]
)


@given(st.lists(MARKS | st.text(max_size=8), max_size=30), st.booleans())
def test_any_text_is_converted(parts, brackets):
    for style in ("classic", "blocks", "html"):
        show("".join(parts), style, brackets_are_notes=brackets)


@given(st.lists(st.sampled_from(["alpha", "beta", "\n\n", "<em>gamma</em>", "\n"])))
def test_no_word_is_lost(parts):
    html, _ = show(" ".join(parts))
    words = [word.strip("<em>/") for part in parts for word in part.split()]
    assert plain_text(html).split() == words
