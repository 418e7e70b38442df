"""Addresses of a former site come in from a CSV file, after a look at what they do."""

import pytest
from django.contrib.flatpages.models import FlatPage
from django.contrib.redirects.models import Redirect
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from lxml import html

from tests.admin_site.desk import OpenForm
from tests.factories import ArticleFactory

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
        ("old.html,/topics/", "Enter an old address that starts with"),
        ("/old.html,topics", "Enter a new address that starts with"),
        ("/old.html,/old.html", "lead to itself"),
        ("/a.html,/b.html\n/b.html,/a.html", "lead to itself"),
        ("https://elsewhere.example/a,/people/", "elsewhere.example is another site"),
        ("/a#part,/people/", "Remove “#”"),
        ("/a,/people/,more", "More cells than columns"),
        (f"/{'a' * 200},/people/", "up to 200 characters"),
        (f"/{'%' * 199},/people/", "up to 200 characters"),
        ("/old.html,//elsewhere.example/", "Enter a new address that starts with"),
        ("/topics/,/people/", "There is a page at this address"),
        ("/,/people/", "There is a page at this address"),
        ("/article/live-one/,/people/", "There is a page at this address"),
        ("http://testserver/article/live%2Done/,/a/", "There is a page at this"),
        ("/article/withdrawn/,/people/", "There is a page at this address"),
        ("/imprint/,/people/", "There is a page at this address"),
    ],
)
def test_a_wrong_row_is_named_and_keeps_no_other_out(publisher, reader, row, said):
    ArticleFactory(published=True, slug="live-one")
    ArticleFactory(slug="withdrawn", state="withdrawn", withdrawn_at=timezone.now())
    FlatPage.objects.create(url="/imprint/", title="Imprint").sites.add(1)
    response = dry_run(publisher, f"old_path,new_path\n/good.html,/people/\n{row}\n")

    assert said in response.content.decode()
    assert not Redirect.objects.exists()
    confirm(publisher, response)
    assert reader.get("/good.html")["Location"] == "/people/"


def test_wrong_rows_come_back_as_a_file_with_the_reason(publisher):
    response = dry_run(
        publisher,
        "old_path,new_path,note\n/good.html,/people/,x\nold.html,/topics/,y\n",
    )
    page = html.fromstring(response.content.decode())
    [form] = [f for f in page.forms if "process_import" in (f.action or "")]
    refused = publisher.post(form.action, {**dict(form.form_values()), "refused": "1"})

    lines = b"".join(refused).decode("utf-8-sig").splitlines()
    assert lines == [
        "old_path,new_path,note,reason",
        "old.html,/topics/,y,Enter an old address that starts with “/”.",
    ]
    assert not Redirect.objects.exists()


@pytest.mark.parametrize(
    "old_path",
    [
        "http://testserver/old.html",
        "http://testserver/old.html?b=2&a=1",
        "/old.html",
        "/m%C3%B6bel/",
        "/möbel/",
        "/?p=47",
    ],
)
def test_an_address_is_imported_however_it_is_written(publisher, reader, old_path):
    confirm(publisher, dry_run(publisher, f"old_path,new_path\n{old_path},/topics/\n"))

    assert reader.get(old_path)["Location"] == "/topics/"


def test_the_same_address_written_twice_is_one_redirect(publisher):
    confirm(
        publisher,
        dry_run(publisher, "old_path,new_path\n/m%C3%B6bel,/a/\n/möbel,/topics/\n"),
    )

    assert Redirect.objects.get().new_path == "/topics/"


def test_a_row_that_replaces_an_earlier_one_says_so(publisher):
    response = dry_run(
        publisher,
        "old_path,new_path\n/old,/a/\n/other,/b/\nhttp://testserver/old,/topics/\n",
    )

    page = response.content.decode()
    assert "/topics/ (replaces row 1)" in page
    assert page.count("(replaces row") == 1


def test_the_address_of_a_draft_may_be_redirected(publisher):
    ArticleFactory(slug="to-come")

    confirm(publisher, dry_run(publisher, "old_path,new_path\n/article/to-come/,/a/\n"))

    assert Redirect.objects.get().new_path == "/a/"


def test_a_file_of_excel_in_windows_letters_is_read(publisher):
    file = SimpleUploadedFile("old.csv", "old_path,new_path\n/ä,/b".encode("cp1252"))
    confirm(
        publisher,
        publisher.post(IMPORT, {"import_file": file, "format": "0", "resource": ""}),
    )

    assert Redirect.objects.get().old_path == "/ä"


def test_semicolons_and_a_byte_order_mark_are_read_too(publisher):
    text = "\ufeffold_path;new_path\n/old.html;/topics/\n"

    confirm(publisher, dry_run(publisher, text))

    assert Redirect.objects.get().new_path == "/topics/"


@pytest.mark.parametrize("content", [b"colour,size\n/a,/b\n", b"PK\x03\x04"])
def test_a_file_that_cannot_be_read_is_said_to_be_so(publisher, content):
    file = SimpleUploadedFile("old.csv", content)
    said = publisher.post(IMPORT, {"import_file": file, "format": "0", "resource": ""})

    assert "Save it as “CSV UTF-8”" in said.content.decode()
    assert "Traceback" not in said.content.decode()


@pytest.fixture
def form(publisher):
    Redirect.objects.create(site_id=1, old_path="/old.html", new_path="/topics/")
    form = OpenForm(publisher, "/admin/redirects/redirect/add/")
    form["old_path"] = "/older.html"
    form["new_path"] = "/old.html"
    return form


def test_a_redirect_is_entered_by_hand(form, reader):
    form.press("Save")

    assert reader.get("/older.html")["Location"] == "/old.html"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"old_path": "/old.html"}, "already has a redirect"),
        ({"old_path": "older.html"}, "Enter an old address that starts with"),
        ({"old_path": "/topics/"}, "lead to itself"),
    ],
)
def test_a_redirect_that_cannot_be_is_refused_and_kept_in_the_form(form, wrong, said):
    for name, value in wrong.items():
        form[name] = value

    form.press("Save")

    assert said in form.said
    assert Redirect.objects.count() == 1
    assert form["new_path"] == "/old.html"


def test_a_redirect_entered_the_wrong_way_round_is_turned(publisher):
    wrong = Redirect.objects.create(site_id=1, old_path="/people/", new_path="/x.html")
    form = OpenForm(publisher, f"/admin/redirects/redirect/{wrong.pk}/change/")
    form["old_path"] = "/x.html"
    form["new_path"] = "/people/"

    form.press("Save")

    assert Redirect.objects.get().new_path == "/people/"


def test_who_may_not_add_redirects_cannot_import(editor):
    assert editor.get(IMPORT).status_code == 403
    assert dry_run(editor, "old_path,new_path\n/a,/b\n").status_code == 403


@pytest.mark.parametrize("button", ["confirm", "refused"])
def test_who_may_not_add_redirects_confirms_no_import(editor, publisher, button):
    page = html.fromstring(dry_run(publisher, "old_path,new_path\n/a,/b/\n").content)
    [form] = [f for f in page.forms if "process_import" in (f.action or "")]
    posted = {**dict(form.form_values()), button: "1"}

    assert editor.post(form.action, posted).status_code == 403
    assert publisher.get(form.action).status_code == 405
    assert not Redirect.objects.exists()


def test_an_address_that_is_redirected_already_is_named(publisher):
    Redirect.objects.create(site_id=1, old_path="/old.html", new_path="/people/")
    form = OpenForm(publisher, "/admin/redirects/redirect/add/")
    form["old_path"] = "/old.html"
    form["new_path"] = "/topics/"

    form.press("Save")

    assert "already has a redirect" in form.said
    assert Redirect.objects.get().new_path == "/people/"


def test_a_file_without_the_two_columns_is_refused_in_words(publisher):
    response = dry_run(publisher, "colour,size\n/old.html,/topics/\n")

    assert "old_path and new_path" in response.content.decode()
    assert not Redirect.objects.exists()


@pytest.mark.parametrize(
    "text",
    [
        "source,target,regex,code,type\n/old.html,/topics/,0,301,url\n",
        "Origin,Target,Type,Format\nold.html,topics/,301,plain\n",
        "Old URL;New URL\nhttp://testserver/old.html;/topics/\n",
        "Address,Redirect URL,Status\nhttp://testserver/old.html,/topics/,301\n",
        "RewriteEngine On\nRedirect 301 /old.html /topics/\n",
        "RedirectPermanent /old.html /topics/\n",
        'RewriteRule "^old\\.html$" /topics/ [R=301,L]\n',
    ],
)
def test_files_of_plugins_crawlers_and_apache_are_read(publisher, reader, text):
    confirm(publisher, dry_run(publisher, text))

    assert reader.get("/old.html")["Location"] == "/topics/"


@pytest.mark.parametrize(
    "text",
    [
        "source,target,regex\n^/old/(.*),/new/$1,1\n/old.html,/topics/,0\n",
        "Origin,Target,Format\nold/(.*),new,regex\nold.html,topics/,plain\n",
        "RewriteRule ^old/(.*)$ /new/$1 [R=301]\nRedirect 301 /old.html /topics/\n",
        "RedirectMatch 301 ^/old/(.*)$ /new/$1\nRedirect /old.html /topics/\n",
    ],
)
def test_a_pattern_is_refused_and_costs_the_other_rows_nothing(publisher, text):
    response = dry_run(publisher, text)
    assert "This is a pattern for many addresses" in response.text

    confirm(publisher, response)

    assert [row.old_path for row in Redirect.objects.all()] == ["/old.html"]


def test_rules_that_redirect_nobody_are_passed_over(publisher):
    text = (
        "RewriteRule ^index\\.php$ - [L]\nRewriteRule . /index.php [L]\n"
        "Redirect gone /x\n"
    )
    confirm(publisher, dry_run(publisher, text))

    [row] = Redirect.objects.all()
    assert (row.old_path, row.new_path) == ("/x", "")
