"""Addresses of a former site come in from a CSV file, after a look at what they do."""

import pytest
from django.contrib.redirects.models import Redirect
from django.core.files.uploadedfile import SimpleUploadedFile
from lxml import html

pytestmark = pytest.mark.django_db

IMPORT = "/admin/redirects/redirect/import/"


def dry_run(client, text):
    file = SimpleUploadedFile("old.csv", text.encode())
    return client.post(IMPORT, {"import_file": file, "format": "0", "resource": ""})


def confirm(client, response):
    page = html.fromstring(response.content.decode())
    [form] = [f for f in page.forms if "process_import" in (f.action or "")]
    return client.post(form.action, dict(form.form_values()))


def test_a_dry_run_changes_nothing_and_confirming_imports(publisher, reader):
    response = dry_run(
        publisher, "old_path,new_path\n/page/?id=7,/people/\n/old.html,/topics/\n"
    )
    assert response.status_code == 200
    assert not Redirect.objects.exists()

    confirm(publisher, response)

    assert reader.get("/old.html")["Location"] == "/topics/"
    assert reader.get("/page/?id=7")["Location"] == "/people/"


def test_a_known_address_gets_its_new_target(publisher):
    Redirect.objects.create(site_id=1, old_path="/old.html", new_path="/people/")

    confirm(publisher, dry_run(publisher, "old_path,new_path\n/old.html,/topics/\n"))

    assert Redirect.objects.get().new_path == "/topics/"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("old.html,/topics/", "An old address starts with"),
        ("/old.html,topics", "A new address starts with"),
        ("/old.html,/old.html", "lead to itself"),
        ("/a.html,/b.html\n/b.html,/a.html", "lead to itself"),
    ],
)
def test_a_wrong_row_is_named_and_nothing_is_imported(publisher, row, said):
    response = dry_run(publisher, f"old_path,new_path\n/good.html,/people/\n{row}\n")

    assert said in response.content.decode()
    assert "process_import" not in response.content.decode()
    assert not Redirect.objects.exists()


def test_who_may_not_add_redirects_cannot_import(editor):
    assert editor.get(IMPORT).status_code == 403
    assert dry_run(editor, "old_path,new_path\n/a,/b\n").status_code == 403
