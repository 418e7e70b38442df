"""Whatever is typed is a query: it is parsed, asked of the database and answered."""

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from articles.search.analysis import analyse
from articles.search.query import LONGEST, MAX_WORDS, parse_query
from articles.search.results import search
from tests.factories import ArticleFactory

SIGNS = "\\\"'-*():^%_&|!<¦“\0 \n\u200b\u202e\ud800ßİﷺ😀"
ODD = [*SIGNS, "AND", "OR", "NOT", "NEAR(", "head:", "<->", "1e5", "欧洲", "gas", "oil"]
texts = st.one_of(
    st.lists(st.sampled_from(ODD), max_size=30).map("".join),
    st.lists(st.sampled_from(ODD), max_size=30).map(" ".join),
    st.text(st.characters(), max_size=300),
)


class AnyInput(TestCase):
    @given(text=texts)
    def test_a_search_answers(self, text):
        ArticleFactory(published=True, title="Gas", body="<p>oil</p>")
        results = search(text)
        assert 0 <= results.count() <= 1
        assert len(results[:20]) == results.count()
        results.list_facets()

    @given(text=texts.map(lambda text: text.encode("utf-8", "replace").decode()))
    def test_the_page_answers(self, text):
        ArticleFactory(published=True, title="Gas oil", body="<p>oil</p>")
        response = Client().get("/search/", {"q": text, "kind": text, "order": text})
        assert response.status_code == 200

    @given(text=texts)
    def test_a_text_is_saved_and_found_by_its_own_words(self, text):
        text = text.encode("utf-8", "ignore").decode().replace("\0", "")
        article = ArticleFactory(published=True, title=f"It {text}"[:200])
        words = article.title.split()[:4]
        for word in words:
            # A minus at its beginning, perhaps after a sign that is no letter.
            if parse_query(word).excluded or '"' in word:
                continue
            if not analyse(word, "en").tokens:
                continue
            if any(mark in word for mark in "“”„«»"):
                continue
            assert search(word).count() == 1, word


@pytest.mark.django_db
@pytest.mark.parametrize("sign", ["\xad", "\u200b", "\u200d"])
def test_invisible_signs_part_no_words(sign):
    ArticleFactory(published=True, title=f"Ver{sign}teidigung")

    assert search(f"Vertei{sign}digung").count() == search("Verteidigung").count() == 1


@given(text=texts)
def test_a_query_is_bounded(text):
    query = parse_query(text * 50)

    assert len(query.text) <= LONGEST
    assert len(query.terms) + len(query.excluded) <= MAX_WORDS


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["x" * 10_000, "a " * 5000, '"' * 10_000, "-a " * 999])
def test_ten_thousand_characters_are_answered(reader, text):
    assert reader.get("/search/", {"q": text}).status_code == 200
