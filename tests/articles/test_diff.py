"""Differences between two texts: marked word by word, and nothing else."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml.html import fragment_fromstring, tostring

from articles.history.body_diff import diff_bodies
from articles.history.diff import compare, find_names, mark_lines
from articles.history.snapshot import get_content
from ecfr_site.richtext.sanitizer import sanitise
from tests.factories import (
    ArticleFactory,
    AuthorFactory,
    CorrectionFactory,
    ImageFactory,
    TopicFactory,
)

WORDS = st.lists(
    st.sampled_from(
        ["war", "peace", "&amp;", "<em>often</em>", "&lt;b&gt;", '<a href="/x">x</a>']
    ),
    min_size=1,
    max_size=6,
).map(" ".join)
NOTES = WORDS.map(lambda text: f'so<span class="footnote">{text}</span>')
IMAGES = st.sampled_from(["a", "b"]).map(
    lambda name: f'<figure><img src="/media/{name}.jpg" alt="{name}"></figure>'
)
BLOCKS = st.one_of(
    st.one_of(WORDS, NOTES).map("<p>{}</p>".format),
    WORDS.map("<h2>{}</h2>".format),
    WORDS.map("<ul><li>{}</li></ul>".format),
    WORDS.map("<blockquote><p>{}</p></blockquote>".format),
    WORDS.map("<table><tbody><tr><td>{}</td><td>1</td></tr></tbody></table>".format),
    IMAGES,
    st.sampled_from(["<script>alert(1)</script>", "<p onclick='x()'>c</p>", "<hr>"]),
)
BODIES = st.lists(BLOCKS, max_size=6).map("\n".join)


def sides(passages):
    return [
        "\n".join(part for p in passages if (part := getattr(p, side)))
        for side in ("before", "after")
    ]


def without_marks(html):
    """The HTML with its <del> and <ins> unwrapped, as a browser reads it."""
    tree = fragment_fromstring(html, create_parent="div")
    for mark in list(tree.iter("del", "ins")):
        mark.drop_tag()
    return sanitise("".join(_inner(tree)))


def _inner(tree):
    return [tree.text or "", *(tostring(e, encoding="unicode") for e in tree)]


@given(BODIES)
def test_a_text_compared_with_itself_shows_nothing(body):
    passages = diff_bodies(body, body)

    assert all(passage.count for passage in passages)
    assert "<del" not in "".join(sides(passages))


@given(BODIES, BODIES)
def test_without_its_marks_each_side_is_what_it_was(old, new):
    before, after = sides(diff_bodies(old, new))

    assert "<ins" not in before
    assert "<del" not in after
    assert without_marks(before) == sanitise(old)
    assert without_marks(after) == sanitise(new)


@given(BODIES, BODIES)
def test_nothing_executable_survives(old, new):
    html = "".join(sides(diff_bodies(old, new)))
    tree = fragment_fromstring(html, create_parent="div")

    assert not list(tree.iter("script", "style", "iframe"))
    assert not [e for e in tree.iter() for name in e.attrib if name.startswith("on")]


LINES = st.lists(st.lists(st.text(st.characters(exclude_categories=["C"]))), max_size=4)


@given(LINES, LINES)
def test_plain_lines_without_marks_are_what_they_were(old, new):
    def plain(html):
        tree = fragment_fromstring(html.replace("<br>", "<p>"), create_parent="div")
        return "".join(tree.text_content().split())

    before, after = mark_lines(old, new)

    assert plain(before) == "".join("".join(sum(old, [])).split())
    assert plain(after) == "".join("".join(sum(new, [])).split())


def marks(old, new):
    html = "".join(sides(diff_bodies(old, new)))
    tree = fragment_fromstring(html, create_parent="div")
    return [
        (mark.tag, mark.text_content() or mark.get("data-said") or mark.get("class"))
        for mark in tree.iter("del", "ins")
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("<p>One war.</p>", "<p>One peace.</p>", [("del", "war."), ("ins", "peace.")]),
        (
            "<p>So be it.</p>",
            "<p>So <em>be</em> it.</p>",
            [("del", "be"), ("ins", "be")],
        ),
        ("<p>One two</p>", "<p>One</p><p>two</p>", [("ins", "end")]),
        (
            '<p><a href="/a">x</a></p>',
            '<p><a href="/b">x</a></p>',
            [("del", "/a"), ("ins", "/b")],
        ),
        (
            '<p>A<span class="footnote">See 1.</span></p>',
            '<p>A<span class="footnote">See 2.</span></p>',
            [("del", "1."), ("ins", "2.")],
        ),
        (
            '<figure><img src="/m/a.jpg" alt="A ship"></figure>',
            '<figure><img src="/m/a.jpg" alt="A boat"></figure>',
            [("del", "A ship"), ("ins", "A boat")],
        ),
        (
            "<table><tbody><tr><td>1</td><td>2</td></tr></tbody></table>",
            "<table><tbody><tr><td>1</td><td>3</td></tr></tbody></table>",
            [("del", "2"), ("ins", "3")],
        ),
    ],
)
def test_what_is_marked(old, new, expected):
    assert marks(old, new) == expected


def test_what_is_alike_stands_once_between_what_differs():
    old = "".join(f"<p>Paragraph {n} of a long text.</p>" for n in range(9))
    new = old.replace("Paragraph 4", "Chapter 4")

    first, changed, last = diff_bodies(old, new)

    assert (first.count, changed.count, last.count) == (4, 0, 4)
    assert "<del>Paragraph</del> 4" in changed.before


@pytest.mark.parametrize("change", ["each", "all"])
def test_a_long_text_takes_no_longer_than_somebody_waits(change):
    words = [f"word{n % 1900}" if n % 3 else "the" for n in range(12000)]
    blocks = [f"<p>{' '.join(words[n : n + 80])}</p>" for n in range(0, 12000, 80)]
    new = (
        [block.replace("the", "a", 1) for block in blocks]
        if change == "each"
        else [f"<p>{' '.join(words[n : n + 79 : 2])}</p>" for n in range(7, 9000, 80)]
    )
    began = time.process_time()

    diff_bodies("".join(blocks), "".join(new))

    assert time.process_time() - began < 4


# Fields


@pytest.fixture
def article(db):
    article = ArticleFactory(
        published=True,
        authors=[AuthorFactory(name="Ada Verne")],
        topics=[TopicFactory(name="Trade policy")],
        image=ImageFactory(title="Harbour"),
        image_alt="A harbour",
    )
    CorrectionFactory(article=article, text="It was 1957.")
    return article


def shown(old, new):
    return {
        found.label: tuple(map("".join, sides(found.passages)))
        for found in compare(old, new, find_names(old, new))
        if not found.alike
    }


def test_only_the_fields_that_differ_are_shown(article):
    old = get_content(article)
    article.title = "Another <b>title</b>"

    differing = shown(old, get_content(article))

    assert list(differing) == ["Title"]
    assert "&lt;b&gt;title&lt;/b&gt;" in differing["Title"][1]


def test_people_topics_and_pictures_have_names(article):
    old = get_content(article)
    article.bylines.update(role="editor")
    article.topics.set([TopicFactory(name="Energy")])
    article.image = ImageFactory(title="Bridge")

    differing = shown(old, get_content(article))

    assert differing["People"] == (
        "Ada Verne<del>, author</del>",
        "Ada Verne<ins>, editor</ins>",
    )
    assert differing["Topics and regions"] == (
        "<del>Trade policy</del>",
        "<ins>Energy</ins>",
    )
    assert differing["Image"] == ("<del>Harbour</del>", "<ins>Bridge</ins>")


def test_who_and_what_is_deleted_is_named_as_such(article):
    old = get_content(article)
    article.bylines.all().delete()
    article.authors.model.objects.all().delete()
    article.topics.model.objects.all().delete()

    differing = shown(old, get_content(article))

    assert "a deleted author (number" in differing["People"][0]
    assert "a deleted topic or region (number" in differing["Topics and regions"][0]


def test_times_are_those_of_the_institution(article, settings):
    old = get_content(article)
    new = {**old, "published_at": "2026-05-04T07:00:00Z"}

    _, after = shown(old, new)["Publication time"]

    assert "4 May 2026, 09:00 CEST" in after


def test_a_change_that_readers_do_not_see_is_called_that(article):
    old = {**get_content(article), "body": "<p>One.</p>"}
    new = {**old, "body": '<p lang="fr">One.</p>'}

    [text] = [f for f in compare(old, new, find_names(old, new)) if not f.alike]

    assert text.is_unseen
