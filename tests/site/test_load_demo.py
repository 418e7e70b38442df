"""The demonstration content: complete, and loaded once."""

import pytest
from django.core.management import call_command
from PIL import Image as Picture

from articles.models import Article
from authors.models import Author, Position, Programme
from ecfr_site.html import internal_paths
from ecfr_site.images.models import Image
from ecfr_site.management.commands import load_demo

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(monkeypatch, settings):
    """Loads the demonstration with small pictures, since real ones take a minute."""
    settings.TASKS = {
        "default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}
    }
    for name in ("draw", "portrait", "emblem"):
        monkeypatch.setattr(load_demo, name, lambda *args: Picture.new("RGB", (60, 40)))

    def load():
        call_command("load_demo", verbosity=0)

    load()
    return load


def test_it_has_work_of_every_kind_and_state_by_people_who_held_posts(demo):
    articles = Article.objects.all()
    assert articles.published().count() >= 38
    assert {article.kind for article in articles.published()} == set(Article.Kind)
    assert articles.scheduled().exists()
    assert articles.filter(state="draft").exists()
    assert articles.filter(state="withdrawn").exists()
    assert articles.published().exclude(original_url="").exists()
    assert articles.published().filter(corrections__isnull=False).exists()
    assert articles.published().filter(typeset_body__contains="doc-noteref").exists()
    assert Author.objects.count() == 14
    assert Programme.objects.count() == 6
    assert Position.objects.directing().filter(ended__isnull=False).exists()
    for article in articles:
        words = len(article.typeset_body.split())
        assert words >= 500, article


def test_loading_it_again_changes_nothing(demo):
    images = Image.objects.count()
    article = Article.objects.published().first()
    article.title = "An editor's own words"
    article.save()
    before = list(Article.objects.values("pk", "changed", "title").order_by("pk"))

    demo()

    after = list(Article.objects.values("pk", "changed", "title").order_by("pk"))
    assert after == before
    assert Image.objects.count() == images


def test_its_internal_links_lead_somewhere(demo, reader):
    paths = {
        path
        for article in Article.objects.published()
        for path in internal_paths(article.body)
    }

    assert paths
    assert [path for path in paths if reader.get(path).status_code != 200] == []
