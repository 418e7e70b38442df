"""Each rule of the checklist finds what it is for, and nothing else."""

from datetime import UTC, date, datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import assume, given
from hypothesis import strategies as st

from articles.checklist.checklist import Checklist
from articles.checklist.limits import LIMITS
from articles.checklist.rules import RULES
from articles.embargo import parse_words, stands_in
from articles.models import Article, EditorialPolicy, Link
from articles.workflow import State
from tests.factories import (
    ArticleFactory,
    AttachmentFactory,
    AuthorFactory,
    BylineFactory,
    CorrectionFactory,
    ImageFactory,
    PositionFactory,
    TopicFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def note(text):
    return f'<span class="footnote">{text}</span>'


@pytest.fixture
def sound():
    """Fields of an article on which nothing is found."""
    return {"topics": [TopicFactory()], "authors": [PositionFactory().author]}


def found(article, key=None, **chosen):
    """The findings of the rule, or all, as (level, text, where)."""
    policy = EditorialPolicy(checklist=chosen)
    findings = Checklist(article, policy=policy).findings
    return [
        (each.level, each.text, each.where)
        for each in findings
        if key in (None, each.rule)
    ]


def test_nothing_is_found_on_a_sound_article(sound):
    checklist = Checklist(ArticleFactory(with_image=True, **sound))

    assert checklist.findings == []
    assert len(checklist.fine) == checklist.count == len(RULES)


def test_key_points_are_three_to_five(sound):
    for count, said in [(0, 0), (1, 1), (2, 1), (3, 0), (5, 0), (6, 1)]:
        points = "<li>A point.</li>" * count
        article = ArticleFactory(key_points=points and f"<ul>{points}</ul>", **sound)
        assert len(found(article, "key_points")) == said


PICTURE = '<figure><img src="/media/a.png" alt="x"></figure>'


@pytest.mark.parametrize(
    ("key", "bad", "good", "words", "where"),
    [
        ("title", {"title": " "}, {"title": "T"}, "needs a title", "title"),
        (
            "standfirst",
            {"standfirst": "\n"},
            {},
            "needs a standfirst",
            "standfirst",
        ),
        ("body", {"body": ""}, {}, "needs a text", "body"),
        (
            "standfirst_length",
            {"standfirst": "Too short."},
            {"standfirst": "s" * 30},
            "10 characters; the minimum is 30",
            "standfirst",
        ),
        (
            "standfirst_length",
            {"standfirst": "s" * 301},
            {"standfirst": "s" * 300},
            "301 characters; the maximum is 300",
            "standfirst",
        ),
        ("standfirst_length", {"standfirst": "s"}, {"standfirst": ""}, "1 char", None),
        (
            "body_alt",
            {"body": '<img src="/media/x/har%20bour.png">'},
            {"body": PICTURE + '<img src="/media/b.png" alt="" role="presentation">'},
            "har bour.png has no alternative text",
            "body",
        ),
        (
            "borrowed_picture",
            {"body": '<img src="https://a.example/a.png" alt="x">'},
            {"body": PICTURE},
            "a.png is on another site",
            "body",
        ),
        (
            "headings",
            {"body": "<h3>Early</h3><h2>Late</h2>"},
            {"body": "<h2>One</h2><h3>Two</h3><h2>Three</h2>"},
            "“Early” stands before any main heading: make it a Heading 2",
            "body",
        ),
        (
            "table_heads",
            {"body": "<table><tr><td>x</td></tr></table>"},
            {"body": "<table><tr><th>x</th></tr></table>"},
            "A table has no header row",
            "body",
        ),
        (
            "footnotes",
            {"body": f"<p>x{note(' ')}</p>"},
            {"body": f"<p>x{note('A note.')}</p>"},
            "A footnote is empty",
            "body",
        ),
        (
            "footnotes",
            {"body": f"<p>x{note('')} y{note('')}</p>"},
            {"body": "<p>In 2019 [2020 in print] and so on.</p>"},
            "2 footnotes are empty",
            "body",
        ),
        (
            "footnotes",
            {"body": "<p>As was said.[12] And more.</p>"},
            {"body": "<p>As was said [sic].</p>"},
            "“[12]” looks like the mark of a footnote",
            "body",
        ),
        (
            "footnotes",
            {"body": "<p>As was said.<sup>3</sup> And more.</p>"},
            {"body": "<p>Three km<sup>2</sup>, the 5<sup>th</sup>.</p>"},
            "“3” looks like the mark of a footnote",
            "body",
        ),
        (
            "footnotes",
            {"body": "<p><sup>1</sup> See there.</p>"},
            {"body": "<p><em>m</em><sup>2</sup></p>"},
            "“1” looks like",
            "body",
        ),
        (
            "link_texts",
            {"body": '<p>Read it <a href="/people/">Here.</a></p>'},
            {"body": '<p>See <a href="/people/">the people here</a></p>'},
            "says only “Here.”",
            "body",
        ),
        (
            "original_link",
            {"original_outlet": "The Review"},
            {"original_outlet": "The Review", "original_url": "https://r.example/"},
            "first published by The Review",
            "original_url",
        ),
        (
            "seo_description",
            {"seo_description": "d" * 161},
            {"seo_description": "d" * 160},
            "161 characters",
            "seo_description",
        ),
    ],
)
def test_a_text_that_has_it_and_one_that_has_not(sound, key, bad, good, words, where):
    [(_, text, field)] = found(ArticleFactory(**{**sound, **bad}), key)

    assert words in text
    assert where in (field, None)
    assert found(ArticleFactory(**{**sound, **good}), key) == []


def test_levels_of_headings_that_the_site_does_not_keep_are_set_right_on_saving(sound):
    body = "<h1>One</h1><h4>Two</h4>"

    assert found(ArticleFactory(body=body, **sound), "headings") == []


def test_a_picture_at_the_top_is_described_or_decoration(sound):
    bare = ArticleFactory(image=ImageFactory(), **sound)
    decoration = ArticleFactory(image=ImageFactory(), image_decorative=True, **sound)

    [(level, _, where)] = found(bare, "lead_alt")
    assert (level, where) == ("block", "image_alt")
    assert found(decoration, "lead_alt") == []


def test_everybody_held_a_position_on_the_day(sound):
    former = PositionFactory(
        started=date(2010, 1, 1),
        ended=date(2012, 1, 1),
        author__name="Ada Verne",
    ).author
    article = ArticleFactory(published=True, authors=[former])

    [(level, text, where)] = found(article, "position")
    assert (level, where) == ("warn", "bylines")
    assert text.startswith("Ada Verne held no position on that day, ")

    article.bylines.update(position_override="Guest")
    assert found(article, "position") == []
    house = ArticleFactory(authors=[AuthorFactory(institution=True)])
    assert found(house, "position") == []


def test_an_article_has_a_topic(sound):
    assert found(ArticleFactory(**sound), "topic") == []
    [(_, text, where)] = found(ArticleFactory(), "topic")
    assert (text, where) == ("The article has no topic.", "topics")


# Links: what is known of them was asked before


def link(address, level="", trouble="", checked="2026-01-01T00:00Z"):
    Link.objects.create(
        address=address, level=level, trouble=trouble, checked_at=checked
    )


def test_links_that_lead_nowhere_are_found_by_what_was_asked_before(sound):
    link("/gone/", "error", "leads nowhere")
    link("https://x.example/gone", "error", "leads nowhere (404)")
    link("https://x.example/shut", "warning", "was answered with an error (403)")
    link("https://x.example/fine")
    hrefs = ["/gone/#part", "https://x.example/gone", "https://x.example/fine"]
    hrefs.append("https://x.example/shut")
    body = "".join(f'<p>See <a href="{href}">that</a>.</p>' for href in hrefs)
    article = ArticleFactory(body=body, **sound)
    block = {"internal_links": "block", "external_links": "block"}

    assert found(article, **block) == [
        ("block", "The link to /gone/#part leads nowhere.", "body"),
        (
            "block",
            "The link to https://x.example/gone leads nowhere (404): "
            "correct it or remove it.",
            "body",
        ),
        # A robot was refused: that never blocks.
        (
            "warn",
            "The link to https://x.example/shut was answered with an error (403): "
            "try it yourself.",
            "body",
        ),
    ]


def test_links_in_notes_and_the_original_are_links_too(sound):
    link("https://x.example/note", "error", "leads nowhere (404)")
    link("https://x.example/first", "error", "leads nowhere (404)")
    article = ArticleFactory(
        body=f"<p>Text{note('See https://x.example/note.')}</p>",
        original_outlet="The Review",
        original_url="https://x.example/first",
        **sound,
    )

    wheres = [where for _, _, where in found(article, "external_links")]
    assert wheres == ["body", "original_url"]


def test_links_not_asked_yet_are_said_and_block_nothing(sound):
    link("https://x.example/2", checked=None)
    body = "".join(f'<a href="https://x.example/{n}">x</a> ' for n in (1, 2, 3))
    article = ArticleFactory(body=f"<p>{body}</p>", **sound)

    [(level, text, _)] = found(article, external_links="block")

    assert (level, text) == ("note", "3 links are still being checked.")
    assert Checklist(article).problems == []


def test_a_link_that_is_too_long_is_left_to_the_editor(sound):
    body = f'<p><a href="https://x.example/{"ü" * 1100}">x</a></p>'

    [(level, text, _)] = found(ArticleFactory(body=body, **sound))

    assert level == "warn"
    assert "too long to be checked" in text


# Words under embargo


def embargoed(article, words):
    policy = EditorialPolicy(embargoed_words=words)
    findings = Checklist(article, policy=policy).findings
    return [(each.text, each.where) for each in findings if each.rule == "embargo"]


@pytest.mark.parametrize(
    ("word", "text", "there"),
    [
        ("Atlas", "The ATLAS, again", True),
        ("Atlas", "Atlases", False),
        ("Atlas", "preatlas", False),
        ("Project Atlas", "project\n atlas", True),
        ("Project Atlas", "project\xa0atlas", True),
        ("Sole", "Solé", False),
        ("Sole", "Sole\u0301", False),
        ("Solé", "Sole\u0301", True),
        ("Solé", "Sole", False),
        ("O'Neill", "with O’Neill’s", True),
        ("C++", "in C++.", True),
        ("C++", "in Cpp", False),
        ("Deal", "the at\xadlas deal", True),
        ("atlas", "the at\xadlas deal", True),
    ],
)
def test_whole_words_are_found_whatever_their_case(word, text, there):
    assert stands_in(word, text) == there


lines = st.text(min_size=1, max_size=20).filter(lambda text: parse_words(text))


@given(lines)
def test_any_word_can_be_put_under_embargo(line):
    for word in parse_words(line):
        assert stands_in(word, f"before {word} after")
        assert stands_in(word, word)


@given(st.text(alphabet=".*+?()[]{}|^$\\-#&~ab", min_size=1, max_size=12))
def test_a_word_means_itself_whatever_its_signs(word):
    assume(parse_words(word))
    assert not stands_in(word, "z" * 5 + "\n" + "zz z")


def test_words_are_found_wherever_readers_would_see_them(sound):
    article = ArticleFactory(
        title="Atlas",
        slug="on-atlas-now",
        standfirst="On Atlas, in a sentence of some length.",
        body=f'<p>Of <em>At</em>las{note("Atlas")}</p><img src="/media/a.png" '
        'alt="Atlas"><p>Atlas</p>',
        image=ImageFactory(caption="Atlas"),
        image_alt="Atlas",
        disclaimer="Atlas",
        original_outlet="Atlas",
        seo_title="Atlas",
        seo_description="Atlas",
        **sound,
    )
    AttachmentFactory(article=article, title="Atlas (PDF)", file__name="x.pdf")
    CorrectionFactory(article=article, text="Not Atlas.")
    BylineFactory(article=article, position_override="Head of Atlas")

    found = embargoed(article, "\n  atlas  \n\nNever\n")

    assert [where for _, where in found] == [
        "title",
        "standfirst",
        "image_alt",
        "slug",
        "original_outlet",
        "disclaimer",
        "seo_title",
        "seo_description",
        "image_caption",
        "body",
        "bylines",
        "attachments",
        "corrections",
    ]
    assert found[0][0] == "“atlas” is under embargo but appears in the title."


def test_no_word_under_embargo_finds_nothing(sound):
    assert embargoed(ArticleFactory(**sound), "\n \n") == []
    assert embargoed(ArticleFactory(**sound), "Atlas") == []


# Levels and settings


def test_each_rule_is_off_warns_or_blocks_by_setting():
    article = ArticleFactory()

    assert [level for level, *_ in found(article, "topic")] == ["warn"]
    assert [level for level, *_ in found(article, "topic", topic="block")] == ["block"]
    assert found(article, "topic", topic="off") == []
    off = Checklist(article, policy=EditorialPolicy(checklist={"topic": "off"}))
    assert off.count == len(RULES) - 1


@pytest.mark.parametrize("nonsense", ["loud", None, 3, ["block"], {}])
def test_settings_that_make_no_sense_are_passed_over(nonsense):
    article = ArticleFactory(standfirst="s" * 299)
    chosen = {"topic": nonsense, "unknown": "block", "standfirst_longest": nonsense}
    if nonsense == 3:
        chosen["standfirst_longest"] = -3

    assert found(article, **chosen) == found(article)


def test_what_the_database_insists_on_cannot_be_turned_off():
    article = ArticleFactory(title="", image=ImageFactory())
    off = dict.fromkeys([rule.key for rule in RULES], "off")

    assert [where for _, _, where in found(article, **off)] == ["title", "image_alt"]


def test_limits_are_settings():
    article = ArticleFactory(standfirst="s" * 100, seo_description="d" * 100)
    chosen = {limit.key: 99 for limit in LIMITS}
    chosen["standfirst_shortest"] = 1

    said = " ".join(text for _, text, _ in found(article, **chosen))

    assert "100 characters; the maximum is 99" in said
    assert "show about 99" in said


def test_today_s_rules_block_by_themselves():
    blocking = {rule.key for rule in RULES if rule.default == "block"}

    assert blocking == {
        *("title", "standfirst", "body", "lead_alt", "embargo", "version"),
    }


# Publishing


def test_what_blocks_keeps_an_article_from_readers_whoever_publishes_it():
    EditorialPolicy.objects.create(checklist={"topic": "block"})
    article = ArticleFactory(draft=True)

    with pytest.raises(ValidationError) as error:
        article.publish(by=UserFactory(publisher=True))

    assert error.value.message_dict == {"topics": ["The article has no topic."]}
    assert Article.objects.get().state == State.DRAFT


def test_what_warns_does_not():
    article = ArticleFactory(draft=True)

    article.publish(by=UserFactory(publisher=True))

    assert Article.objects.get().state == State.PUBLISHED


def test_a_working_copy_is_held_to_the_same():
    publisher = UserFactory(publisher=True)
    live = ArticleFactory(published=True, title="Ports")
    copy = live.start_working_copy(by=publisher)
    copy.title = "Project Atlas"
    copy.save()
    EditorialPolicy.objects.create(embargoed_words="Project Atlas")

    with pytest.raises(ValidationError, match="under embargo"):
        copy.publish(by=publisher)

    live.refresh_from_db()
    assert live.title == "Ports"


def test_positions_are_those_of_the_day_it_is_scheduled_for():
    EditorialPolicy.objects.create(checklist={"position": "block"})
    leaving = PositionFactory(started=date(2020, 1, 1), ended=date(2026, 1, 1)).author
    article = ArticleFactory(draft=True, published_at=None, authors=[leaving])
    publisher = UserFactory(publisher=True)

    with pytest.raises(ValidationError, match="held no position"):
        article.publish(by=publisher)

    article.publish(by=publisher, at=datetime(2025, 5, 5, 8, tzinfo=UTC))
    assert article in Article.objects.published()


def test_it_takes_the_same_queries_whatever_the_article_holds(sound):
    EditorialPolicy.objects.create(embargoed_words="Atlas\nNever")

    def queries(count):
        body = "".join(f'<p><a href="/people/?{n}">x</a></p>' for n in range(count))
        article = ArticleFactory(
            body=body,
            with_image=True,
            topics=TopicFactory.create_batch(count),
            authors=[PositionFactory().author for _ in range(count)],
        )
        AttachmentFactory.create_batch(count, article=article)
        CorrectionFactory.create_batch(count, article=article)
        article = Article.objects.get(pk=article.pk)
        with CaptureQueriesContext(connection) as captured:
            assert Checklist(article).count
        return len(captured)

    few = queries(1)
    assert queries(6) == few <= 9
