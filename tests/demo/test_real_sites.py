"""Nothing that is invented gets among what an institution publishes."""

import pytest
from django.core.management import CommandError, call_command

from articles.models import Article
from tests.factories import ArticleFactory

pytestmark = pytest.mark.django_db


def test_a_site_with_articles_of_its_own_takes_no_demonstration():
    ArticleFactory(published=True)
    with pytest.raises(CommandError, match="articles of its own"):
        call_command("load_demo")
    assert Article.objects.count() == 1
