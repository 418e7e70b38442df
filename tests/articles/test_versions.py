"""Editors say what is a new version; readers find each, and what was new in it."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from articles.citing.record import build_record
from articles.citing.styles import STYLES
from articles.history.snapshot import get_content
from articles.models import Article, FormerVersion
from articles.workflow.working_copies import replace_due
from ecfr_site.institution.citation_styles import cite
from ecfr_site.institution.models import Institution
from tests.factories import AttachmentFactory, CorrectionFactory, UserFactory

pytestmark = pytest.mark.django_db

LIST = "/article/cables/versions/"
LONG = "<p>" + "Something else altogether is said here now. " * 20 + "</p>"


@pytest.fixture
def by(db):
    return UserFactory(publisher=True)


def update(article, by, kind="version", note="With new figures.", **changes):
    """Publish a change to the article."""
    article.refresh_from_db()
    copy = article.start_working_copy(by)
    copy.update_kind, copy.version_note = kind, note if kind == "version" else ""
    for name, value in changes.items():
        setattr(copy, name, value)
    copy.save()
    return copy.publish(by=by)


def test_what_is_published_is_version_one(article):
    assert article.version == 1
    assert not FormerVersion.objects.exists()


def test_a_new_version_has_a_number_a_date_and_a_note(article, by):
    live = update(article, by, title="Cables, two years later")

    live.refresh_from_db()
    assert (live.version, live.version_note) == (2, "With new figures.")
    assert timezone.now() - live.version_at < timedelta(minutes=1)
    [former] = live.former_versions.all()
    assert (former.number, former.content["title"]) == (1, "Cables under the sea")
    assert former.published_at == article.published_at


def test_programs_are_told_what_is_new_in_a_version(article, by, reader):
    def ask():
        [item] = reader.get("/api/v1/articles?fields=version,version_note").json()[
            "items"
        ]
        assert reader.get("/api/v1/articles/cables").json().items() >= item.items()
        return item

    assert ask() == {"version": 1, "version_note": ""}
    update(article, by, title="Second")
    assert ask() == {"version": 2, "version_note": "With new figures."}


def test_a_correction_changes_the_version_that_is_there(article, by):
    update(article, by, title="Second")
    update(article, by, kind="small", title="Second, mended")
    live = update(article, by, note="Third.", title="Third")

    titles = [former.content["title"] for former in live.former_versions.all()]
    assert titles == ["Second, mended", "Cables under the sea"]
    assert live.version == 3


def test_a_scheduled_version_counts_from_its_minute(article, by):
    copy = article.start_working_copy(by)
    copy.title, copy.update_kind = "Later", "version"
    copy.version_note, copy.replaces_at = "New.", timezone.now() + timedelta(days=1)
    copy.save()
    copy.publish(by=by)
    article.refresh_from_db()
    assert article.version == 1

    later = timezone.now() + timedelta(days=1, minutes=1)
    with time_machine.travel(later):
        replace_due(Article.objects.all())

    article.refresh_from_db()
    assert article.version == 2
    assert article.version_at >= later - timedelta(minutes=1)


def test_a_new_version_needs_its_note(article, by):
    with pytest.raises(ValidationError, match="what is new"):
        update(article, by, note=" ")


def test_a_substantial_change_asks_which_it_is(article, by):
    with pytest.raises(ValidationError, match="Much has changed"):
        update(article, by, kind="", body=LONG)
    update(article, by, kind="small", body=LONG)


def test_a_small_change_asks_nothing(article, by):
    live = update(article, by, kind="", title="Cables under a sea")

    assert live.version == 1


@pytest.mark.parametrize("kind", ["", "small"])
def test_a_note_that_nobody_would_see_is_asked_about(article, by, kind):
    copy = article.start_working_copy(by)
    copy.update_kind, copy.version_note = kind, "With new figures."
    copy.save()

    with pytest.raises(ValidationError, match="shown with a new version alone"):
        copy.publish(by=by)


def test_the_form_asks_once_readers_have_seen_it(publisher, article):
    address = reverse("admin:articles_article_change", args=[article.pk])
    assert 'name="update_kind"' in publisher.get(address).content.decode()

    article.withdraw(by=publisher.user, reason="Wrong.")
    assert 'name="update_kind"' not in publisher.get(address).content.decode()


def test_readers_see_the_version_and_find_the_others(reader, article, by):
    assert "Version 1" not in reader.get("/article/cables/").content.decode()
    update(article, by, title="Second")

    page = reader.get("/article/cables/").content.decode()

    assert "Version 2, " in page
    assert "With new figures." in page
    assert f'href="{LIST}"' in page
    listed = reader.get(LIST).content.decode()
    assert f'href="{LIST}1/"' in listed
    assert f'href="{LIST}2/changes/"' in listed
    assert "2 January 2026" in listed


def test_a_former_version_says_so_and_stays(reader, article, by):
    update(article, by, title="Second", body="<p>Another text.</p>")

    response = reader.get(f"{LIST}1/")
    page = response.content.decode()

    assert "Cables under the sea</h1>" in page
    assert "A first paragraph." in page
    assert "This is version 1 of 2 January 2026, which is not the current one." in page
    assert "Read version 2" in page
    assert response["X-Robots-Tag"] == "noindex"
    assert 'name="citation_title"' not in page
    assert 'rel="canonical" href="http://127.0.0.1:8000/article/cables/"' in page


def test_what_changed_is_marked(reader, article, by):
    update(article, by, title="Cables under a lake", body="<p>A first sentence.</p>")

    page = reader.get(f"{LIST}2/changes/").content.decode()

    assert "<del>" in page
    assert "<ins>" in page
    assert "lake" in page


def test_changes_of_key_points_and_of_the_record_are_shown(reader, article, by):
    points = "<ul><li>Build more.</li><li>Begin now.</li></ul>"
    update(article, by, key_points=points, report_number="2026/7", disclosure="None.")

    page = reader.get(f"{LIST}2/changes/").content.decode()

    assert all(f"{said}</ins>" in page for said in ("Begin now.", "2026/7", "None."))


def test_the_current_one_is_at_the_article(reader, article):
    response = reader.get(f"{LIST}1/")

    assert (response.status_code, response["Location"]) == (302, "/article/cables/")


@pytest.mark.parametrize(
    "tail", ["3/", "0/", "1/changes/", "3/changes/", "01/", "02/changes/", "01/cite/"]
)
def test_versions_that_there_are_not(reader, article, by, tail):
    update(article, by, title="Second")

    assert reader.get(f"{LIST}{tail}").status_code == 404


def test_the_institution_may_turn_them_off(reader, article, by):
    update(article, by, title="Second")
    Institution.objects.update_or_create(pk=1, defaults={"shows_versions": False})

    for tail in ("", "1/", "2/changes/", "1/cite/", "1/cite.bib"):
        assert reader.get(f"{LIST}{tail}").status_code == 404
    page = reader.get("/article/cables/").content.decode()
    assert "Version 2, " in page
    assert LIST not in page


def test_those_of_a_withdrawn_article_are_withdrawn(reader, article, by):
    update(article, by, title="Second")
    article.refresh_from_db()
    article.withdraw(by=by, reason="It was wrong.")

    for tail in ("", "1/", "2/changes/"):
        assert reader.get(f"{LIST}{tail}").status_code == 410


def test_their_addresses_outlive_a_new_address_of_the_article(reader, article, by):
    update(article, by, slug="wires")

    for tail in ("", "1/", "2/changes/", "1/cite/", "1/cite.bib"):
        response = reader.get(f"{LIST}{tail}")
        assert response.status_code == 301
        assert response["Location"] == f"/article/wires/versions/{tail}"
    assert reader.get("/article/wires/versions/1/").status_code == 200


def test_a_citation_names_the_version(article, by):
    with time_machine.travel(datetime(2026, 3, 4, 12, tzinfo=UTC)):
        update(article, by, title="Second")
    shown = Article.objects.for_page().get(pk=article.pk)

    record = build_record(shown, Institution.objects.current())

    assert record["note"] == "Version 2, 4 March 2026"
    for style in STYLES:
        assert cite(record, style).endswith(". Version 2, 4 March 2026.")


def test_a_citation_of_the_only_version_does_not(article):
    shown = Article.objects.for_page().get(pk=article.pk)

    assert "note" not in build_record(shown, Institution.objects.current())


def read_record(reader, number):
    [record] = reader.get(f"{LIST}{number}/cite.json").json()
    return record


def test_a_former_version_is_cited_as_what_it_was(reader, article, by, settings):
    settings.SITE_URL = "https://council.example"
    article.doi, article.doi_registered = "10.5555/cables", True
    article.save()
    for day, title in ((4, "Second"), (5, "Third")):
        with time_machine.travel(datetime(2026, 3, day, 12, tzinfo=UTC)):
            update(article, by, title=title)

    page = reader.get(f"{LIST}1/").content.decode()
    assert page.count(f'href="{LIST}1/cite/"') == 2
    address = f"https://council.example{LIST}1/"
    assert f"{address}. Version 1, 2 January 2026</span>" in page
    current = reader.get("/article/cables/").content.decode()
    address = "https://doi.org/10.5555/cables"
    assert f", {address}. Version 3, 5 March 2026</span>" in current
    cited = reader.get(f"{LIST}1/cite/").content.decode()
    assert "Version 1, 2 January 2026." in cited
    assert "Version 3" not in cited
    assert f'href="{LIST}1/cite.bib"' in cited
    assert 'href="/article/cables/cite/"' in cited
    first, second = read_record(reader, 1), read_record(reader, 2)
    assert first["title"] == "Cables under the sea"
    assert first["note"] == "Version 1, 2 January 2026"
    assert first["URL"] == f"https://council.example{LIST}1/"
    assert first["id"] == "cables-v1"
    # Which leads to the third.
    assert "DOI" not in first
    assert (second["title"], second["note"]) == ("Second", "Version 2, 4 March 2026")
    # The day of the publication, which the version's stands beside.
    assert first["issued"] == second["issued"] == {"date-parts": [[2026, 1, 2]]}
    bibtex = reader.get(f"{LIST}1/cite.bib")
    assert "@misc{cables-v1," in bibtex.content.decode()
    assert bibtex["Content-Disposition"] == 'attachment; filename="cables-v1.bib"'


@pytest.mark.parametrize("tail", ["cite/", "cite.ris"])
def test_the_current_version_is_cited_at_the_article(reader, article, by, tail):
    update(article, by, title="Second")

    response = reader.get(f"{LIST}2/{tail}")
    assert (response.status_code, response["Location"]) == (
        302,
        f"/article/cables/{tail}",
    )
    assert reader.get(f"{LIST}3/{tail}").status_code == 404
    article.refresh_from_db()
    article.withdraw(by=by, reason="It was wrong.")
    assert reader.get(f"{LIST}1/{tail}").status_code == 410


def test_a_former_version_leads_to_the_documents_that_are_kept_of_it(
    reader, article, by
):
    now = timezone.now()
    for version in (1, 2):
        article.documents.create(
            format="pdf",
            version=version,
            file=f"documents/{version}.pdf",
            bytes=5000,
            pages=10 + version,
            looked_at=now,
            next_look=now,
        )
    assert f"{LIST}1/" not in reader.get("/article/cables/").content.decode()
    update(article, by, title="Second")
    update(article, by, title="Third")

    page = reader.get(f"{LIST}1/").content.decode()
    assert '<a href="/article/cables/cables-v1.pdf">PDF<span class="meta">, 11' in page
    assert "-v2.pdf" not in page
    article.documents.filter(version=1).delete()
    assert "-v1.pdf" not in reader.get(f"{LIST}1/").content.decode()


def test_no_colleague_is_named_in_them(article, by, publisher):
    CorrectionFactory(article=article, by=by)
    update(article, by, title="Second")

    former = FormerVersion.objects.get()
    assert [row["by"] for row in former.content["corrections"]] == [None]
    assert get_content(article).keys() == former.content.keys()


def replace_file(article, by, kind="version", **values):
    """Publish a change to the article that puts another file in its file's place."""
    article.refresh_from_db()
    copy = article.start_working_copy(by)
    copy.attachments.all().delete()
    AttachmentFactory(article=copy, **values)
    copy.update_kind = kind
    copy.version_note = "With new data." if kind == "version" else ""
    copy.save()
    copy.publish(by=by)


@pytest.fixture
def with_data(article):
    data = ContentFile(b"year,price\n2020,5\n", name="grain.csv")
    values = {"title": "Grain", "is_full_text": False, "data_of": "Figure 1"}
    return AttachmentFactory(article=article, file=data, **values)


def replace_data(article, by, kind="version"):
    data = ContentFile(b"year,price\n2020,6\n", name="grain.csv")
    values = {"title": "Grain", "is_full_text": False, "data_of": "Figure 1"}
    replace_file(article, by, kind, file=data, **values)


def test_the_files_of_a_former_version_stay_with_it(reader, article, by, with_data):
    address = with_data.file.url
    replace_data(article, by)

    assert address in reader.get(f"{LIST}1/").content.decode()
    assert address not in reader.get("/article/cables/").content.decode()
    response = reader.get(address)
    assert b"".join(response.streaming_content) == b"year,price\n2020,5\n"
    assert response["Cache-Control"] == "public, no-cache"


def test_a_file_that_a_small_change_replaced_is_gone(reader, article, by, with_data):
    address = with_data.file.url
    replace_data(article, by, kind="small")

    assert reader.get(address).status_code == 404


def test_files_of_versions_that_are_not_shown_are_not_served(
    reader, article, by, with_data
):
    address = with_data.file.url
    replace_data(article, by)
    Institution.objects.update_or_create(pk=1, defaults={"shows_versions": False})

    assert reader.get(address).status_code == 404


def test_files_of_former_versions_go_with_a_withdrawal(reader, article, by, with_data):
    address = with_data.file.url
    replace_data(article, by)
    article.refresh_from_db()
    article.withdraw(by=by, reason="It was wrong.")

    assert reader.get(address).status_code == 404


def test_an_unknown_file_has_no_former_versions_read(reader, article, by):
    replace_file(article, by)

    with CaptureQueriesContext(connection) as queries:
        assert reader.get("/files/2026/11/none.csv").status_code == 404
    assert not [each for each in queries if "formerversion" in each["sql"]]
    assert reader.get("/files/../secret.csv").status_code == 404


def test_an_own_pdf_of_editors_stays_at_the_address_of_its_version(reader, article, by):
    own = AttachmentFactory(article=article).file.url
    replace_file(article, by)

    response = reader.get("/article/cables/cables-v1.pdf")
    assert (response.status_code, response["Location"]) == (302, own)
    assert reader.get(own).status_code == 200
    other = reader.get("/article/cables/cables-v2.pdf")["Location"]
    assert other != own
    assert reader.get(other).status_code == 200


def test_readers_are_told_of_a_new_file_by_its_title(reader, article, by, with_data):
    replace_data(article, by)

    page = reader.get(f"{LIST}2/changes/").content.decode()

    assert "Grain<ins> (CSV, 18\xa0bytes, new file)</ins>" in page
    assert "grain" not in page
