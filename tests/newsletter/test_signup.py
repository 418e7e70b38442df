"""The signup form stores an address as pending, and reveals nothing."""

import pytest

from newsletter.models import Subscriber

pytestmark = pytest.mark.django_db


def sign_up(reader, email, **fields):
    return reader.post("/newsletter/", {"email": email, **fields})


def test_an_address_is_stored_as_pending_without_a_cookie(reader):
    response = sign_up(reader, " Ada@Example.org ")

    assert response.status_code == 302
    assert response["Location"] == "/newsletter/thanks/"
    assert not response.cookies
    subscriber = Subscriber.objects.get()
    assert subscriber.email == "Ada@Example.org"
    assert subscriber.status == Subscriber.Status.PENDING


def test_a_known_address_gets_the_same_answer_and_stays_as_it_is(reader):
    first = sign_up(reader, "ada@example.org")
    Subscriber.objects.update(status=Subscriber.Status.ACTIVE)

    second = sign_up(reader, "ADA@example.org")

    assert (first.status_code, first["Location"]) == (
        second.status_code,
        second["Location"],
    )
    assert Subscriber.objects.get().status == Subscriber.Status.ACTIVE


@pytest.mark.parametrize("wrong", ["", "ada", "ada@", "ada@example", "a b@example.org"])
def test_what_is_no_address_comes_back_with_a_clear_error(reader, wrong):
    response = sign_up(reader, wrong)

    assert response.status_code == 422
    assert not Subscriber.objects.exists()
    html = response.content.decode()
    assert 'aria-invalid="true"' in html
    assert f'value="{wrong}"' in html or not wrong


def test_internationalised_addresses_are_welcome(reader):
    sign_up(reader, "zoë@bücher.example.org")

    assert Subscriber.objects.get().email == "zoë@bücher.example.org"


def test_a_robot_that_fills_the_hidden_field_is_not_stored(reader):
    response = sign_up(reader, "ada@example.org", website="https://spam.example")

    assert response.status_code == 302
    assert not Subscriber.objects.exists()


def test_reading_the_form_changes_nothing(reader):
    assert reader.get("/newsletter/?email=ada@example.org").status_code == 200
    assert not Subscriber.objects.exists()
