"""A likely slip in an address is asked about; the reader has the last word."""

import re

import pytest

from newsletter.models import Subscriber
from newsletter.typos import common_domains, suggest_address
from tests.newsletter.test_signup import sign_up

SLIPS = {
    "gmial.com": "gmail.com",
    "gmal.com": "gmail.com",
    "gmail.con": "gmail.com",
    "gmail.co": "gmail.com",
    "hotmial.com": "hotmail.com",
    "yaho.com": "yahoo.com",
    "outlok.com": "outlook.com",
    "gmx.dd": "gmx.de",
    "web.dd": "web.de",
    "orage.fr": "orange.fr",
    "libero.itt": "libero.it",
}
REAL = [
    *("mail.com", "email.com", "ymail.com", "gmx.net", "gmx.de", "gmx.at", "web.de"),
    *("hotmail.fr", "hotmail.nl", "yahoo.ca", "yahoo.com.br", "live.be", "posteo.net"),
    *("orange.com", "web.be", "weg.de", "tim.it", "ecfr.eu", "dgap.org", "example.org"),
]


@pytest.mark.parametrize(("typed", "meant"), SLIPS.items())
def test_a_slip_of_a_common_domain_is_seen(typed, meant):
    assert suggest_address(f"Anna@{typed}") == f"Anna@{meant}"


@pytest.mark.parametrize("domain", REAL)
def test_a_real_domain_is_not(domain):
    assert suggest_address(f"anna@{domain}") == ""


def test_nor_is_any_common_domain():
    for domain in common_domains()[0]:
        assert suggest_address(f"anna@{domain.upper()}") == ""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("button", "stored"), [("use", "anna@gmail.com"), ("sure", "anna@gmial.com")]
)
def test_both_answers_go_without_a_script(reader, button, stored):
    response = sign_up(reader, "anna@gmial.com")

    assert response.status_code == 422
    page = response.content.decode()
    assert "Did you mean anna@gmail.com?" in page
    assert not Subscriber.objects.exists()
    [value] = re.findall(
        rf'<button type="submit"\s+name="{button}"\s+value="(.*?)"', page
    )
    assert value == stored

    response = sign_up(reader, "anna@gmial.com", **{button: value})

    assert response.status_code == 200
    assert Subscriber.objects.get().email == stored


@pytest.mark.django_db
def test_an_answer_for_one_address_is_none_for_another(reader):
    response = sign_up(reader, "bo@gmial.com", sure="anna@gmial.com")

    assert response.status_code == 422


@pytest.mark.django_db
def test_what_was_typed_after_the_question_counts(reader):
    """Enter in the field presses the first button, which is “Subscribe”."""
    page = sign_up(reader, "anna@gmial.com").content.decode()
    form = page[page.index('name="email"') :]

    assert form.index("Subscribe</button>") < form.index('name="use"')
