"""Signing up on other sites: a form without a script, and JSON for named origins."""

import json
import re

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from lxml import html

from newsletter.antispam import create_challenge
from newsletter.models import (
    ConsentRecord,
    Newsletter,
    Signup,
    Subscriber,
    Suppression,
    Wording,
)
from tests.factories import NewsletterFactory, SubscriberFactory
from tests.newsletter.mail_helpers import link_in

pytestmark = pytest.mark.django_db

ADA = "ada@example.org"
PARTNER = "https://partner.example"
API = "/newsletter/api/subscribe"


@pytest.fixture
def weekly():
    return Newsletter.objects.get()


# The form to copy


@pytest.fixture
def copied(newsletter_manager, weekly):
    """Return the form that the desk gives out for a newsletter."""

    def copied(newsletter=weekly):
        page = newsletter_manager.get(
            f"/admin/newsletter/newsletter/{newsletter.pk}/change/"
        )
        [area] = html.fromstring(page.content.decode()).xpath("//textarea[@readonly]")
        [form] = html.fragments_fromstring(area.text_content().strip())
        return form

    return copied


def fill_in(reader, form, email, **more):
    """Send it as a browser does, from wherever it stands."""
    path = form.get("action").removeprefix("http://127.0.0.1:8000")
    fields = {**dict(form.form_values()), "email": email, **more}
    return reader.post(path, fields, headers={"origin": PARTNER})


def press(reader, response):
    """Press the button of the page that the form leads to."""
    page = html.fromstring(response.content.decode())
    [form] = page.xpath("//main//form")
    fields = {}
    for name, value in form.form_values():
        fields.setdefault(name, []).append(value)
    return reader.post(form.get("action"), fields)


def test_the_form_needs_no_script_and_has_labels(copied, weekly):
    form = copied()

    assert form.get("action") == "http://127.0.0.1:8000/newsletter/subscribe/"
    assert not form.xpath(".//script | .//@style | .//@onclick")
    [field] = form.xpath(".//input[@type='email']")
    assert form.xpath(f".//label[@for='{field.get('id')}']")
    assert form.xpath(".//p[@hidden]//input[@name='website']")
    wording = Wording.objects.current()
    assert wording.promise in form.text_content()
    assert wording.analytics in form.text_content()
    assert not form.xpath(".//input[@checked]")
    assert form.xpath(".//a/@href") == ["http://127.0.0.1:8000/privacy/"]


def test_the_form_speaks_the_newsletters_language(copied):
    letter = NewsletterFactory(language="de")
    german = Wording.objects.create(
        language="de", promise="Wir senden nur, was Sie bestellen.", analytics="Ja?"
    )

    form = copied(letter)

    assert form.get("lang") == "de"
    assert german.promise in form.text_content()
    assert "E-Mail-Adresse" in form.text_content()
    assert form.xpath(".//input[@name='wording']/@value") == [str(german.pk)]


def test_one_press_and_the_link_in_the_mail_subscribe(
    copied, reader, weekly, mailoutbox
):
    response = fill_in(reader, copied(), ADA)
    assert response.status_code == 200
    assert ADA in response.content.decode()
    assert str(weekly) in response.content.decode()
    assert not response.cookies
    assert not Subscriber.objects.exists()

    assert "One more step" in press(reader, response).content.decode()
    assert not Subscriber.objects.mailable(weekly).exists()
    reader.post(link_in(mailoutbox[0], "confirm"))

    assert Subscriber.objects.mailable(weekly).get().email == ADA


@pytest.mark.parametrize("ticked", [True, False])
def test_the_tick_and_the_words_that_were_shown_come_along(copied, reader, ticked):
    form = copied()
    shown = Wording.objects.current()
    Wording.objects.create(promise="A newer one.", analytics="Newer?")

    press(reader, fill_in(reader, form, ADA, **({"analytics": "on"} if ticked else {})))

    signup = Signup.objects.get()
    assert signup.wording == shown
    assert signup.analytics is ticked


def test_what_is_wrong_is_said_on_the_sites_own_form(copied, reader):
    response = fill_in(reader, copied(), "no address")

    assert response.status_code == 422
    assert 'value="no address"' in response.content.decode()
    assert "Press" not in response.content.decode()


def test_a_robot_sees_no_difference_and_causes_nothing(copied, reader, mailoutbox):
    response = press(reader, fill_in(reader, copied(), ADA, website="http://spam"))

    assert response.status_code == 200
    assert not Signup.objects.exists()
    assert not mailoutbox


def test_where_a_proof_is_asked_the_press_brings_it(copied, reader, settings):
    settings.SIGNUP_PROOF_OF_WORK = True

    response = fill_in(reader, copied(), ADA)

    page = response.content.decode()
    assert 'data-challenge="/newsletter/challenge/"' in page
    assert "js/signup" in page
    assert press(reader, response).status_code == 422


def test_the_press_is_under_the_limits_of_the_form(copied, reader, settings):
    settings.SIGNUPS_AN_ADDRESS_A_DAY = 1
    form = copied()

    for _ in range(2):
        press(reader, fill_in(reader, form, ADA))

    assert [s.held for s in Signup.objects.order_by("pk")] == [False, True]


def test_looking_at_the_address_of_the_form_leads_to_the_sites_own(reader):
    assert reader.get("/newsletter/subscribe/").headers["Location"] == "/newsletter/"


def test_a_newsletter_that_has_ended_gives_out_no_form(newsletter_manager, weekly):
    Newsletter.objects.update(active=False)

    page = newsletter_manager.get(f"/admin/newsletter/newsletter/{weekly.pk}/change/")

    assert "<textarea" not in page.content.decode()


# The endpoint


@pytest.fixture
def partner(settings):
    settings.SIGNUP_ORIGINS = [PARTNER]


def ask(reader, email=ADA, newsletter="weekly", origin=PARTNER, **more):
    asked = {"email": email, "newsletter": newsletter, **more}
    return send(reader, json.dumps(asked), origin=origin)


def send(reader, body, origin=PARTNER, kind="application/json", **extra):
    headers = {"origin": origin} if origin else {}
    return reader.post(API, body, content_type=kind, headers=headers, **extra)


def test_what_is_asked_for_waits_for_the_link_in_the_mail(
    reader, partner, weekly, mailoutbox
):
    response = ask(reader, newsletter=weekly.slug)

    assert response.status_code == 202
    assert not response.cookies
    assert not Subscriber.objects.mailable(weekly).exists()
    reader.post(link_in(mailoutbox[0], "confirm"))
    ada = Subscriber.objects.mailable(weekly).get()
    assert ada.consent.filter(action=ConsentRecord.Action.CONFIRMED).exists()


@pytest.mark.parametrize("path", [API, f"{API}/"])
def test_it_answers_with_and_without_the_slash(reader, partner, weekly, path):
    asked = {"email": ADA, "newsletter": weekly.slug}
    response = reader.post(
        path, asked, content_type="application/json", headers={"origin": PARTNER}
    )

    assert response.status_code == 202


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (PARTNER, True),
        ("https://partner.example:8443", False),
        ("http://partner.example", False),
        ("https://www.partner.example", False),
        ("https://partner.example.evil.example", False),
        ("https://evil.example", False),
        ("null", False),
        ("*", False),
        ("", False),
    ],
)
@pytest.mark.parametrize("method", ["options", "post"])
def test_named_origins_alone_may_use_it(
    reader, partner, weekly, origin, allowed, method
):
    asked = json.dumps({"email": ADA, "newsletter": weekly.slug})
    headers = {"origin": origin} if origin else {}
    call = getattr(reader, method)
    response = call(API, asked, content_type="application/json", headers=headers)

    shown = response.headers.get("Access-Control-Allow-Origin")
    assert shown == (PARTNER if allowed else None)
    assert "Access-Control-Allow-Credentials" not in response.headers
    assert "Origin" in response.headers["Vary"]
    assert response.headers["Cache-Control"] == "no-store"
    good = 204 if method == "options" else 202
    assert response.status_code == (good if allowed else 403)
    assert Signup.objects.exists() is (allowed and method == "post")


def test_a_browser_that_asks_first_learns_what_it_may_send(reader, partner):
    response = reader.options(API, headers={"origin": PARTNER})

    assert response.headers["Access-Control-Allow-Methods"] == "GET, POST"
    assert response.headers["Access-Control-Allow-Headers"] == "Content-Type"
    assert "form-action 'self'" in response.headers["Content-Security-Policy"]


def test_no_origin_may_use_it_by_default(reader, weekly, settings):
    assert settings.SIGNUP_ORIGINS == []

    assert ask(reader, newsletter=weekly.slug).status_code == 403


def test_other_pages_know_no_other_origin(reader, partner):
    response = reader.get("/newsletter/", headers={"origin": PARTNER})

    assert "Access-Control-Allow-Origin" not in response.headers


def test_the_answer_does_not_tell_who_is_known(reader, partner, weekly, settings):
    settings.SIGNUPS_AN_ADDRESS_A_DAY = 1
    SubscriberFactory(email="known@example.org", newsletters=[weekly])
    SubscriberFactory(email="pending@example.org", pending=True)
    Suppression.objects.suppress(
        "gone@example.org", "gone@example.org", Suppression.Reason.COMPLAINED
    )

    answers = {
        (response.status_code, response.content.replace(name.encode(), b"\xe2\x80\xa6"))
        for name in ("new", "known", "pending", "gone", "new", "known")
        for response in [ask(reader, f"{name}@example.org", weekly.slug)]
    }

    assert len(answers) == 1
    robot = ask(reader, newsletter=weekly.slug, website="http://spam")
    assert {
        (robot.status_code, robot.content.replace(b"ada", b"\xe2\x80\xa6"))
    } == answers


def test_what_is_wrong_is_said_by_field_and_in_the_language(reader, partner, weekly):
    response = ask(reader, email="nobody", newsletter="none")
    assert response.status_code == 422
    assert set(response.json()["errors"]) == {"email", "newsletter"}

    response = ask(reader, newsletter=weekly.slug, language="tlh")
    assert set(response.json()["errors"]) == {"language"}
    assert not Signup.objects.exists()


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ("email=ada@example.org", "application/x-www-form-urlencoded", 415),
        ('{"email": "ada@example.org"}', "text/plain", 415),
        ("not json", "application/json", 400),
        ("[1]", "application/json", 400),
        ('{"email": ["a"]}', "application/json", 400),
        (b"\xff", "application/json", 400),
        ("[" * 4000, "application/json", 400),
        ('{"email": "' + "a" * 5000 + '"}', "application/json", 413),
        ("{}", "application/json", 422),
        ('{"email": "a\\u0000@example.org"}', "application/json", 422),
        ('{"newsletter": "a\\u0000"}', "application/json", 422),
    ],
)
def test_what_is_no_request_is_refused(reader, partner, body, kind, status):
    assert send(reader, body, kind=kind).status_code == status


def test_reading_it_is_refused(reader, partner):
    response = reader.get(API, headers={"origin": PARTNER})

    assert response.status_code == 405
    assert response.headers["Allow"] == "POST, OPTIONS"


def test_the_language_is_for_who_is_new(reader, partner, weekly):
    SubscriberFactory(email="known@example.org", language="en")

    ask(reader, newsletter=weekly.slug, language="de")
    ask(reader, "known@example.org", weekly.slug, language="de")

    languages = dict(Subscriber.objects.values_list("email", "language"))
    assert languages == {ADA: "de", "known@example.org": "en"}


def test_the_limits_are_those_of_the_page(reader, partner, weekly, settings):
    settings.SIGNUPS_A_NETWORK_AN_HOUR = 2
    ask(reader, "a@example.org", weekly.slug)
    Subscriber.objects.sign_up(
        "b@example.org", [weekly], network=Signup.objects.get().network
    )

    response = ask(reader, "c@example.org", weekly.slug)

    assert response.status_code == 429
    assert response.headers["Retry-After"] == "3600"
    assert response.headers["Access-Control-Expose-Headers"] == "Retry-After"
    assert response.headers["Access-Control-Allow-Origin"] == PARTNER
    assert Signup.objects.count() == 2


def test_what_everybody_causes_is_limited_too(reader, partner, weekly, settings):
    settings.SIGNUPS_AN_HOUR = 1
    ask(reader, "a@example.org", weekly.slug)

    assert ask(reader, "b@example.org", weekly.slug).status_code == 429


def test_a_proof_of_work_is_asked_for_where_it_is_on(reader, partner, weekly, settings):
    settings.SIGNUP_PROOF_OF_WORK = True

    assert set(ask(reader, newsletter=weekly.slug).json()["errors"]) == {"proof"}
    challenge = reader.get("/newsletter/api/challenge/", headers={"origin": PARTNER})
    assert challenge.json().keys() == create_challenge().to_dict().keys()
    assert challenge.headers["Access-Control-Allow-Origin"] == PARTNER


@pytest.mark.parametrize(
    ("origin", "good"),
    [
        ("https://partner.example", True),
        ("http://127.0.0.1:8001", True),
        ("https://partner.example/", False),
        ("https://partner.example/page", False),
        ("partner.example", False),
        ("https://*.example", False),
        ("*", False),
        ("https://Partner.example", False),
        ("https://user@partner.example", False),
    ],
)
def test_a_setting_that_names_no_origin_stops_the_start(settings, origin, good):
    settings.SIGNUP_ORIGINS = [origin]

    if good:
        call_command("check", "newsletter")
    else:
        with pytest.raises(SystemCheckError, match=re.escape(origin)):
            call_command("check", "newsletter")
