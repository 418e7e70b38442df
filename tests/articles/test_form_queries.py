"""The article's form takes a fixed number of queries, whatever the article holds."""

import pytest

from articles.models import Article
from tests.factories import (
    ArticleFactory,
    AttachmentFactory,
    AuthorFactory,
    CorrectionFactory,
    FunderFactory,
    PositionFactory,
    ProgrammeFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db

# Among them five that tell who asks and what that person may do.
NEW, DRAFT, LIVE = 13, 20, 24


def fill(article):
    """Give the article two more of all that its form shows."""
    for order, author in enumerate(AuthorFactory.create_batch(2), 10):
        PositionFactory(author=author, programme=ProgrammeFactory())
        article.bylines.create(author=author, order=order)
    article.topics.add(*TopicFactory.create_batch(2))
    article.programmes.add(*ProgrammeFactory.create_batch(2))
    article.funders.add(FunderFactory(), FunderFactory())
    article.pinned.add(*ArticleFactory.create_batch(2, published=True))
    AttachmentFactory.create_batch(2, article=article)
    CorrectionFactory.create_batch(2, article=article)


@pytest.mark.parametrize(("state", "number"), [("draft", DRAFT), ("published", LIVE)])
def test_a_form_reads_each_thing_once(
    publisher, django_assert_num_queries, state, number
):
    article = ArticleFactory(with_image=True, **{state: True})
    address = f"/admin/articles/article/{article.pk}/change/"
    for _ in range(2):
        fill(article)
        # Who asks first has the content types read.
        publisher.get(address)
        with django_assert_num_queries(number):
            assert publisher.get(address).status_code == 200


def test_a_new_article_needs_few(publisher, django_assert_num_queries):
    publisher.get("/admin/articles/article/add/")
    with django_assert_num_queries(NEW):
        publisher.get("/admin/articles/article/add/")


def test_what_was_read_is_chosen_in_the_form(publisher):
    article = ArticleFactory(draft=True, with_image=True)
    fill(article)
    page = publisher.get(f"/admin/articles/article/{article.pk}/change/")
    for field in ("topics", "programmes", "funders", "pinned"):
        for row in getattr(article, field).all():
            option = f'<option value="{row.pk}" selected>{row}</option>'
            assert option in page.text, field
    assert f'<option value="{article.image_id}" selected>' in page.text
    # So that it can be taken away again.
    assert '<option value=""></option>' in page.text


def test_a_number_that_no_database_holds_leads_nowhere(publisher):
    address = f"/admin/articles/article/{10**30}/change/"
    assert publisher.get(address).status_code == 302
    assert not Article.objects.exists()
