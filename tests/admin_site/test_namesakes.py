"""A second person, topic or programme of one name is asked about before it is made."""

import pytest

from articles.models import Topic
from authors.models import Author, Programme
from tests.admin_site.desk import OpenForm
from tests.factories import AuthorFactory, ProgrammeFactory, TopicFactory

pytestmark = pytest.mark.django_db

ADD = "/admin/authors/author/add/"


def fill(client, address, **values):
    form = OpenForm(client, address)
    for name, value in values.items():
        form[name] = value
    return form


def errors(form):
    return " ".join(each.text_content() for each in form.page.find_class("errorlist"))


@pytest.mark.parametrize(
    "typed", ["José Núñez", "jose nunez", "JOSÉ  NÚÑEZ", " José-Núñez "]
)
def test_a_person_of_a_known_name_is_asked_about_with_a_link(admin_client, typed):
    known = AuthorFactory(name="José Núñez")

    form = fill(admin_client, ADD, name=typed)
    form.press("Save")

    assert Author.objects.count() == 1
    assert "This name exists already: José Núñez" in errors(form)
    assert "It is another person" in errors(form)
    links = [a.get("href") for a in form.page.find_class("errorlist")[0].iter("a")]
    assert links == [f"/admin/authors/author/{known.pk}/change/"]


def test_another_person_of_the_name_is_saved_on_demand(admin_client):
    AuthorFactory(name="José Núñez")
    form = fill(admin_client, ADD, name="Jose Nunez")
    form.press("Save")

    form["_is_another"] = "1"
    form.press("Save")

    assert Author.objects.count() == 2


def test_a_known_person_is_saved_without_a_question(admin_client):
    known = AuthorFactory(name="José Núñez")
    AuthorFactory(name="José Núñez")

    form = fill(
        admin_client, f"/admin/authors/author/{known.pk}/change/", email="a@b.eu"
    )
    form.press("Save")

    known.refresh_from_db()
    assert known.email == "a@b.eu"


def test_the_window_that_adds_a_person_from_an_article_asks_too(admin_client):
    AuthorFactory(name="José Núñez")

    form = fill(admin_client, f"{ADD}?_to_field=id&_popup=1", name="José Nuñez")
    form.press("Save")

    assert "It is another person" in errors(form)


@pytest.mark.parametrize(
    ("model", "factory", "address"),
    [
        (Topic, TopicFactory, "/admin/articles/topic/add/"),
        (Programme, ProgrammeFactory, "/admin/authors/programme/add/"),
    ],
)
def test_topics_and_programmes_are_asked_about_too(
    admin_client, model, factory, address
):
    factory(name="Énergie")

    form = fill(admin_client, address, name="energie")
    form.press("Save")

    assert model.objects.count() == 1
    assert f"It is another {model._meta.verbose_name}" in errors(form)
