"""A word is found however it is typed, on either database, by readers and editors."""

import pytest
from django.urls import reverse

from articles.models import Article
from articles.search.results import search as find
from tests.factories import (
    ArticleFactory,
    AuthorFactory,
    ImageFactory,
    ProgrammeFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db


def search(text, **filters):
    """The titles that are found, the first first."""
    results = find(text, filters)
    titles = dict(Article.objects.values_list("pk", "title"))
    return [titles[pk] for pk in results[:100]]


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
    ArticleFactory(published=True, title="Heat", authors=[author])

    assert search("ostlund heat") == ["Heat"]

    author.name = "Karin D’Arc"
    author.save()
    assert search("d'arc") == ["Heat"]
    assert not search("ostlund")


def test_a_changed_title_is_found_and_the_old_one_is_not():
    article = ArticleFactory(published=True, title="Fête")
    article.title = "Über"
    article.save()

    assert search("uber") == ["Über"]
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


BODY = """<h2>Why it matters</h2><p>An abstention<span class="footnote">As in
Gymnich, 1974.</span> is a vote. The abstentions of three capitals decided it, and
every abstention was bought.</p><figure><img src="/media/x.jpg" alt=""><figcaption>The
hall in Strasbourg</figcaption></figure>"""


@pytest.mark.parametrize(
    "typed",
    [
        "abstention",
        "abstentions",
        "decided matter",
        "gymnich",
        "strasbourg",
        '"three capitals decided"',
        "abst",
        "abstentio",
        "energy abstention",
        "wider europe",
        "Ostlund abstention",
        "oestlund",
        "the vote of the capitals",
    ],
)
def test_words_are_found_wherever_they_stand(typed):
    """In text, footnotes and captions, and in names of people, programmes, topics."""
    ArticleFactory(
        published=True,
        title="Heat",
        body=BODY,
        authors=[AuthorFactory(name="Karin Östlund")],
        topics=[TopicFactory(name="Energy")],
        programmes=[ProgrammeFactory(name="Wider Europe")],
    )
    ArticleFactory(published=True, title="Cold", body="<p>Nothing of the kind.</p>")

    assert search(typed) == ["Heat"]


@pytest.mark.parametrize(
    ("language", "text", "typed"),
    [
        ("en", "The policies of European nations", "policy nation"),
        ("de", "Die Sanktionen und ihre Übergänge", "Sanktion Übergang"),
        ("de", "Die Außenpolitik", "aussenpolitik"),
        ("fr", "Les décisions européennes, décidées hier", "décision européen décidé"),
        ("es", "Las políticas de las naciones", "politica nacion"),
        ("it", "Le libertà degli europei", "liberta europeo"),
        ("pl", "Sankcje i polityki", "sankcji polityka"),
        ("en", "Россия и санкции", "санкция"),
        ("en", "Η πολιτική της Ελλάδας", "ΠΟΛΙΤΙΚΗ ελλαδας"),
        ("en", "سياسة دول الخليج", "خليج"),
        ("en", "إيران والسعودية", "السعودية"),
        ("en", "السياسة والأمن", "والسياسة أمن"),
        ("en", "欧洲联盟的外交政策", "外交政策"),
        ("en", "欧洲联盟的外交政策", "欧"),
        ("en", "日本の外交政策について", "外交"),
        ("en", "유럽연합은 결정했다", "유럽연합"),
        ("en", "นโยบายต่างประเทศของยุโรป", "ต่างประเทศ"),
        ("en", "An e-mail to the U.S. senate", "email us"),
        ("en", "An email to the UK", "e-mail U.K."),
    ],
)
def test_word_forms_and_scripts_are_found(language, text, typed):
    ArticleFactory(published=True, language=language, title="It", body=f"<p>{text}</p>")

    assert search(typed) == ["It"]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("gas oil", ["Both"]),
        ("gas -oil", ["Gas"]),
        ("-oil", ["Neither", "Gas"]),
        ('gas -"oil price"', ["Gas"]),
        ('"price oil"', []),
        ('"oil price" gas', ["Both"]),
        ("price-gas", []),
        ("gas - oil", ["Both"]),
    ],
)
def test_phrases_hold_together_and_a_minus_leaves_out(typed, found):
    for title, body in (
        ("Both", "gas and the oil price"),
        ("Gas", "gas without"),
        ("Neither", "wind"),
    ):
        ArticleFactory(published=True, title=title, body=f"<p>{body}</p>")

    assert sorted(search(typed)) == sorted(found)


def test_no_phrase_goes_from_one_part_to_the_next():
    ArticleFactory(
        published=True, title="The grain", standfirst="Deal of it", body="<p>Now so</p>"
    )

    assert not search('"grain deal"')
    assert not search('"it now"')
    assert search("grain deal now")


@pytest.mark.parametrize("trait", ["draft", "scheduled", "withdrawn", "ended"])
def test_what_readers_may_not_see_is_not_found_nor_counted(trait, publisher):
    shown = ArticleFactory(published=True, title="Shown", body="<p>abstention</p>")
    hidden = ArticleFactory(
        **{"published" if trait == "ended" else trait: True},
        body="<p>abstention</p>",
        kind="podcast",
        authors=[AuthorFactory(name="Somebody")],
    )
    if trait == "ended":
        Article.objects.filter(pk=hidden.pk).update(ends_at=hidden.published_at)
    shown.start_working_copy(publisher.user)

    results = find("abstention")

    assert results[:10] == [shown.pk]
    counted = [value for facet in results.list_facets() for value in facet.values]
    assert {value.total for value in counted} == {1}
    assert not {"podcast", "Somebody"} & {value.slug for value in counted}
    assert not search("somebody")


def test_a_text_leaves_with_its_article_and_changes_with_it():
    article = ArticleFactory(published=True, title="A", body="<p>abstention</p>")
    article.body = "<p>unanimity</p>"
    article.save()
    assert search("unanimity")
    assert not search("abstention")

    article.delete()
    assert not search("unanimity")


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("Jets such as F-16s fly", "F-16 fly"),
        ("Jets such as F-16s fly", "F16 fly"),
        ("An F-16 flies", "f-16s flies"),
        ("NGOs and CSOs lose", "NGO lose"),
        ("NGOs and CSOs lose", "CSO lose"),
        ("NGOs and CSOs lose", '"ngos and csos"'),
        ("An MP asks", "MPs asks"),
        ("D’Alema and L’Oréal", "dalema loreal alema oreal"),
    ],
)
def test_plurals_of_acronyms_and_names_without_an_apostrophe_are_found(text, typed):
    ArticleFactory(published=True, title="It", body=f"<p>{text}</p>")
    ArticleFactory(
        published=True, title="Decades", body="<p>In the 1990s, d’accord</p>"
    )

    assert search(typed) == ["It"]
    assert not search("1990 in")


def test_a_phrase_is_found_at_the_end_of_a_long_text():
    """However many of its words stand before: PostgreSQL keeps 256 places of each."""
    long = "The state of the art of the rest. " * 300
    for title, end in (
        ("It", "The freedom of the press, then."),
        ("Other", "Freedom for press and press of freedom"),
    ):
        ArticleFactory(published=True, title=title, body=f"<p>{long}</p><p>{end}</p>")

    assert search('"freedom of the press"') == ["It"]
    assert search('"freedom of the press then"') == ["It"]
    assert search("freedom-of-the-press") == ["It"]
    assert not search('"freedom of the then"')


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("UN peacekeeping", ["It"]),
        ("un peacekeeping", ["It"]),
        ("au peacekeeping", ["It"]),
        ("IS peacekeeping", ["It"]),
        ("is peacekeeping", ["It", "Other"]),
        ("IS PEACEKEEPING", ["It", "Other"]),
        ("A peacekeeping OR mission", ["It", "Other"]),
    ],
)
def test_an_acronym_that_is_also_an_article_is_looked_for(typed, found):
    body = "<p>Peacekeeping of the UN, the AU and IS; a mission</p>"
    ArticleFactory(published=True, title="It", standfirst="", body=body)
    body = "<p>Peacekeeping mission</p>"
    ArticleFactory(published=True, title="Other", standfirst="", body=body)

    assert sorted(search(typed)) == found
