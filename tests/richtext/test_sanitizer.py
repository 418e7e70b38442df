"""Sanitiser: what it keeps of the HTML that it is given."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecfr_site.richtext.sanitizer import ALLOWED, plain_text, reading_time, sanitise

ATTACKS = [
    "<script>alert(1)</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img src=/a.png onload='alert(1)' alt=x>",
    "<img src='javascript:alert(1)' alt=x>",
    "<img src='data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+' alt=x>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='JaVaScRiPt:alert(1)'>x</a>",
    "<a href=' javascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='java\nscript:alert(1)'>x</a>",
    "<a href='\x01javascript:alert(1)'>x</a>",
    "<a href='java\0script:alert(1)'>x</a>",
    "<a href='&#106;&#97;vascript&colon;alert(1)'>x</a>",
    "<a href='&#x6A&#x61&#x76&#x61&#x73&#x63&#x72&#x69&#x70&#x74&#x3A;alert(1)'>x</a>",
    "<a href='java&Tab;script:alert(1)'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='view-source:javascript:alert(1)'>x</a>",
    "<a href='file:///etc/passwd'>x</a>",
    "<a href='//x' onclick=alert(1) target=_blank style='x:expression(alert(1))'>x</a>",
    "<svg><script>alert(1)</script></svg>",
    "<svg/onload=alert(1)>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></table>",
    "<math href='javascript:alert(1)'>x</math>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<template><script>alert(1)</script></template>",
    "<title><img src=x onerror=alert(1)></title>",
    "<textarea><img src=x onerror=alert(1)></textarea>",
    "<xmp><img src=x onerror=alert(1)></xmp>",
    "<plaintext><img src=x onerror=alert(1)>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!--[if gte mso 9]><script>alert(1)</script><![endif]-->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<iframe src='javascript:alert(1)'></iframe><iframe srcdoc='<script>1</script>'>",
    "<object data='javascript:alert(1)'></object><embed src='javascript:alert(1)'>",
    "<base href='javascript:alert(1)//'><meta http-equiv=refresh content='0;url=x'>",
    "<link rel=stylesheet href='//evil.example/x.css'>",
    "<style>@import 'javascript:alert(1)';</style>",
    "<p style='background:url(javascript:alert(1))'>x</p>",
    "<p id=location name=cookie class=x data-x=1 onmouseover=alert(1)>x</p>",
    "<form action='javascript:alert(1)'><button formaction='javascript:alert(1)'>x",
    "<input autofocus onfocus=alert(1)><details open ontoggle=alert(1)>x</details>",
    "<video><source onerror=alert(1)></video><audio src=x onerror=alert(1)>",
    "<table background='javascript:alert(1)'><td background='javascript:alert(1)'>x",
    "<span class='footnote'><img src=x onerror=alert(1)><script>x</script>note</span>",
    '<a href="https://x.example/&quot; onclick=&quot;alert(1)">x</a>',
    "<img src='https://x.example/a.png' alt='&quot; onerror=&quot;alert(1)'>",
    "<abbr title='&quot;><script>alert(1)</script>'>x</abbr>",
    "<p lang='\"><script>alert(1)</script>'>x</p>",
    "<ol start='1 onmouseover=alert(1)'><li>x</ol>",
]

TAG = re.compile(r"<(/?)([a-z0-9]+)((?: [a-z]+=\"[^\"<>]*\")*)>")
ATTRIBUTE = re.compile(r" ([a-z]+)=\"([^\"]*)\"")


def assert_harmless(html):
    """Nothing but the allowed elements and attributes, and no address that runs."""
    assert "<" not in TAG.sub("", html)
    for _, tag, attributes in TAG.findall(html):
        assert tag in ALLOWED
        for name, value in ATTRIBUTE.findall(attributes):
            assert name in ALLOWED[tag] | {"lang", "class"}
            if name == "class":
                assert (tag, value) == ("span", "footnote")
            if name in ("href", "src"):
                assert not re.match(r"\s*(?!https?:|mailto:)[a-z\s&;#]*:", value, re.I)


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_left_without_its_sting(attack):
    clean = sanitise(f"<p>Before {attack} after</p>")
    assert_harmless(clean)
    assert "Before" in clean


tags = st.sampled_from(
    [*ALLOWED, "div", "h1", "h4", "b", "i", "font", "svg", "math", "style", "script"]
    + ["o:p", "center", "details", "dl", "dd", "select", "form", "mtext", "pre"]
)
attributes = st.sampled_from(
    [
        "",
        " class=footnote",
        " href=/x",
        " href='javascript:x'",
        " src=/a.png",
        " lang=fr",
    ]
    + [" style='font-weight:700'", " style='mso-list:l0'", " rowspan=3", " onclick=x"]
    + [
        " role=presentation",
        " alt='<\">'",
        " scope=col",
        " class=MsoNormal",
        " start=4",
    ]
)
snippets = st.one_of(
    st.builds("<{}{}>".format, tags, attributes),
    st.builds("</{}>".format, tags),
    st.sampled_from(
        [" ", "\n", "&nbsp;", "\xa0", "<br>", "word", "“Quote”", "&lt;", "&"]
    ),
    st.text(max_size=8),
)
documents = st.lists(snippets, max_size=30).map("".join)


@given(documents)
def test_whatever_comes_in_only_what_is_allowed_comes_out(html):
    assert_harmless(sanitise(html))


@given(documents)
def test_sanitising_again_changes_nothing(html):
    clean = sanitise(html)
    assert sanitise(clean) == clean


@given(st.text())
def test_any_text_is_read_without_an_error(text):
    sanitise(text)
    plain_text(text)


@given(st.lists(st.sampled_from(["one", "two", "“three”", "fo’ur", "5–6"]), min_size=1))
def test_words_are_neither_lost_nor_doubled(words):
    html = "<div>" + "<p><b>".join(words) + "<ul>" + " ".join(words)
    assert plain_text(sanitise(html)).split() == plain_text(html).split()


def test_absurdly_deep_nesting_is_flattened():
    assert "deep" in sanitise("<div><blockquote>" * 5000 + "deep")


@pytest.mark.parametrize(
    ("given_html", "kept"),
    [
        ("loose text", "<p>loose text</p>"),
        ("one<br><br>two", "<p>one</p>\n<p>two</p>"),
        ("<p>one<br>two</p>", "<p>one<br>two</p>"),
        ("<p>&nbsp;</p><p> </p><p><br></p><p>x</p>", "<p>x</p>"),
        ("<p><b>x</b> <i>y</i></p>", "<p><strong>x</strong> <em>y</em></p>"),
        ("<p><em></em>x<em>y</em><em>z</em></p>", "<p>x<em>yz</em></p>"),
        ("<div>x<p>y</p></div>", "<p>x</p>\n<p>y</p>"),
        ("<p>10 %, “so” – ‘he’ said…</p>", "<p>10 %, “so” – ‘he’ said…</p>"),
        ("<p>10&nbsp;%</p>", "<p>10&nbsp;%</p>"),
        ("<p lang=fr>oui</p>", '<p lang="fr">oui</p>'),
        ("<p>a <span lang=de>Zeitenwende</span></p>",)
        + ('<p>a <span lang="de">Zeitenwende</span></p>',),
        ("<ul><li><p>x</p></li><li></li></ul>", "<ul><li>x</li></ul>"),
        ("<ul><li>x<ul><li>y</ul></ul>", "<ul><li>x<ul><li>y</li></ul></li></ul>"),
        ("<ul><li>x</li><ul><li>y</ul></ul>",)
        + ("<ul><li>x<ul><li>y</li></ul></li></ul>",),
        ("<li>x<li>y", "<ul><li>x</li><li>y</li></ul>"),
        ("<ol start=3><li>x</ol>", '<ol start="3"><li>x</li></ol>'),
        ("<blockquote>x</blockquote>", "<blockquote><p>x</p></blockquote>"),
        ("<h2></h2><h2><b>x</b></h2>", "<h2><strong>x</strong></h2>"),
        ("<li><h2>x</h2></li>", "<ul><li><strong>x</strong></li></ul>"),
        ("<p>x<hr>y", "<p>x</p>\n<hr>\n<p>y</p>"),
        ("<p>H<sub>2</sub>O, m<sup>2</sup></p>",)
        + ("<p>H<sub>2</sub>O, m<sup>2</sup></p>",),
        ('<p><abbr title="European Union">EU</abbr></p>',)
        + ('<p><abbr title="European Union">EU</abbr></p>',),
        ("<p><a href='mailto:a@b.example'>x</a></p>",)
        + ('<p><a href="mailto:a@b.example">x</a></p>',),
        ("<p><a name=x>x</a></p>", "<p>x</p>"),
        ("<figure><p>x</p></figure>", "<p>x</p>"),
        ("<img src=/a.png>", '<figure><img src="/a.png" alt=""></figure>'),
        ("<p lang=fr>x <a href=/y><img src=/a.png alt=z></a> y</p>",)
        + (
            '<p lang="fr">x</p>\n'
            '<figure><a href="/y"><img src="/a.png" alt="z"></a></figure>\n'
            '<p lang="fr">y</p>',
        ),
        ("<img src=a.png alt=x>y", "<p>y</p>"),
        ("<img src=/a.png alt='' role=presentation width=9px height=5%>",)
        + ('<figure><img src="/a.png" alt="" width="9" role="presentation"></figure>',),
        ("<img src=/a.png alt=x role=presentation>",)
        + ('<figure><img src="/a.png" alt="x"></figure>',),
        ("<figure class=image><img src=/a.png alt=x><figcaption>y<br></figure>",)
        + ('<figure><img src="/a.png" alt="x"><figcaption>y</figcaption></figure>',),
        ("<p>x<span class='footnote'>A <i>note</i>.</span></p>",)
        + ('<p>x<span class="footnote">A <em>note</em>.</span></p>',),
        ("<p>x<span class=footnote></span></p>",)
        + ('<p>x<span class="footnote"></span></p>',),
    ],
)
def test_html_becomes_plain_and_valid(given_html, kept):
    assert sanitise(given_html) == kept


def test_tables_keep_their_caption_heads_and_spans():
    table = (
        "<table><caption>Aid</caption>"
        '<thead><tr><th scope="col" colspan="2">Year</th></tr></thead>'
        '<tbody><tr><td rowspan="2">2025</td><td>1</td></tr>'
        "<tr><td>2</td></tr></tbody></table>"
    )
    assert sanitise(table) == table


def test_a_cell_does_not_reach_below_its_table():
    assert "rowspan" not in sanitise("<table><tr><td rowspan=9>x</td></tr></table>")


def test_a_title_in_the_text_becomes_a_heading():
    assert sanitise("<h1>x</h1><h2>y</h2><h4>z</h4>") == (
        "<h2>x</h2>\n<h2>y</h2>\n<h3>z</h3>"
    )


def test_a_text_divided_by_titles_moves_one_level_down():
    assert sanitise("<h1>x</h1><h2>y</h2><h1>z</h1>") == (
        "<h2>x</h2>\n<h3>y</h3>\n<h2>z</h2>"
    )


def test_word_leaves_nothing_behind():
    word = """
    <html xmlns:o="urn:schemas-microsoft-com:office:office"><head>
    <meta name=Generator content="Microsoft Word 15"><title>Draft</title>
    <style>p.MsoNormal {mso-style-qformat:yes}</style>
    <!--[if gte mso 9]><xml><o:Zoom>90</o:Zoom></xml><![endif]--></head>
    <body lang=EN-GB style='tab-interval:36.0pt'><div class=WordSection1>
    <h1><span lang=EN-GB style='font-family:"Arial"'>A title<o:p></o:p></span></h1>
    <p class=MsoNormal><span lang=EN-GB style='mso-fareast-language:FR'>It is
    <b style='mso-bidi-font-weight:normal'>bold</b><span style='mso-spacerun:yes'>&nbsp;
    </span>indeed.<o:p></o:p></span></p>
    <p class=MsoNormal><o:p>&nbsp;</o:p></p>
    <p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><![if !supportLists]>
    <span style='mso-list:Ignore'>·<span>&nbsp;&nbsp; </span></span><![endif]>First</p>
    <p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><![if !supportLists]>
    <span style='mso-list:Ignore'>·<span>&nbsp;&nbsp; </span></span><![endif]>Second</p>
    <p class=MsoListParagraph style='mso-list:l1 level1 lfo2'>
    <span style='mso-list:Ignore'>1.<span>&nbsp; </span></span>Third</p>
    </div></body></html>"""
    assert sanitise(word) == (
        "<h2>A title</h2>\n"
        "<p>It is <strong>bold</strong> indeed.</p>\n"
        "<ul><li>First</li><li>Second</li></ul>\n"
        "<ol><li>Third</li></ol>"
    )


def test_google_docs_leaves_nothing_behind():
    docs = (
        '<meta charset="utf-8"><b style="font-weight:normal;" '
        'id="docs-internal-guid-1"><h2 dir="ltr" style="line-height:1.38">'
        '<span style="font-weight:400">A title</span></h2><p dir="ltr">'
        '<span style="font-size:11pt;font-weight:700">Bold</span>'
        '<span style="font-style:italic"> and italic</span>'
        '<span style="font-size:0.6em;vertical-align:super">2</span></p></b><br>'
    )
    assert sanitise(docs) == (
        "<h2>A title</h2>\n<p><strong>Bold</strong><em> and italic</em><sup>2</sup></p>"
    )


def test_plain_text_has_a_line_a_block_and_no_footnotes():
    html = (
        '<h2>Head</h2><p>Fish &amp;<br> <em>chips</em><span class="footnote">1</span>.'
    )
    assert plain_text(html) == "Head\nFish &\nchips."


def test_reading_takes_a_minute_for_230_words():
    assert reading_time("<p>" + "word " * 690 + "</p>") == 3


def test_reading_anything_takes_a_minute():
    assert reading_time("") == 1


def test_footnotes_take_no_reading_time():
    note = f'<span class="footnote">{"word " * 1000}</span>'
    assert reading_time(f"<p>word{note}</p>") == 1


@pytest.mark.parametrize("sign", ["\u202e", "\u2066", "\u2028", "\u200f", "\t"])
@pytest.mark.parametrize("html", ['<p><a href="{}">x</a></p>', '<img src="{}">'])
def test_nothing_unseen_stands_in_an_address(sign, html):
    kept = sanitise(html.format(f"https://example.org/a{sign}b"))

    assert "https://example.org/ab" in kept
