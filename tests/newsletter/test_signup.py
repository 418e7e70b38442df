"""The signup form asks properly, reveals nothing, and bombs nobody."""

import re
from datetime import timedelta

import altcha
import pytest
from django.utils import timezone
from django_tasks import default_task_backend

from ecfr_site.security import tokens
from newsletter.antispam import PRECISE, sign_stamp
from newsletter.models import (
    ConsentRecord,
    Newsletter,
    Signup,
    Subscriber,
    Suppression,
    Wording,
    digest_network,
)
from newsletter.tasks import enqueue_due_signups, send_confirmation
from tests.factories import ArticleFactory, NewsletterFactory, SubscriberFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def weekly():
    return Newsletter.objects.get()


def sign_up(reader, email, address="192.0.2.1", **fields):
    posted = {
        "email": email,
        "newsletters": [newsletter.pk for newsletter in Newsletter.objects.all()],
        "stamp": sign_stamp(),
        **fields,
    }
    return reader.post("/newsletter/", posted, REMOTE_ADDR=address)


def ago(**time):
    return timezone.now() - timedelta(**time)


# What it says


@pytest.mark.parametrize("page", ["/", "/article/a-piece/", "/newsletter/"])
def test_the_form_promises_beside_the_field_and_asks_nothing_else(reader, page):
    ArticleFactory(published=True, slug="a-piece")

    html = reader.get(page).content.decode()

    wording = Wording.objects.current()
    assert wording.promise in html
    assert '<a href="/privacy/">privacy notice</a>' in html
    assert wording.analytics not in html
    assert 'type="checkbox"' not in html
    assert html.count('action="/newsletter/"') == 1


def test_the_page_lets_choose_among_several_of_which_none_is_ticked(reader, weekly):
    NewsletterFactory(name="The daily")

    html = reader.get("/newsletter/").content.decode()

    boxes = re.findall(r'<input type="checkbox"\s+name="newsletters"[^>]*>', html)
    assert len(boxes) == 2
    assert not any("checked" in box for box in boxes)
    assert "The daily" in html


def test_the_page_shows_each_newsletter_with_its_latest_edition(reader):
    newsletter = NewsletterFactory(cadence="every Thursday")
    for subject, days in (("The older one", 9), ("The latest one", 2)):
        newsletter.editions.create(
            subject=subject, state="sent", started_at=ago(days=days), sent_count=1
        )
    newsletter.editions.create(subject="Not yet out")
    NewsletterFactory().editions.create(subject="The very first, unsent")

    html = reader.get("/newsletter/").content.decode()

    assert "every Thursday" in html
    assert "The latest one" in html
    assert "The older one" not in html
    assert "Not yet out" not in html
    assert "The very first" not in html
    assert newsletter.get_absolute_url() in html


def test_without_a_newsletter_there_is_no_form(reader):
    Newsletter.objects.update(active=False)

    assert "<form method" not in reader.get("/").content.decode()
    assert reader.get("/newsletter/").status_code == 200


def test_a_form_in_every_page_stays_the_same_for_minutes(reader):
    ArticleFactory(published=True, slug="a-piece")

    first = reader.get("/article/a-piece/")
    again = reader.get("/article/a-piece/", headers={"if-none-match": first["ETag"]})

    # Unless ten minutes were full just between the two.
    assert again.status_code == 304 or sign_stamp() not in first.content.decode()


# What it does


def test_an_address_is_stored_as_pending_without_a_cookie(reader, weekly):
    wording = Wording.objects.current()

    response = sign_up(reader, " Ada@Example.org ", analytics="on", wording=wording.pk)

    assert response.status_code == 200
    assert "We have sent an e-mail to Ada@Example.org." in response.content.decode()
    assert not response.cookies
    subscriber = Subscriber.objects.get()
    assert subscriber.email == "Ada@Example.org"
    assert subscriber.status == Subscriber.Status.PENDING
    assert not subscriber.is_tracked
    assert not subscriber.subscriptions.exists()
    signup = Signup.objects.get()
    assert list(signup.newsletters.all()) == [weekly]
    assert signup.analytics
    assert signup.wording == wording


def test_the_words_that_the_reader_saw_are_noted_even_if_changed_since(reader):
    seen = Wording.objects.current()
    Wording.objects.create(promise="Newer.", analytics="Newer?")

    sign_up(reader, "ada@example.org", wording=seen.pk)

    assert Signup.objects.get().wording == seen


def test_neither_the_address_nor_the_network_is_readable_in_a_signup(reader):
    sign_up(reader, "ada@example.org", address="192.0.2.1")

    [values] = Signup.objects.values("address", "network")
    assert "ada" not in str(values)
    assert "192" not in str(values)


@pytest.mark.parametrize(
    "known", ["new", "pending", "active", "suppressed", "erased", "one too many"]
)
def test_every_address_gets_the_same_answer(reader, known, settings, mailoutbox):
    fresh = sign_up(reader, "other@example.org")
    if known == "one too many":
        settings.SIGNUPS_AN_HOUR = 1
    elif known != "new":
        ada = SubscriberFactory(email="ada@example.org", pending=known == "pending")
        if known == "suppressed":
            ada.suppress("complained", method="complaint")
        elif known == "erased":
            ada.erase(method="preferences")

    response = sign_up(reader, "ADA@example.org")

    assert response.status_code == fresh.status_code == 200
    assert response.content.decode() == fresh.content.decode().replace(
        "other@example.org", "ADA@example.org"
    )
    mailed = [message for message in mailoutbox if "ADA" in message.to[0].upper()]
    assert len(mailed) == (0 if known in ("suppressed", "one too many") else 1)


def test_signing_up_again_changes_nothing_before_it_is_confirmed(reader):
    daily = NewsletterFactory()
    ada = SubscriberFactory(email="ada@example.org", newsletters=[daily])
    before = Subscriber.objects.values().get()

    sign_up(reader, "Ada@EXAMPLE.org", analytics="on")

    assert Subscriber.objects.values().get() == before
    assert [s.newsletter for s in ada.subscriptions.all()] == [daily]
    assert not ConsentRecord.objects.exists()


@pytest.mark.parametrize("wrong", ["", "ada", "ada@", "ada@example", "a b@example.org"])
def test_what_is_no_address_comes_back_with_a_clear_error(reader, wrong):
    response = sign_up(reader, wrong, analytics="on")

    assert response.status_code == 422
    assert not Subscriber.objects.exists()
    html = response.content.decode()
    assert 'aria-invalid="true"' in html
    assert f'value="{wrong}"' in html or not wrong
    assert re.search(r'name="analytics"\s+checked', html)


@pytest.mark.parametrize("chosen", [[], ["0"], ["x"]])
def test_at_least_one_newsletter_on_offer_is_chosen(reader, chosen):
    NewsletterFactory()

    response = sign_up(reader, "ada@example.org", newsletters=chosen)

    assert response.status_code == 422
    assert 'class="error"' in response.content.decode()
    assert not Signup.objects.exists()


def test_a_newsletter_that_has_ended_is_not_on_offer(reader):
    ended = NewsletterFactory(active=False)

    response = sign_up(reader, "ada@example.org", newsletters=[ended.pk])

    assert response.status_code == 422
    assert not Signup.objects.exists()


def test_what_was_ticked_stays_ticked_when_the_form_comes_back(reader, weekly):
    NewsletterFactory()

    html = sign_up(reader, "ada@", newsletters=[weekly.pk]).content.decode()

    boxes = re.findall(r'<input type="checkbox"\s+name="newsletters"[^>]*>', html)
    assert ["checked" in box for box in boxes].count(True) == 1


def test_an_internationalised_domain_is_one_address_in_both_spellings(reader):
    sign_up(reader, "zoe@bücher.example.org")
    sign_up(reader, "ZOE@xn--bcher-kva.example.org")

    assert Subscriber.objects.get().email == "zoe@bücher.example.org"
    assert Signup.objects.count() == 2


def test_a_disposable_address_is_warned_about_and_may_be_kept(reader):
    response = sign_up(reader, "ada@sub.mailinator.com")

    assert response.status_code == 422
    html = response.content.decode()
    assert "stop working soon" in html
    [sure] = re.findall(r'name="sure" value="([^"]+)"', html)
    assert not Subscriber.objects.exists()

    assert sign_up(reader, "ada@sub.mailinator.com", sure=sure).status_code == 200
    assert Subscriber.objects.get().is_disposable


def test_a_warning_about_one_address_is_not_a_yes_to_another(reader):
    response = sign_up(reader, "bo@yopmail.com", sure="ada@mailinator.com")

    assert response.status_code == 422


def test_reading_the_form_changes_nothing(reader):
    assert reader.get("/newsletter/?email=ada@example.org").status_code == 200
    assert not Subscriber.objects.exists()


# Robots


def test_a_robot_that_fills_the_hidden_field_is_not_stored(reader, mailoutbox):
    response = sign_up(reader, "ada@example.org", website="https://spam.example")

    assert response.status_code == 200
    assert not Subscriber.objects.exists()
    assert not mailoutbox


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "forged",
        sign_stamp(precise=True)[:-1],
        tokens.sign("confirm", PRECISE),
        tokens.sign("stamp", PRECISE, at=ago(hours=49)),
    ],
    ids=["none", "forged", "cut", "of another purpose", "old"],
)
def test_a_form_without_a_good_stamp_comes_back_filled_in(reader, wrong):
    response = sign_up(reader, "ada@example.org", stamp=wrong, analytics="on")

    assert response.status_code == 422
    assert not Subscriber.objects.exists()
    html = response.content.decode()
    assert "once more" in html
    assert 'value="ada@example.org"' in html
    assert re.search(r'name="analytics"\s+checked', html)


def test_a_form_sent_within_two_seconds_comes_back_and_then_goes(reader):
    page = reader.get("/newsletter/").content.decode()
    [given] = re.findall(r'name="stamp" value="([^"]+)"', page)

    assert sign_up(reader, "ada@example.org", stamp=given).status_code == 422

    earlier = tokens.sign("stamp", PRECISE, at=ago(seconds=4))
    assert sign_up(reader, "ada@example.org", stamp=earlier).status_code == 200


def test_an_answer_to_a_question_is_not_too_fast(reader):
    """The form keeps its stamp, which says when it was first given out."""
    earlier = tokens.sign("stamp", PRECISE, at=ago(seconds=4))
    page = sign_up(reader, "ada@gmial.com", stamp=earlier).content.decode()
    [given] = re.findall(r'name="stamp" value="([^"]+)"', page)

    response = sign_up(reader, "ada@gmial.com", stamp=given, sure="ada@gmial.com")

    assert response.status_code == 200


def test_a_form_from_a_page_that_was_open_for_a_day_is_taken(reader):
    yesterday = tokens.sign("stamp", 0, at=ago(hours=30))

    assert sign_up(reader, "ada@example.org", stamp=yesterday).status_code == 200


def solve(reader):
    challenge = altcha.Challenge.from_dict(reader.get("/newsletter/challenge/").json())
    return altcha.Payload(challenge, altcha.solve_challenge(challenge)).to_base64()


def test_where_work_is_asked_for_it_is_done_for_each_signup(reader, settings):
    settings.SIGNUP_PROOF_OF_WORK = True
    page = reader.get("/newsletter/").content.decode()
    assert 'data-challenge="/newsletter/challenge/"' in page
    assert re.search(r'<script src="[^"]+/signup.js" defer></script>', page)

    assert sign_up(reader, "ada@example.org").status_code == 422
    proof = solve(reader)
    assert sign_up(reader, "ada@example.org", proof=proof).status_code == 200
    assert sign_up(reader, "bo@example.org", proof=proof).status_code == 422
    assert sign_up(reader, "bo@example.org", proof=solve(reader)).status_code == 200


def test_without_the_cache_work_that_was_done_is_enough(reader, settings):
    settings.SIGNUP_PROOF_OF_WORK = True
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }

    proof = solve(reader)
    assert sign_up(reader, "ada@example.org", proof=proof).status_code == 200


def test_another_mistake_does_not_use_the_work_up(reader, settings):
    settings.SIGNUP_PROOF_OF_WORK = True
    proof = solve(reader)

    assert sign_up(reader, "ada@", proof=proof).status_code == 422
    assert sign_up(reader, "ada@example.org", proof=proof).status_code == 200


@pytest.mark.parametrize("spoil", ["easier", "self-made", "expired", "rubbish"])
def test_work_that_was_not_done_does_not_count(reader, settings, spoil):
    settings.SIGNUP_PROOF_OF_WORK = True
    challenge = altcha.Challenge.from_dict(reader.get("/newsletter/challenge/").json())
    if spoil == "easier":
        challenge.parameters.key_prefix = "00"
    elif spoil == "self-made":
        challenge = altcha.create_challenge(
            "SHA-256", 1, counter=1, hmac_secret="a guess"
        )
    elif spoil == "expired":
        challenge.parameters.expires_at -= 3600
    proof = "rubbish"
    if spoil != "rubbish":
        solution = altcha.solve_challenge(challenge)
        proof = altcha.Payload(challenge, solution).to_base64()

    assert sign_up(reader, "ada@example.org", proof=proof).status_code == 422
    assert not Signup.objects.exists()


def test_a_challenge_is_only_read(reader, settings):
    settings.SIGNUP_PROOF_OF_WORK = True

    assert reader.post("/newsletter/challenge/").status_code == 405


def test_without_the_setting_there_is_no_challenge(reader):
    assert reader.get("/newsletter/challenge/").status_code == 404


# Limits


def test_one_address_gets_a_few_mails_a_day_from_wherever(reader, settings, mailoutbox):
    settings.SIGNUPS_AN_ADDRESS_A_DAY = 2
    for n in range(4):
        sign_up(reader, "ada@example.org", address=f"198.51.{n}.1")

    assert len(mailoutbox) == 2
    assert Signup.objects.filter(held=True).count() == 2

    Signup.objects.update(created=ago(hours=25))
    sign_up(reader, "ada@example.org")
    assert len(mailoutbox) == 3


def test_one_network_causes_a_few_mails_an_hour(reader, settings, mailoutbox):
    settings.SIGNUPS_A_NETWORK_AN_HOUR = 2
    for n in range(4):
        sign_up(reader, f"reader{n}@example.org", address=f"198.51.100.{n}")
    assert len(mailoutbox) == 2

    sign_up(reader, "elsewhere@example.org", address="203.0.113.1")
    assert len(mailoutbox) == 3

    Signup.objects.update(created=ago(minutes=61))
    sign_up(reader, "later@example.org", address="198.51.100.1")
    assert len(mailoutbox) == 4


def test_all_together_cause_so_many_mails_an_hour(reader, settings, mailoutbox):
    settings.SIGNUPS_AN_HOUR = 2
    for n in range(4):
        sign_up(reader, f"reader{n}@example.org", address=f"198.51.{n}.1")

    assert len(mailoutbox) == 2


def test_a_network_is_what_one_household_or_office_has():
    assert digest_network("192.0.2.1") == digest_network("192.0.2.254")
    assert digest_network("192.0.2.1") == digest_network("::ffff:192.0.2.9")
    assert digest_network("192.0.2.1") != digest_network("192.0.3.1")
    assert digest_network("2001:db8:1:2::1") == digest_network("2001:db8:1:2:ff::")
    assert digest_network("2001:db8:1:2::1") != digest_network("2001:db8:1:3::1")
    assert digest_network("") == digest_network("unknown") == ""


def test_behind_a_proxy_only_its_own_word_counts(reader, settings):
    forwarded = {"x-forwarded-for": "203.0.113.5, 198.51.100.7"}
    posted = {
        "email": "ada@example.org",
        "newsletters": Newsletter.objects.get().pk,
        "stamp": sign_stamp(),
    }

    reader.post("/newsletter/", posted, headers=forwarded)
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    reader.post("/newsletter/", posted, headers=forwarded)

    assert list(Signup.objects.values_list("network", flat=True).order_by("pk")) == [
        digest_network("127.0.0.1"),
        digest_network("198.51.100.7"),
    ]


# The mail goes by a task


def test_a_lost_or_doubled_task_is_harmless(reader, settings, mailoutbox):
    settings.TASKS = {
        "default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}
    }
    sign_up(reader, "ada@example.org")
    assert not mailoutbox
    assert default_task_backend.results
    settings.TASKS = {
        "default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}
    }
    assert enqueue_due_signups() == 0, "it may be on its way still"
    Signup.objects.update(created=ago(minutes=2))

    assert enqueue_due_signups() == 1
    assert enqueue_due_signups() == 0
    send_confirmation.enqueue(Signup.objects.get().pk)

    assert len(mailoutbox) == 1


def test_a_mail_that_could_not_go_is_tried_again_for_a_day(settings, mailoutbox):
    signup = Subscriber.objects.sign_up("ada@example.org")
    working, settings.MAIL_BACKEND = settings.MAIL_BACKEND, "no.such.Backend"
    with pytest.raises(ImportError):
        send_confirmation.func(signup.pk)
    settings.MAIL_BACKEND = working
    Signup.objects.update(created=ago(hours=2))

    enqueue_due_signups()
    assert len(mailoutbox) == 1

    Signup.objects.update(mailed_at=None, created=ago(hours=25))
    assert enqueue_due_signups() == 0


def test_a_mail_that_is_held_is_held_for_the_clock_too(settings, weekly, mailoutbox):
    settings.SIGNUPS_AN_ADDRESS_A_DAY = 0
    signup = Subscriber.objects.sign_up("ada@example.org", [weekly])
    Signup.objects.update(created=ago(minutes=2))

    assert signup.held
    assert enqueue_due_signups() == 0
    send_confirmation.enqueue(signup.pk)

    assert not mailoutbox


def test_old_signups_go_with_addresses_that_were_never_confirmed(weekly):
    Subscriber.objects.sign_up("lapsed@example.org", [weekly])
    Subscriber.objects.sign_up("confirmed@example.org", [weekly]).confirm()
    again = Subscriber.objects.sign_up("again@example.org", [weekly])
    Signup.objects.update(created=ago(days=31))
    Subscriber.objects.sign_up("again@example.org", [weekly])

    enqueue_due_signups()

    left = set(Subscriber.objects.values_list("email", flat=True))
    assert left == {"confirmed@example.org", "again@example.org"}
    assert Signup.objects.get().subscriber == again.subscriber


def test_an_address_on_the_suppression_list_alone_is_never_mailed(reader, mailoutbox):
    Suppression.objects.suppress("ada@example.org", "ada@example.org", "manual")

    sign_up(reader, "Ada@example.org")

    assert Signup.objects.get().held
    assert not mailoutbox
