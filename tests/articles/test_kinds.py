"""Kinds of publications are rows that editors add to."""

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import ProtectedError
from django.utils.translation import override

from articles.models import Article, Kind
from ecfr_site.caching.triggers import unwatch_tables, watch_tables
from tests.admin_site.desk import OpenForm
from tests.conftest import KINDS
from tests.factories import ArticleFactory, ProgrammeFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def dossier(editor):
    """A kind that an editor has added at the desk."""
    form = OpenForm(editor, "/admin/articles/kind/add/")
    form["name"], form["plural"] = "Dossier", "Dossiers"
    form["slug"], form["template"], form["colour"] = "dossier", "report", "plum"
    form["name_de"] = "Dossier auf Deutsch"
    form.press("Save")
    return Kind.objects.get(slug="dossier")


def test_a_kind_has_a_list_a_feed_and_a_filter_at_once(dossier, reader):
    ArticleFactory(published=True, kind="dossier", title="On cables")

    page = reader.get("/publications/dossier/").content.decode()
    assert "<h1>Dossiers</h1>" in page
    assert "On cables" in page
    assert 'class="line kind-plum"' in page
    assert "On cables" in reader.get("/publications/dossier/feed/").content.decode()
    answer = reader.get("/api/v1/articles?kind=dossier&fields=kind,title").json()
    assert answer["items"] == [{"kind": "dossier", "title": "On cables"}]
    kinds = reader.get("/api/v1/kinds?fields=slug").json()["items"]
    assert {"slug": "dossier"} in kinds


def test_the_former_kinds_are_where_they_were(reader):
    for slug, (_, plural, *_rest) in KINDS.items():
        assert (
            f"<h1>{plural}</h1>"
            in reader.get(f"/publications/{slug}/").content.decode()
        )
    assert reader.get("/publications/novel/").status_code == 404
    assert reader.get("/publications/novel/feed/").status_code == 404
    assert reader.get("/api/v1/articles?kind=novel").status_code == 422


def test_its_template_says_what_machines_take_it_for(dossier, reader):
    article = ArticleFactory(published=True, kind="dossier")

    page = reader.get(article.get_absolute_url()).content.decode()
    assert '"@type": "Report"' in page
    assert "citation_technical_report_institution" in page
    assert (
        "TY  - RPRT"
        in reader.get(f"{article.get_absolute_url()}cite.ris").content.decode()
    )


def test_newsletters_name_it_in_their_language(dossier):
    with override("de"):
        assert dossier.local_name == "Dossier auf Deutsch"
        assert Kind.objects.get(slug="report").local_name == "Studie"
    with override("fr"):
        assert dossier.local_name == "Dossier"


def test_one_that_is_in_use_is_not_deleted(publisher):
    article = ArticleFactory(draft=True, kind="report")
    page = f"/admin/articles/kind/{article.kind.pk}/"

    assert (
        "1 article. You can delete it once it has none."
        in publisher.get(f"{page}change/").content.decode()
    )
    assert publisher.post(f"{page}delete/", {"post": "yes"}).status_code == 403
    with pytest.raises(ProtectedError):
        article.kind.delete()

    article.delete()
    publisher.post(f"{page}delete/", {"post": "yes"})
    assert not Kind.objects.filter(slug="report").exists()


def test_its_address_stays(dossier, editor):
    form = OpenForm(editor, f"/admin/articles/kind/{dossier.pk}/change/")
    assert "slug" not in form.values

    dossier.slug = "file"
    with pytest.raises(ValidationError, match="stays as it is"):
        dossier.full_clean()


def test_who_contributes_does_not_change_kinds(contributor):
    assert contributor.get("/admin/articles/kind/add/").status_code == 403


def test_the_nearest_disclaimer_is_shown(reader):
    """That of the article before its programme's, its kind's and the institution's."""
    Kind.objects.filter(slug="report").update(disclaimer="Of reports.")
    programme = ProgrammeFactory(disclaimer="Of the programme.")
    bare = ArticleFactory(published=True, kind="report")
    within = ArticleFactory(published=True, kind="report", programmes=[programme])
    own = ArticleFactory(
        published=True, kind="report", programmes=[programme], disclaimer="Its own."
    )
    other = ArticleFactory(published=True, kind="commentary")

    def shown(article):
        page = reader.get(article.get_absolute_url()).content.decode()
        _, found, rest = page.partition('class="disclaimer">')
        return rest.partition("<")[0] if found else ""

    assert [shown(each) for each in (bare, within, own, other)] == [
        "Of reports.",
        "Of the programme.",
        "Its own.",
        "",
    ]


@pytest.mark.django_db(transaction=True)
def test_a_site_with_articles_is_upgraded_and_taken_back():
    """Those of unknown kinds, which code may have written, included."""
    ArticleFactory(published=True, kind="policy-brief", slug="kept")
    executor = MigrationExecutor(connection)
    leaves = executor.loader.graph.leaf_nodes()
    # As `migrate` does, which sends a signal.
    unwatch_tables("default", [(None, True)])
    try:
        executor.migrate([("articles", "0007_related_work")])
        before = executor.loader.project_state(
            [("articles", "0007_related_work")]
        ).apps.get_model("articles", "Article")
        assert before.objects.get(slug="kept").kind == "policy-brief"
        before.objects.create(title="Old", slug="old", kind="long-read")
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(leaves)
        watch_tables("default")

    assert Article.objects.get(slug="kept").kind.name == "Policy brief"
    assert Article.objects.get(slug="old").kind.name == "Long read"
    assert list(Kind.objects.values_list("slug", flat=True)) == [*KINDS, "long-read"]
