"""The page of a search: excerpts, filters, order, and help when nothing is found."""

import re

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from articles.models import Article, Attachment, AttachmentText, SearchWord
from articles.search.pdf import read_pdf
from articles.search.results import search
from tests.factories import (
    ArticleFactory,
    AuthorFactory,
    SeriesFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db


def at(year):
    return timezone.now().replace(year=year, month=6, day=15)


def get(reader, address, **asked):
    return reader.get(address, asked).content.decode()


def test_an_excerpt_shows_the_words_marked(reader):
    text = "One sentence. " * 60 + "An abstention was bought. " + "Another one. " * 60
    ArticleFactory(published=True, body=f"<p>{text}</p>")

    html = get(reader, "/search/", q="abstentions")

    assert "An <mark>abstention</mark> was bought" in html
    assert html.count("Another one") < 25


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("Noël", "noel"),
        ("Citroën", "citroen"),
        ("cœur", "coeur"),
        ("S-400", "S400"),
        ("F-16s", "F16"),
        ("N.A.T.O", "NATO"),
        ("A2/AD", "A2AD"),
    ],
)
def test_a_word_is_marked_however_it_is_written(reader, text, typed):
    ArticleFactory(published=True, body=f"<p>At {text} then</p>")

    assert f"At <mark>{text}</mark> then" in get(reader, "/search/", q=typed)


def test_what_a_text_says_is_no_markup(reader):
    ArticleFactory(published=True, body="<p>see &lt;b&gt;gas&lt;/b&gt; now</p>")

    assert "&lt;b&gt;gas&lt;/b&gt;" in get(reader, "/search/", q="now").replace(
        "<mark>", ""
    ).replace("</mark>", "")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"title": "Gas"}, {"standfirst": "Gas"}),
        ({"standfirst": "Gas"}, {"body": "<p>gas</p>"}),
        ({"title": "Gas", "published_at": at(2020)}, {"body": "<p>gas</p>"}),
        ({"title": "Gas"}, {"title": "Gas", "published_at": at(2015)}),
        ({"title": "Gas"}, {"title": "Gasoline"}),
    ],
    ids=["title", "standfirst", "old title", "age", "whole word"],
)
def test_the_place_of_a_word_and_the_age_decide_the_order(first, second):
    last = ArticleFactory(published=True, **second)
    best = ArticleFactory(published=True, **first)

    assert search("gas")[:9] == [best.pk, last.pk]


@pytest.mark.parametrize(
    ("language", "title", "newer", "typed"),
    [
        ("en", "The veto is an alibi", "Alibi: a veto again", "the veto is an alibi"),
        ("en", "The veto is an alibi", "An alibi, a veto", "“The veto is an alibi”"),
        (
            "en",
            "The veto is an alibi",
            "Why the veto is an alibi",
            "The veto is an alibi",
        ),
        ("de", "Die Zukunft der EU", "EU: Zukunft?", "Die Zukunft der EU"),
        (
            "fr",
            "L’avenir des sanctions",
            "Sanctions d’avenir",
            "l'avenir des sanctions",
        ),
    ],
)
def test_whoever_types_a_whole_title_finds_it_first(language, title, newer, typed):
    old = ArticleFactory(
        published=True, title=title, language=language, published_at=at(2012)
    )
    # Another has every word, and some more.
    ArticleFactory(
        published=True, title=newer, language=language, body=f"<p>{title}</p>"
    )

    assert search(typed)[:9][0] == old.pk
    assert search(typed).count() == 2


def test_the_newest_come_first_on_demand(reader):
    old = ArticleFactory(published=True, title="Gas", published_at=at(2019))
    new = ArticleFactory(published=True, body="<p>gas</p>", published_at=at(2020))

    response = reader.get("/search/", {"q": "gas", "order": "date"})

    assert list(response.context["page"]) == [new, old]


def test_filters_count_and_lead_to_what_they_count(reader):
    energy = TopicFactory(name="Energy", slug="energy")
    ada = AuthorFactory(name="Ada", slug="ada")
    briefs = SeriesFactory(title="Briefs on gas", slug="briefs")
    for kind in ("report", "report", "podcast"):
        ArticleFactory(published=True, title="Gas", kind=kind, topics=[energy])
    ArticleFactory(published=True, title="Gas", series=briefs)
    ArticleFactory(published=True, title="Gas", authors=[ada])

    response = reader.get("/search/", {"q": "gas"})
    for facet in response.context["facets"]:
        for value in facet.values:
            asked = {"q": "gas", facet.group: value.slug}
            found = reader.get("/search/", asked).context["page"]
            assert found.paginator.count == value.total, value

    html = get(reader, "/search/", q="gas", kind="report", topic="energy")
    assert "2 publications" in html
    assert 'href="?q=gas&amp;topic=energy"' in html


def test_parts_of_a_series_are_found_by_its_title_and_filtered_by_it(reader):
    series = SeriesFactory(title="The Nordic papers", slug="nordic")
    part = ArticleFactory(published=True, title="Cables", series=series)
    ArticleFactory(published=True, title="Nordic cables")
    ArticleFactory(title="A draft", series=series)

    found = reader.get("/search/", {"q": "nordic papers"}).context["page"]
    listed = reader.get("/publications/", {"series": "nordic"})

    assert list(found) == [part]
    assert list(listed.context["page"]) == [part]
    assert ("Series", "The Nordic papers", 1) in [
        (facet.heading, value.name, value.total)
        for facet in listed.context["facets"]
        for value in facet.values
    ]


def test_a_series_without_anything_published_is_no_filter(reader):
    ArticleFactory(series=SeriesFactory(slug="planned"))

    page = get(reader, "/publications/", series="planned")

    assert "There is no series “planned”: it was ignored." in page


def test_filters_apply_without_words_too(reader):
    ArticleFactory(published=True, kind="report", title="Pipes")
    ArticleFactory(published=True)

    page = reader.get("/search/", {"kind": "report"}).context["page"]

    assert [article.title for article in page] == ["Pipes"]


def test_results_by_relevance_have_no_newer_and_older_pages(reader):
    ArticleFactory.create_batch(21, published=True, title="Gas")

    first = get(reader, "/search/", q="gas")
    last = get(reader, "/search/", q="gas", page=2)

    assert ">Next</a>" in first
    assert ">Previous</a>" in last
    assert "Older" not in first
    assert "Newer" not in last


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("Ukrane", "Ukraine"), ("sanctoins gas", "sanctions gas"), ("Ostlnud", "Östlund")],
)
def test_a_misspelt_word_is_put_right(reader, typed, meant):
    article = ArticleFactory(
        published=True,
        body="<p>Ukraine and sanctions on gas</p>",
        authors=[AuthorFactory(name="Karin Östlund")],
    )
    SearchWord.objects.learn_from(article.pk)

    response = reader.get("/search/", {"q": typed})

    assert response.context["suggestion"] == meant
    assert "Did you mean" in response.content.decode()


def learn(**values):
    article = ArticleFactory(**values)
    SearchWord.objects.learn_from(article.pk)


def test_a_slip_of_a_draft_is_not_suggested_for_the_sake_of_its_stem(reader):
    learn(draft=True, body="<p>our borderly</p>")
    learn(published=True, body="<p>one border</p>")

    assert reader.get("/search/", {"q": "bordrely"}).context["suggestion"] != "borderly"


def test_a_slip_of_a_draft_is_not_suggested_if_it_is_itself_a_stem(reader):
    learn(draft=True, body="<p>our energi</p>")
    learn(published=True, body="<p>one energy</p>")

    assert reader.get("/search/", {"q": "energgi"}).context["suggestion"] == "energy"


def test_a_word_that_most_texts_have_is_suggested_before_a_slip_of_one(reader):
    learn(published=True, body="<p>sanctons</p>")
    for _ in range(21):
        learn(published=True, body="<p>sanctions</p>")

    assert reader.get("/search/", {"q": "sanctonss"}).context["suggestion"] == (
        "sanctions"
    )


@pytest.mark.parametrize("first", ["Sanctions", "SANCTIONS"])
def test_a_word_is_suggested_in_small_letters_if_some_text_has_it_so(reader, first):
    learn(published=True, body=f"<p>{first}</p>")
    learn(published=True, body="<p>on sanctions</p>")

    assert reader.get("/search/", {"q": "sanctoins"}).context["suggestion"] == (
        "sanctions"
    )


def test_words_to_leave_out_alone_are_explained(reader):
    ArticleFactory(published=True, title="Gas")

    some = get(reader, "/search/", q="-oil -coal")
    none = get(reader, "/search/", q="-gas -coal")

    assert "1 publication" in some
    assert "only for words to leave out" in some
    assert "contains one of the words to leave out" in none


@pytest.mark.parametrize("address", ["/search/?q=gas&", "/search/?", "/publications/?"])
def test_filters_that_are_not_in_force_are_named(reader, address):
    for name in ("Energy", "Trade"):
        topic = TopicFactory(name=name, slug=name.lower())
        ArticleFactory(published=True, title="Gas", topics=[topic])

    twice = reader.get(f"{address}topic=energy&topic=trade").content.decode()
    unknown = reader.get(f"{address}topic=nonsense").content.decode()
    fine = reader.get(f"{address}topic=trade&topic=trade").content.decode()

    assert "Only one topic at a time: this is “Trade”." in twice
    assert "There is no topic “nonsense”: it was ignored." in unknown
    assert "at a time" not in fine


def test_a_kept_list_says_too_which_of_two_filters_is_in_force(reader, kept_pages):
    for name in ("Energy", "Trade"):
        topic = TopicFactory(name=name, slug=name.lower())
        ArticleFactory(published=True, topics=[topic])
    reader.get("/publications/?topic=trade")

    twice = reader.get("/publications/?topic=energy&topic=trade").content.decode()
    same = reader.get("/publications/?topic=trade&topic=trade").content.decode()

    assert "Only one topic at a time: this is “Trade”." in twice
    assert "at a time" not in same


def test_no_word_of_a_draft_is_suggested(reader):
    draft = ArticleFactory(draft=True, body="<p>Undisclosed</p>")
    SearchWord.objects.learn_from(draft.pk)

    assert not reader.get("/search/", {"q": "undisclosd"}).context["suggestion"]


def test_without_results_each_word_and_fewer_words_are_offered(reader):
    ArticleFactory(published=True, body="<p>Russia and sanctions</p>")

    response = reader.get("/search/", {"q": "uk russia sanctions"})

    assert [word.text for word in response.context["words"]] == ["russia", "sanctions"]
    assert response.context["nearest"].text == "russia sanctions"


def test_a_phrase_that_stands_nowhere_is_offered_without_quotation_marks(reader):
    ArticleFactory(published=True, body="<p>The position of all was common</p>")

    html = get(reader, "/search/", q="“common position” all")
    alone = get(reader, "/search/", q='"common" unheard')
    left_out = get(reader, "/search/", q='"common position" -"of all"')

    assert '?q=common%20position%20all" rel="nofollow">1 without quotation' in html
    assert "without quotation" not in alone
    assert "without quotation" not in left_out


def test_a_phrase_is_offered_alone_as_it_was_counted(reader):
    ArticleFactory(published=True, body="<p>A common position</p>")
    ArticleFactory(published=True, body="<p>The position of all was common</p>")

    response = reader.get("/search/", {"q": '"common position" unheard'})

    [word] = response.context["words"]
    assert (word.text, word.total) == ('"common position"', 1)


def test_a_search_without_filters_has_none(reader):
    series = SeriesFactory(title="Power atlas")
    ArticleFactory(published=True, title="Gas", series=series)
    ArticleFactory(published=True, title="Oil")

    html = get(reader, "/search/", q="oil", series=series.slug)

    assert re.search(r'<a href="/search/\?q=oil"\s+rel="nofollow">1 without', html)


def test_a_search_takes_as_many_queries_for_one_as_for_many(
    reader, django_assert_num_queries
):
    for count in (1, 12):
        ArticleFactory.create_batch(
            count, published=True, title="Gas", authors=[AuthorFactory()]
        )
        with django_assert_num_queries(17):
            reader.get("/search/", {"q": "gas prices -oil"})


def make_pdf(text):
    """A PDF with a line of text, written by hand."""
    stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + (
        b"xref\n0 6\n0000000000 65535 f \n%strailer\n<< /Size 6 /Root 1 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (table, len(out))
    )


def attach(article, content, name="paper.pdf"):
    return Attachment.objects.create(
        article=article, title="Full report", file=ContentFile(content, name)
    )


def test_the_words_of_an_attached_pdf_are_found(reader):
    from articles.search import upkeep

    article = ArticleFactory(published=True, title="Heat")
    attach(article, make_pdf("The abstention of three capitals"))
    upkeep.enqueue_due()

    response = reader.get("/search/", {"q": "abstentions"})

    assert list(response.context["page"]) == [article]
    html = response.content.decode()
    assert "Full report:" in html
    assert "<mark>abstention</mark>" in html

    article.attachments.all().delete()
    assert "<mark>abstention" not in get(reader, "/search/", q="abstentions")


def test_a_file_that_is_no_pdf_is_read_once_and_harms_nothing():
    from articles.search import upkeep

    attach(ArticleFactory(published=True), b"%PDF-1.4 and nothing else")

    upkeep.enqueue_due()

    assert "could not be read" in AttachmentText.objects.get().trouble
    assert not upkeep.enqueue_due()


def test_a_pdf_that_takes_too_long_is_given_up(monkeypatch):
    file = attach(ArticleFactory(), make_pdf("x")).file.name
    monkeypatch.setattr("articles.search.pdf.SECONDS", 0.01)

    assert read_pdf(file) == ("", "The file takes too long to read.")


def test_as_somebody_types_people_and_titles_are_listed(reader):
    ada = AuthorFactory(name="Ada Östlund", slug="ada")
    ArticleFactory(published=True, title="Gas", authors=[ada])
    ArticleFactory(draft=True, title="Ostlunda")

    html = get(reader, "/search/", q="ostl", list="1")

    assert html.count('role="option"') == 2
    assert 'data-href="/people/ada/"' in html
    assert Article.objects.count() == 2
