"""A word is found however it is typed, on either database, by readers and editors."""

import pytest
from django.urls import reverse

from articles.models import Article
from articles.search import search
from tests.factories import (
    ArticleFactory,
    AuthorFactory,
    ImageFactory,
    ProgrammeFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db

SAME = [
    ("Ukraine’s über-frontier", "Ukraine's"),
    ("Ukraine's frontier", "UKRAINE’S"),
    ("Ukraine’s über-frontier", "ÜBER-FRONTIER"),
    ("Ukraine’s über-frontier", "uber–frontier"),
    ("A border-land", "border\N{NON-BREAKING HYPHEN}land"),
    ("ÉTAT D’URGENCE À BRUXELLES", "état d'urgence"),
    ("ÉTAT D’URGENCE À BRUXELLES", "etat"),
    ("ÉTAT D’URGENCE À BRUXELLES", "d´urgence"),
    ("L´Europe", "l'europe"),
    ("Война и мир", "война"),
    ("After Orbán", "ORBÁN"),
    ("After Orba\N{COMBINING ACUTE ACCENT}n", "Orbán"),
    ("After Orbán", "Orba\N{COMBINING ACUTE ACCENT}n"),
    ("Łódź and Malmø", "lodz malmo"),
    ("Erdoğan in İstanbul", "ERDOGAN istanbul"),
    ("Η ΕΥΡΏΠΗ ΜΌΝΗΣ", "μόνης"),
    ("Die Straße", "STRASSE"),
    ("Euro\N{SOFT HYPHEN}pean\N{ZERO WIDTH SPACE}ness", "europeanness"),
    ("Ten\N{NO-BREAK SPACE}years on", "ten years"),
    ("What “AI” means", "'AI'"),
    ("CO₂ and the ﬁnance", "co2 finance"),
    ("Covid–19", "covid-19"),
    ("50%_off", "50%_off"),
]


@pytest.mark.parametrize(("title", "typed"), SAME)
@pytest.mark.parametrize("field", ["title", "standfirst"])
def test_readers_find_a_word_however_it_is_typed(reader, field, title, typed):
    found = ArticleFactory(published=True, **{field: title})
    ArticleFactory(published=True)

    response = reader.get("/search/", {"q": typed})

    assert list(response.context["page"]) == [found]


def test_an_author_is_found_without_accents_and_after_a_new_name(reader):
    author = AuthorFactory(name="Karin Östlund")
    article = ArticleFactory(published=True, title="Heat", authors=[author])

    assert list(search("ostlund heat")) == [article]

    author.name = "Karin D’Arc"
    author.save()
    assert list(search("d'arc")) == [article]
    assert not search("ostlund")


def test_a_changed_title_is_found_and_the_old_one_is_not():
    article = ArticleFactory(published=True, title="Fête")
    article.title = "Über"
    article.save()

    assert list(search("uber")) == [article]
    assert not search("fete")


@pytest.mark.parametrize("typed", ["\0", "–", "’", " \N{ZERO WIDTH SPACE} "])
def test_nothing_to_look_for_finds_nothing(reader, typed):
    ArticleFactory(published=True)

    response = reader.get("/search/", {"q": typed})

    assert response.status_code == 200
    assert not response.context["page"].object_list


def test_letters_that_only_look_accented_stay_themselves():
    ArticleFactory(published=True, title="がいこう")

    assert search("がい")
    assert not search("かい")


@pytest.mark.parametrize(
    ("make", "page"),
    [
        (lambda text: ArticleFactory(title=text), "articles_article"),
        (lambda text: AuthorFactory(name=text), "authors_author"),
        (lambda text: ProgrammeFactory(name=text), "authors_programme"),
        (lambda text: TopicFactory(name=text), "articles_topic"),
        (lambda text: ImageFactory(title=text), "images_image"),
    ],
    ids=["articles", "authors", "programmes", "topics", "images"],
)
@pytest.mark.parametrize("typed", ["ostlund's", "ÖSTLUND’S", "Война"])
def test_editors_find_a_word_however_it_is_typed(publisher, make, page, typed):
    found, _ = make("Östlund’s война"), make("Another")

    response = publisher.get(reverse(f"admin:{page}_changelist"), {"q": typed})

    assert list(response.context["cl"].result_list) == [found]


def test_choosing_an_author_finds_the_name_without_accents(publisher):
    AuthorFactory(name="Karin Östlund")
    asked = {"app_label": "articles", "model_name": "byline", "field_name": "author"}

    response = publisher.get(reverse("admin:autocomplete"), {"term": "ostl", **asked})

    assert [r["text"] for r in response.json()["results"]] == ["Karin Östlund"]


def test_searching_takes_few_queries(django_assert_num_queries):
    ArticleFactory.create_batch(3, published=True, authors=[AuthorFactory()])

    with django_assert_num_queries(2):
        list(search("alex author heat"))
    assert Article.objects.count() == 3
