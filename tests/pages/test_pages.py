"""A simple page stands at an address that readers reach."""

import pytest
from django.contrib.flatpages.models import FlatPage

from tests.admin_site.desk import OpenForm

pytestmark = pytest.mark.django_db


@pytest.fixture
def form(publisher):
    page = FlatPage.objects.create(url="/imprint/", title="Imprint")
    page.sites.add(1)
    form = OpenForm(publisher, "/admin/flatpages/flatpage/add/")
    form["title"] = "Careers"
    form["content"] = "<p>Work with us.</p>"
    form["url"] = "/careers/"
    return form


def test_a_page_is_read_at_its_address(form, reader):
    form.press("Save")

    assert "Work with us." in reader.get("/careers/").content.decode()


def test_the_desk_calls_them_pages(publisher):
    desk = publisher.get("/admin/flatpages/").content.decode().casefold()

    assert "pages" in desk
    assert "flat page" not in desk


def test_the_form_asks_for_an_address_as_other_forms_do(publisher, form):
    page = publisher.get("/admin/flatpages/flatpage/add/").content.decode()

    assert "Address:" in page
    assert "URL" not in page


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("/imprint/", "There is a page at this address already."),
        ("/people/", "The site has a page of its own at this address."),
        ("careers/", "leading slash"),
        ("/careers", "trailing slash"),
    ],
)
def test_an_address_that_cannot_be_is_refused_and_the_text_kept(form, url, said):
    form["url"] = url

    form.press("Save")

    assert said in form.said
    assert FlatPage.objects.count() == 1
    assert form["content"] == "<p>Work with us.</p>"


def test_a_page_is_changed_at_the_address_it_has(publisher, form, reader):
    page = FlatPage.objects.get()
    change = OpenForm(publisher, f"/admin/flatpages/flatpage/{page.pk}/change/")
    change["content"] = "<p>Who we are.</p>"

    change.press("Save")

    assert "Who we are." in reader.get("/imprint/").content.decode()
