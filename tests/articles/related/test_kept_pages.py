"""A kept page names what is related now, and is kept on where that is the same."""

import pytest

from articles.models import Article, RelatedStatus
from articles.related.upkeep import compute_all
from ecfr_site.caching.models import ContentVersion
from tests.articles.related.texts import CHIPS, FISH
from tests.factories import ArticleFactory

# The number is counted as a transaction ends.
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("kept_pages"),
]


@pytest.fixture
def fish():
    """Four pieces on a subject, among others."""
    made = [
        ArticleFactory(
            published=True, title=title, standfirst=standfirst, body=f"<p>{text}</p>"
        )
        for title, standfirst, text in FISH + CHIPS
    ]
    compute()
    return made[: len(FISH)]


def compute(again=False):
    compute_all(lambda done, of: None, again=again)


def number():
    return ContentVersion.objects.get().number


def read(reader, article):
    return reader.get(article.get_absolute_url()).content.decode()


def test_what_is_withdrawn_or_renamed_is_so_on_pages_that_name_it(reader, fish):
    first, second, third, _ = fish
    page = read(reader, first)
    assert second.title in page
    assert third.title in page

    Article.objects.filter(pk=second.pk).update(state="withdrawn")
    Article.objects.filter(pk=third.pk).update(title="Another title")

    page = read(reader, first)
    assert second.title not in page
    assert third.title not in page
    assert "Another title" in page


def test_what_is_pinned_is_counted(reader, fish):
    first = fish[0]
    chips = Article.objects.get(title=CHIPS[0][0])
    assert read(reader, first).index("related") > 0

    first.pinned.add(chips)

    assert chips.title in read(reader, first)


def test_what_is_found_anew_is_counted_once_it_is_there(reader, fish):
    first = fish[0]
    read(reader, first)
    new = ArticleFactory(
        published=True, title="Cod again", standfirst=FISH[0][1], body=first.body
    )
    before = number()

    compute()

    assert number() > before
    assert new.title in read(reader, first)


def test_what_is_found_again_is_not_counted(fish):
    before = number()

    compute(again=True)

    assert not RelatedStatus.objects.due().exists()
    assert number() == before
