"""Pasted meanings arrive on the page, and nothing harmful in a formula does."""

import pytest
from playwright.sync_api import expect

from articles.models import Article
from ecfr_site.richtext.sanitizer import ALLOWED, sanitise
from tests.factories import UserFactory
from tests.richtext.test_sanitizer import ATTACKS

FORMULA = "<math><mi>d</mi><mo>=</mo><mfrac><mi>r</mi><mi>g</mi></mfrac></math>"
PASTE = f"""<p>Debt evolves as {FORMULA} over time, see <a href="#part2">below</a>.</p>
<ol style="list-style-type:lower-alpha" start="3"><li>third</li></ol>
<p>The minister said <q>we will pay</q> on Monday.</p>
<p style="white-space:pre-wrap">First line
Second line</p>
<pre>Roses are red
  Violets are blue</pre>
<p>forty <span style="text-decoration:line-through">fifty</span> sixty</p>
<h2 id="part2">Part two</h2>"""


def test_pasted_meanings_arrive_on_the_page(page, sign_in, complaints):
    sign_in(UserFactory(publisher=True))
    page.goto("/admin/articles/article/add/")
    page.fill("#id_title", "Kept")
    page.fill("#id_standfirst", "What is pasted is what is read, all of it.")
    editor = page.frame_locator("iframe.cke_wysiwyg_frame").locator("body")
    editor.click()
    editor.evaluate(
        """(body, html) => {
            const data = new DataTransfer();
            data.setData("text/html", html);
            data.setData("text/plain", "plain");
            body.dispatchEvent(new ClipboardEvent(
                "paste", {clipboardData: data, bubbles: true, cancelable: true}));
        }""",
        PASTE,
    )
    expect(editor).to_contain_text("Part two")
    page.get_by_role("button", name="Publish now").click()
    expect(page.locator(".messagelist")).to_contain_text("The page is live")

    article = Article.objects.get()
    page.goto(article.get_absolute_url())
    text = page.locator(".text")
    expect(text.locator("math mfrac")).to_have_count(1)
    expect(text.locator("ol[type=a][start='3']")).to_have_count(1)
    expect(text).to_contain_text("said “we will pay” on")
    expect(text.locator("s")).to_have_text("fifty")
    for first, second in (("First line", "Second line"), ("Roses", "Violets")):
        lines = text.locator("p", has_text=first)
        expect(lines).to_contain_text(second)
        expect(lines.locator("br")).to_have_count(1)
    page.get_by_role("link", name="below").click()
    expect(page.locator(":target")).to_have_text("Part two")


MORE_ATTACKS = [
    "<math><mtext><table><mglyph><style><!--</style><img title='--><img src=1 "
    "onerror=alert(1)>'>",
    "<math><mi><style><img src=x onerror=alert(1)></style></mi></math>",
    "<math><annotation-xml encoding='text/html'><style><img src=x onerror=alert(1)>",
    "<math><mo xlink:href='javascript:alert(1)' onclick=alert(1)>x</mo></math>",
    "<math><maction actiontype='statusline#http://x' xlink:href='javascript:x'>x",
    "<svg><math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<math><mi>&lt;img src=x onerror=alert(1)&gt;</mi></math>",
    "<math><ms>&lt;/math&gt;&lt;script&gt;alert(1)&lt;/script&gt;</ms></math>",
]


@pytest.mark.parametrize("attack", [*ATTACKS, *MORE_ATTACKS])
def test_a_browser_finds_nothing_but_what_is_allowed(page, attack):
    clean = sanitise(f"<p>a</p>{attack}")
    found = page.evaluate(
        """html => {
            const read = text => {
                const page = new DOMParser().parseFromString(text, "text/html");
                return page.body;
            };
            const once = read(html), twice = read(once.innerHTML);
            return {
                tags: [...once.querySelectorAll("*")].map(e => e.localName),
                names: [...once.querySelectorAll("*")].flatMap(
                    e => e.getAttributeNames()),
                same: once.innerHTML === twice.innerHTML,
                outside: [...once.querySelectorAll("math *")].some(
                    e => !e.namespaceURI.endsWith("MathML")),
            };
        }""",
        clean,
    )
    assert set(found["tags"]) <= set(ALLOWED)
    assert not [name for name in found["names"] if name.startswith(("on", "xlink"))]
    assert found["same"]
    assert not found["outside"]
