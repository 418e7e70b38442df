"""Texts are set anew after an upgrade, from what editors wrote."""

import pytest
from django.core.management import call_command

from articles.models import Article
from tests.factories import ArticleFactory

pytestmark = pytest.mark.django_db


def test_pages_show_what_the_text_is_made_of_now(reader):
    article = ArticleFactory(published=True, body="<p>As it was written.</p>")
    Article.objects.filter(pk=article.pk).update(body_html="<p>As it was set.</p>")

    call_command("set_texts", verbosity=0)

    assert "As it was written." in reader.get(article.get_absolute_url()).text
