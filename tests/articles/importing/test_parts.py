"""The parts of a split export come over as if they were one file."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command

from articles.importing.mapping import Mapping
from articles.importing.parts import list_parts
from articles.importing.pipeline import receive, receive_path, set_mapping
from articles.models import ArchiveImport, Article
from ecfr_site.images.models import Image
from tests.articles.importing.archives import State, finish, get_losses, pack, work
from tests.articles.importing.test_move_in import (  # noqa: F401 a fixture
    HOME,
    administrator,
    errors_of,
)
from tests.articles.importing.wxr import HEAD, author, category, export, item
from tests.factories import jpeg

pytestmark = pytest.mark.django_db

FILE = "https://old.example/wp-content/uploads/2019/03/table.jpg"
TEXT = """<!-- wp:paragraph --><p>See <a href="https://old.example/2019/03/two/">it</a>.
</p><!-- /wp:paragraph --><!-- wp:block {"ref":8} /-->"""
ONE = (
    author(),
    category("asia", "Asia"),
    category("japan", "Japan", parent="asia"),
    item(1, "One", TEXT, slug="one", terms=[("post_translations", "g")]),
)
TWO = (
    author(),
    item(8, "Note", "<p>A reusable note.</p>", type="wp_block"),
    item(7, "Table", "", type="attachment", file=FILE, link="https://old.example/t/"),
    item(
        2,
        "Two",
        f'<a href="https://old.example/2019/03/one/">Back</a><img src="{FILE}">',
        slug="two",
        terms=[("category", "japan"), ("post_translations", "g"), ("language", "de")],
    ),
)


def parts(**files):
    """A ZIP archive of exports, {name without its ending: what is in it}."""
    return pack(**{f"{name}.xml": export(*some).read() for name, some in files.items()})


def move_in(file, media=None):
    found = receive(file, "old.zip", None, "wordpress", media)
    finish(found)
    if found.state == State.READY:
        mapping = {**found.mapping, "types": {"post": "commentary"}}
        set_mapping(found, Mapping(**mapping))
        work(found, State.IMPORTING)
    return found


def test_what_parts_refer_to_is_found_in_the_others():
    media = pack(**{"2019/03/table.jpg": jpeg()})
    found = move_in(parts(one=ONE, two=TWO), media)
    assert found.found["site"]["address"] == "https://old.example"
    one, two = Article.objects.order_by("title")
    assert f'href="{two.get_absolute_url()}"' in one.body
    assert "A reusable note." in one.body
    assert f'href="{one.get_absolute_url()}"' in two.body
    assert Image.objects.get().file.url in two.body
    assert two.translation_of == one
    assert two.topics.get().parent.name == "Asia"
    assert get_losses(found) == []


def test_a_folder_of_parts_is_one_archive(tmp_path):
    (tmp_path / "one.xml").write_bytes(export(*ONE).read())
    (tmp_path / "two.XML").write_bytes(export(*TWO).read())
    (tmp_path / "notes.txt").write_text("Export of May")
    found = receive_path(str(tmp_path), None, "wordpress")
    finish(found)
    assert found.found["types"] == {"post": {"published": 2}}


def test_parts_are_read_by_their_numbers():
    file = parts(**{"site-10": ONE, "site-9": TWO, "__MACOSX/site-9": TWO})
    assert [part.name for part in list_parts(file)] == ["site-9.xml", "site-10.xml"]


@pytest.mark.parametrize("name", ["../b.xml", "./b.xml", "/b.xml", "..\\b.xml"])
def test_a_part_comes_whatever_folder_its_name_says(name):
    found = list_parts(pack(**{"a.xml": b"", name: b"", "__MACOSX/._a.xml": b""}))
    assert {part.name for part in found} == {"a.xml", name}


def test_a_part_that_breaks_off_is_named():
    whole = export(*TWO).read()
    file = pack(**{"a.xml": export(*ONE).read(), "b.xml": whole[: len(whole) // 2]})
    found = move_in(file)
    row = found.items.get(kind="unreadable")
    assert row.reason.startswith("b.xml: The file is incomplete")
    assert Article.objects.get().title == "One"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<rss><channel></channel></rss>", "b.xml: This is an RSS feed"),
        (
            export(*TWO, head=HEAD.replace("old.example", "other.example")).read(),
            "b.xml: This is an export of https://other.example",
        ),
    ],
    ids=["a feed", "another site"],
)
def test_a_part_of_something_else_is_named_and_refuses_all(content, words):
    found = move_in(pack(**{"a.xml": export(*ONE).read(), "b.xml": content}))
    assert found.state == State.REFUSED
    assert found.trouble.startswith(words)


def test_a_file_of_office_is_no_archive_of_parts():
    found = move_in(pack(**{"[Content_Types].xml": "<a/>", "xl/a.xml": "<a/>"}))
    assert found.state == State.REFUSED
    assert "Office file" in found.trouble


def upload(client, *contents, **fields):
    files = [
        SimpleUploadedFile(f"part-{number}.xml", content)
        for number, content in enumerate(contents, 1)
    ]
    return client.post(HOME, {"source": "wordpress", "file": files, **fields})


def test_several_parts_are_uploaded_as_one_import(administrator):  # noqa: F811
    upload(administrator, export(*ONE).read(), export(*TWO).read())
    received = ArchiveImport.objects.get()
    assert received.name == "part-1.xml and 1 more"
    assert received.found["types"] == {"post": {"published": 2}}


def test_an_upload_names_the_part_that_is_wrong(administrator):  # noqa: F811
    response = upload(administrator, export(*ONE).read(), b"title,text\na,b\n")
    assert errors_of(response)["file"] == [
        "part-2.xml: This is CSV of articles. You can choose several files only if "
        "they are the parts of one WordPress export."
    ]
    assert not ArchiveImport.objects.exists()


def test_a_folder_on_the_server_is_named(administrator, settings, tmp_path):  # noqa: F811
    settings.IMPORT_DIR = str(tmp_path)
    (tmp_path / "old").mkdir()
    form = {"source": "wordpress", "path": "old"}
    response = administrator.post(HOME, form)
    assert errors_of(response)["path"] == ["There is no .xml file in this folder."]
    (tmp_path / "old" / "one.xml").write_bytes(export(*ONE).read())
    administrator.post(HOME, form)
    assert ArchiveImport.objects.get().found["types"] == {"post": {"published": 1}}


def test_the_command_takes_several_files(tmp_path):
    names = []
    for name, some in (("one.xml", ONE), ("two.xml", TWO)):
        (tmp_path / name).write_bytes(export(*some).read())
        names.append(str(tmp_path / name))
    call_command("move_in", *names, stdout=io.StringIO())
    assert Article.objects.count() == 2
    with pytest.raises(CommandError, match=r"No such file"):
        call_command("move_in", *names, str(tmp_path / "c.xml"), stdout=io.StringIO())
