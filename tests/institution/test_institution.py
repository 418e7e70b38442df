"""Editors keep the institution's own words and its simple pages."""

import pytest
from django.contrib.flatpages.models import FlatPage

from ecfr_site.institution.models import Institution
from tests.admin_site.desk import OpenForm
from tests.conftest import signed_in
from tests.factories import ArticleFactory

pytestmark = pytest.mark.django_db


def test_the_disclaimer_is_changed_in_one_place(manager, reader):
    response = manager.get("/admin/ecfr_site/institution/", follow=True)
    form = OpenForm(manager, response.redirect_chain[-1][0])
    form["name"] = "The Example Council"
    form.press("Save")

    assert Institution.objects.get().name == "The Example Council"
    assert manager.get("/admin/ecfr_site/institution/add/").status_code == 403


def test_there_is_always_one_institution(manager):
    superuser = signed_in(is_staff=True, is_superuser=True)
    Institution.objects.get_or_create(pk=1)

    for client in (manager, superuser):
        for page in ("add/", "1/delete/"):
            address = f"/admin/ecfr_site/institution/{page}"
            posted = {"name": "Another", "post": "yes"}
            assert client.post(address, posted).status_code == 403
        chosen = {"action": "delete_selected", "_selected_action": 1, "post": "yes"}
        client.post("/admin/ecfr_site/institution/", chosen)
    assert Institution.objects.get().pk == 1


def test_a_simple_page_is_written_and_sanitised(publisher, reader):
    form = OpenForm(publisher, "/admin/flatpages/flatpage/add/")
    form["title"] = "Imprint"
    form["url"] = "/imprint/"
    form["content"] = "<p>Who we are.<script>alert(1)</script></p>"
    form.press("Save")

    page = reader.get("/imprint/").content.decode()

    assert "Who we are." in page
    assert "alert(1)" not in page


def test_a_simple_page_is_sanitised_whatever_its_source(db):
    page = FlatPage.objects.create(
        url="/x/", title="X", content='<p onclick="x()">Hello</p>'
    )

    page.refresh_from_db()
    assert page.content == "<p>Hello</p>"


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("contributor", set()),
        ("editor", set()),
        ("publisher", {"flatpages/flatpage", "redirects/redirect"}),
        (
            "manager",
            {
                "flatpages/flatpage",
                "ecfr_site/institution",
                "articles/editorialpolicy",
                "auth/user",
            },
        ),
    ],
)
def test_each_role_opens_only_its_own_lists(request, role, may):
    client = request.getfixturevalue(role)
    lists = [
        "flatpages/flatpage",
        "redirects/redirect",
        "ecfr_site/institution",
        "articles/editorialpolicy",
        "auth/user",
        "newsletter/subscriber",
    ]

    opened = {
        name
        for name in lists
        if client.get(f"/admin/{name}/", follow=True).status_code == 200
    }

    assert opened == may


def test_the_front_page_of_the_desk_takes_few_queries(
    publisher, django_assert_max_num_queries
):
    ArticleFactory.create_batch(9, published=True)
    ArticleFactory.create_batch(9, scheduled=True)
    ArticleFactory.create_batch(9, state="in-review", problems=[{"text": "No topic."}])
    publisher.get("/admin/")

    with django_assert_max_num_queries(20):
        publisher.get("/admin/")
