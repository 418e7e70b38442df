"""Editors keep authors with their positions, and programmes."""

from datetime import date

import pytest

from authors.models import Author, Programme
from tests.admin_site.desk import OpenForm
from tests.factories import AuthorFactory, PositionFactory, ProgrammeFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def form(editor):
    form = OpenForm(editor, "/admin/authors/author/add/")
    form["name"] = "Ada Verne"
    form["slug"] = "ada-verne"
    form["positions-0-title"] = "Director"
    form["positions-0-started"] = "2020-01-01"
    return form


def test_an_author_is_entered_with_a_directorship(form):
    form["positions-0-programme"] = str(ProgrammeFactory(name="Asia").pk)
    form["positions-0-directs"] = "on"

    form.press("Save")

    author = Author.objects.get()
    assert author.sort_name == "Verne, Ada"
    assert str(author.position) == "Director, Asia programme"


def test_a_sort_name_that_was_made_follows_the_name():
    author = Author.objects.create(name="Ada Verne", slug="ada-verne")

    author.name = "Ada Lind"
    author.save()

    assert author.sort_name == "Lind, Ada"


def test_a_sort_name_that_an_editor_wrote_stays_when_the_name_changes():
    author = Author.objects.create(
        name="Anna van Berg", slug="anna", sort_name="Van Berg, Anna"
    )

    author.name = "Anna Maria van Berg"
    author.save()

    assert author.sort_name == "Van Berg, Anna"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"positions-0-directs": "on"}, "A directorship needs its programme."),
        ({"positions-0-ended": "2019-12-31"}, "cannot end before it starts"),
    ],
)
def test_a_position_that_cannot_be_is_refused_and_kept_in_the_form(form, wrong, said):
    for name, value in wrong.items():
        form[name] = value

    form.press("Save")

    assert said in form.said
    assert not Author.objects.exists()
    assert form["name"] == "Ada Verne"
    assert form["positions-0-title"] == "Director"


@pytest.mark.parametrize("address", ["author", "programme"])
def test_lists_take_few_queries_whatever_they_hold(
    manager, address, django_assert_max_num_queries, django_assert_num_queries
):
    def fill():
        for _ in range(4):
            PositionFactory(
                author=AuthorFactory(with_photo=True),
                programme=ProgrammeFactory(),
                directs=True,
                started=date(2020, 1, 1),
            )

    fill()
    manager.get(f"/admin/authors/{address}/")
    with django_assert_max_num_queries(14) as queries:
        manager.get(f"/admin/authors/{address}/")
    fill()

    with django_assert_num_queries(len(queries)):
        manager.get(f"/admin/authors/{address}/")


def test_forms_of_people_with_many_posts_load_them_together(manager):
    author = AuthorFactory()
    programme = ProgrammeFactory()
    for _ in range(6):
        PositionFactory(author=author, programme=ProgrammeFactory())
        PositionFactory(programme=programme)

    # A row loaded by itself would fail the request.
    for kept in (author, programme):
        address = f"/admin/authors/{kept._meta.model_name}/{kept.pk}/change/"
        assert manager.get(address).status_code == 200


def test_an_editor_reads_programmes_and_a_manager_changes_them(editor, manager):
    programme = ProgrammeFactory(name="Asia")
    address = f"/admin/authors/programme/{programme.pk}/change/"
    assert editor.post(address, {"name": "Forged"}).status_code == 403

    form = OpenForm(manager, address)
    form["name"] = "Asia and the Pacific"
    form.press("Save")

    assert Programme.objects.get().name == "Asia and the Pacific"
