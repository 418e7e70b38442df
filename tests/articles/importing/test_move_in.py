"""*Move in* at the desk: choose, map, try, import, report and undo in the browser."""

import io

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from zeal import zeal_ignore

from articles.forms import move_in
from articles.importing.mapping import Mapping
from articles.models import ArchiveImport, Article, Topic
from authors.models import Author
from tests.articles.importing.archives import pack
from tests.articles.importing.test_ghost import export as ghost
from tests.articles.importing.test_ghost import post
from tests.articles.importing.wxr import author, category, export, item
from tests.conftest import signed_in
from tests.factories import AuthorFactory, TopicFactory, UserFactory

pytestmark = pytest.mark.django_db

HOME = "/admin/articles/article/move-in/"
State = ArchiveImport.State


@pytest.fixture
def administrator():
    """Somebody to whom the permission was given."""
    client = signed_in(publisher=True)
    permission = Permission.objects.get(codename="add_archiveimport")
    client.user.user_permissions.add(permission)
    return client


def upload(client, file=None, **fields):
    """Post the first form; return the import, or the page with its errors."""
    if file is not None:
        fields["file"] = SimpleUploadedFile("old.xml", file.getvalue())
    response = client.post(HOME, {"source": "wordpress", **fields})
    if response.status_code == 302:
        return ArchiveImport.objects.latest("pk")
    return response


def errors_of(response):
    return response.context["form"].errors


def archive(*parts):
    parts = parts or [item(terms=[("category", "asia")])]
    return export(author(), category("asia", "Asia"), *parts)


def page(received, name="import", query=""):
    return reverse(f"admin:articles_article_move_in_{name}", args=[received.pk]) + query


def act(client, received, name):
    client.post(page(received), {"act": name})
    received.refresh_from_db()
    return received


# Who may


@pytest.mark.parametrize(
    "role", ["contributor", "editor", "publisher", "newsletter_manager"]
)
def test_nobody_moves_in_without_the_permission(role, request):
    client = request.getfixturevalue(role)
    received = ArchiveImport.objects.create(source_type="wordpress", name="old.xml")
    addresses = [HOME, *(page(received, name) for name in PAGES)]
    for address in addresses:
        assert client.get(address).status_code == 403, address
        assert client.post(address, {"act": "import"}).status_code == 403, address


PAGES = [
    *("import", "map", "terms", "people", "report", "report_csv", "refused", "undo"),
    "positions",
]


def test_who_has_the_permission_finds_the_page(publisher, administrator):
    assert HOME not in publisher.get("/admin/articles/article/").text
    assert HOME in administrator.get("/admin/articles/article/").text
    assert administrator.get(HOME).status_code == 200


def test_acts_are_posted(administrator):
    received = upload(administrator, archive())
    for name in PAGES:
        administrator.get(page(received, name, "?act=import&taxonomy=category"))
    received.refresh_from_db()
    assert received.state == State.READY
    assert administrator.post(page(received), {"act": "anything"}).status_code == 404


# The archive


def test_a_file_of_another_kind_is_refused_at_the_field(administrator):
    response = upload(administrator, ghost(post()))
    assert errors_of(response)["file"] == [
        "This file is Ghost, not WordPress. Change the source or choose another file."
    ]
    response = upload(administrator, io.BytesIO(b"\x89PNG..."))
    assert "not an export" in errors_of(response)["file"][0]
    assert not ArchiveImport.objects.exists()


def test_one_file_is_needed_and_only_one(administrator, settings, tmp_path):
    settings.IMPORT_DIR = str(tmp_path)
    (tmp_path / "old.xml").write_bytes(archive().getvalue())
    assert errors_of(upload(administrator))["file"] == [
        "Choose a file, or enter the name of one on the server."
    ]
    both = upload(administrator, archive(), path="old.xml")
    assert errors_of(both)["file"] == [
        "Choose a file, or enter the name of one on the server."
    ]


def test_an_upload_beyond_the_limit_is_refused_at_the_field(administrator, monkeypatch):
    monkeypatch.setattr(move_in, "MOST_BYTES", 10)
    response = upload(administrator, archive())
    assert "must not exceed 1 GB" in errors_of(response)["file"][0]


def test_images_that_are_no_archive_are_refused_at_the_field(administrator):
    response = upload(
        administrator, archive(), images=SimpleUploadedFile("media.zip", b"no zip")
    )
    assert errors_of(response)["images"] == ["The images are not a ZIP archive."]


def test_images_may_come_as_a_zip_archive(administrator):
    media = pack(**{"uploads/a.txt": "a"})
    received = upload(
        administrator,
        archive(),
        images=SimpleUploadedFile("media.zip", media.getvalue()),
    )
    assert received.media_file


def test_a_file_on_the_server_is_read_in_its_folder_only(
    administrator, settings, tmp_path
):
    folder = tmp_path / "imports"
    folder.mkdir()
    (folder / "old.xml").write_bytes(archive().getvalue())
    (tmp_path / "secret.xml").write_bytes(archive().getvalue())
    (folder / "link.xml").symlink_to(tmp_path / "secret.xml")
    settings.IMPORT_DIR = str(folder)

    for name in ("../secret.xml", str(tmp_path / "secret.xml"), "link.xml", ".", "no"):
        response = upload(administrator, path=name)
        assert "no file of this name" in errors_of(response)["path"][0], name

    assert upload(administrator, path="old.xml").path == str(folder / "old.xml")


def test_without_a_folder_nothing_on_the_server_is_read(administrator, settings):
    settings.IMPORT_DIR = ""
    response = upload(administrator, path="manage.py")
    assert "path" not in response.context["form"].fields
    assert errors_of(response)["file"]


def test_the_address_of_the_old_site_is_said_for_ghost(administrator):
    received = upload(
        administrator, ghost(post()), source="ghost", address="https://old.example"
    )
    assert received.found["site"]["address"] == "https://old.example"
    assert received.source == "https://old.example"


# Look and map


def test_what_was_found_is_counted(administrator):
    received = upload(administrator, archive())
    text = administrator.get(page(received)).text
    assert "<strong>1</strong> pieces" in text
    assert "The Old Institute" in text


def test_types_and_taxonomies_are_mapped(administrator):
    received = upload(administrator, archive(item(type="event"), item(2)))
    response = administrator.get(page(received, "map"))
    form = response.context["form"]
    assert form["type_1"].initial == "commentary"

    administrator.post(
        page(received, "map"),
        {
            "type_0": "report",
            "type_1": "",
            "taxonomy_0": "region",
            "language": "fr",
            "time_zone": "Asia/Tokyo",
        },
    )

    received.refresh_from_db()
    mapping = Mapping(**received.mapping)
    assert mapping.types == {"event": "report", "post": ""}
    assert mapping.taxonomies == {"category": "region"}
    assert (mapping.language, mapping.time_zone) == ("fr", "Asia/Tokyo")


def test_terms_of_a_name_that_is_here_are_proposed_to_join_it(administrator):
    asia = TopicFactory(name="Asia", kind="region")
    received = upload(administrator, archive())
    assert Mapping(**received.mapping).terms == {"category-asia": f"region:{asia.pk}"}
    [row] = administrator.get(page(received, "terms", CATEGORY)).context["rows"]
    assert (row.chosen, row.name) == ("region", "Asia")


CATEGORY = "?taxonomy=category"


def map_term(client, received, becomes, name=""):
    response = client.post(
        page(received, "terms", CATEGORY),
        {"term": "category-asia", "becomes": becomes, "name": name},
    )
    received.refresh_from_db()
    return response


def test_a_term_becomes_what_is_chosen(administrator):
    asia = TopicFactory(name="Far East", kind="region")
    received = upload(administrator, archive())
    for becomes, name, stored in [
        ("kind:report", "", {"category-asia": "kind:report"}),
        ("region", "far east", {"category-asia": f"region:{asia.pk}"}),
        ("programme", "", {"category-asia": "programme"}),
        ("", "", {"category-asia": ""}),
        ("default", "", {}),
    ]:
        map_term(administrator, received, becomes, name)
        assert received.mapping["terms"] == stored


@pytest.mark.parametrize(
    ("becomes", "name", "error"),
    [
        ("topic", "Azia", "This site has no topic “Azia”"),
        ("kind:nonsense", "", "Choose an option from the list"),
        ("", "Asia", "Only a topic"),
    ],
)
def test_a_term_that_cannot_become_it_is_marked_and_nothing_is_lost(
    administrator, becomes, name, error
):
    received = upload(administrator, archive())
    response = map_term(administrator, received, becomes, name)
    assert received.mapping["terms"] == {}
    assert error in response.text
    assert response.context["rows"][0].name == name


def test_many_terms_come_in_pages_and_become_one_thing_at_once(administrator):
    terms = [category(f"c{n}", f"Trade {n}") for n in range(70)]
    received = upload(administrator, archive(*terms, item()))
    response = administrator.get(page(received, "terms", CATEGORY))
    assert len(response.context["rows"]) == 50
    found = page(received, "terms", f"{CATEGORY}&q=trade 1")
    assert len(administrator.get(found).context["rows"]) == 11

    administrator.post(found, {"all": "region"})

    received.refresh_from_db()
    assert len(received.mapping["terms"]) == 11
    assert set(received.mapping["terms"].values()) == {"region"}


def test_people_are_proposed_by_name_and_can_be_somebody_else(administrator):
    ada = AuthorFactory(name="Ada Verne")
    other = AuthorFactory(name="A. Verne")
    received = upload(administrator, archive())
    assert received.mapping["people"] == {"author-ada": ada.pk}
    response = administrator.get(page(received, "people"))
    assert response.context["rows"][0].author == "Ada Verne"
    assert set(response.context["names"]) == {"Ada Verne", "A. Verne"}

    for said, stored in [("a. verne", {"author-ada": other.pk}), ("", {})]:
        administrator.post(page(received, "people"), {"author": said})
        received.refresh_from_db()
        assert received.mapping["people"] == stored

    response = administrator.post(page(received, "people"), {"author": "Nobody"})
    assert "No author is called “Nobody”" in response.text


def test_of_two_people_with_one_name_the_slug_says_which(administrator):
    first, _ = AuthorFactory(name="Ada Verne"), AuthorFactory(name="Ada Verne")
    received = upload(administrator, archive())
    assert received.mapping["people"] == {}
    response = administrator.post(page(received, "people"), {"author": "Ada Verne"})
    assert "Several authors are called" in response.text
    administrator.post(page(received, "people"), {"author": first.slug})
    received.refresh_from_db()
    assert received.mapping["people"] == {"author-ada": first.pk}
    response = administrator.get(page(received, "people"))
    assert response.context["rows"][0].author == first.slug


# Try, import, undo


def test_a_trial_stores_nothing_but_its_report(administrator):
    received = act(administrator, upload(administrator, archive()), "try")
    assert received.state == State.TRIED
    assert not Article.objects.exists()
    assert not Author.objects.exists()
    text = administrator.get(page(received)).text
    assert "Nothing is stored" in text
    assert "?kind=piece&amp;outcome=created" in text


def test_an_import_is_made_reported_and_undone(administrator):
    received = act(administrator, upload(administrator, archive()), "import")
    assert received.state == State.DONE
    article = Article.objects.get()
    assert article.is_public

    report = administrator.get(page(received, "report", "?kind=piece")).text
    assert reverse("admin:articles_article_change", args=[article.pk]) in report

    confirmation = administrator.get(page(received, "undo"))
    assert confirmation.context["created"] >= 3
    assert Article.objects.exists()
    # Workers take items back one by one; here the request does.
    with zeal_ignore():
        administrator.post(page(received, "undo"))
    received.refresh_from_db()
    assert received.state == State.UNDONE
    assert not Article.objects.exists()
    assert not Topic.objects.filter(name="Asia").exists()


def test_the_newer_import_is_named_which_is_undone_first(administrator):
    older = act(administrator, upload(administrator, archive()), "import")
    newer = act(administrator, upload(administrator, archive()), "import")
    text = administrator.get(page(older, "undo")).text
    assert page(newer) in text
    assert "uses 3 items of this one" in text
    assert "will be deleted" not in text
    assert 'class="danger"' not in text
    administrator.post(page(older, "undo"))
    older.refresh_from_db()
    assert older.state == State.DONE


def test_a_trial_that_was_stopped_offers_no_undo(administrator):
    received = upload(administrator, archive())
    ArchiveImport.objects.update(state=State.STOPPED, stopped_in=State.TRYING)
    shown = administrator.get(page(received)).text
    assert "The trial run was stopped." in shown
    assert 'aria-current="step">Trial run<' in shown
    assert page(received, "undo") not in shown
    response = administrator.get(page(received, "undo"), follow=True)
    assert response.redirect_chain[-1][0] == page(received)


def test_what_is_under_way_or_done_is_mapped_no_more(administrator):
    received = act(administrator, upload(administrator, archive()), "import")
    response = administrator.post(page(received, "people"), {"author": ""}, follow=True)
    assert response.redirect_chain[-1][0] == page(received)


def test_the_page_of_an_import_under_way_shows_itself_anew(administrator):
    received = upload(administrator, archive())
    assert "Refresh" not in administrator.get(page(received))
    ArchiveImport.objects.update(state=State.IMPORTING, phase=3, done=2)
    response = administrator.get(page(received))
    assert response["Refresh"] == "3"
    assert "Pieces: 2 of 3 records" in response.text
    act(administrator, received, "stop")
    assert received.state == State.STOPPED
    act(administrator, received, "resume")
    assert received.state == State.DONE


# The report


def test_the_report_is_narrowed_by_kind_result_losses_and_title(administrator):
    received = upload(
        administrator,
        archive(
            item(title="Clean"),
            item(2, "Lossy", text="<iframe src='https://x.example'></iframe>"),
            item(3, "A page", type="page"),
        ),
    )
    act(administrator, received, "import")

    def titles(query):
        response = administrator.get(page(received, "report", query))
        return [item.title for item, _ in response.context["rows"]]

    assert titles("?kind=piece") == ["Clean", "Lossy", "A page"]
    assert titles("?kind=piece&outcome=skipped") == ["A page"]
    assert titles("?kind=piece&losses=yes") == ["Lossy"]
    assert titles("?q=cle") == ["Clean"]
    assert len(titles("?kind=nonsense&outcome=nonsense")) > 4
    table = administrator.get(page(received, "report_csv", "?losses=yes")).getvalue()
    assert b"Lossy" in table
    assert b"embedded page, now a link" in table
    assert b"Clean" not in table


def test_refused_rows_of_a_table_come_back_with_the_reason(administrator):
    table = io.BytesIO(b"id,title,text\n1,Good,Words.\n2,,Words.\n3,Last,Words.\n")
    received = upload(administrator, table, source="csv")
    act(administrator, received, "try")
    refused = administrator.get(page(received, "refused")).getvalue().decode()
    assert refused.lstrip("\ufeff").splitlines() == [
        "title,id,text,reason",
        ",2,Words.,Line 3: It has no title.",
    ]


def test_the_report_has_as_many_queries_for_many_items(
    administrator, django_assert_max_num_queries
):
    items = [item(n, f"Piece {n}", slug=f"p{n}") for n in range(1, 40)]
    received = act(administrator, upload(administrator, archive(*items)), "import")
    with django_assert_max_num_queries(20):
        administrator.get(page(received, "report"))


def test_a_user_who_began_an_import_is_named(administrator):
    upload(administrator, archive())
    user = UserFactory()
    ArchiveImport.objects.update(by=user)
    assert user.username in administrator.get(HOME).text
