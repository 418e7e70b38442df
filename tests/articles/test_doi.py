"""doi.org is asked for a DOI when an editor wants to know, and stops nobody."""

import pytest

from articles import doi as doi_module
from articles.doi import check_doi
from articles.models import Article
from tests.factories import ArticleFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def report():
    return ArticleFactory(draft=True, kind="report", doi="10.5555/grids")


def show(client, path):
    return client.get(path).content.decode()


def test_doi_org_is_asked_when_an_editor_wants_to_know(
    report, publisher, elsewhere, monkeypatch
):
    monkeypatch.setattr(doi_module, "RESOLVER", f"{elsewhere.url}/")
    page = f"/admin/articles/article/{report.pk}/"
    assert "Check the DOI now" in show(publisher, f"{page}change/")

    for answer, said in (
        ("404", "It is not registered."),
        ("200", "It is registered."),
    ):
        Article.objects.filter(pk=report.pk).update(doi=answer)
        assert publisher.post(f"{page}check-doi/").status_code == 302
        assert said in show(publisher, f"{page}change/")
    assert publisher.get(f"{page}check-doi/").status_code == 405


def test_nothing_within_the_network_is_asked(report, settings, monkeypatch):
    settings.LINKS_MAY_BE_PRIVATE = False
    monkeypatch.setattr(doi_module, "RESOLVER", "http://127.0.0.1:9/")

    check_doi.enqueue(report.pk)

    report.refresh_from_db()
    assert "readers cannot reach" in report.doi_answer
