"""Mail goes to the address that was given, and two people are two."""

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage

from ecfr_site.accounts import emails
from ecfr_site.mail.addresses import (
    ascii_address,
    ascii_mailbox,
    check_reachable,
    normalise,
)
from newsletter.bounces import handler
from newsletter.bounces.answers import Stage, judge
from newsletter.composing import messages
from newsletter.models import Newsletter, Signup, Subscriber
from tests.factories import DeliveryFactory, SubscriberFactory, UserFactory
from tests.newsletter.test_import import refusal, take
from tests.newsletter.test_preferences import path_of
from tests.newsletter.test_signup import sign_up

pytestmark = pytest.mark.django_db
UNKNOWN = judge(Stage.REPORT, "550 5.1.1 User unknown")
FULL = judge(Stage.REPORT, "452 4.2.2 Mailbox full")


@pytest.fixture
def weekly():
    return Newsletter.objects.get()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("weiss@straße.de", "weiss@strasse.de"),
        ("a@νίκος.gr", "a@νίκοσ.gr"),
        ("groß@example.org", "gross@example.org"),
        ("ας@example.org", "ασ@example.org"),
        ("İa@example.org", "ia@example.org"),
        ("ıa@example.org", "ia@example.org"),
        ("ﬁ@example.org", "fi@example.org"),
    ],
)
def test_different_addresses_stay_different(one, other):
    assert normalise(one) != normalise(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Anna@Example.ORG", "anna@example.org"),
        ("anna@ｅｘａｍｐｌｅ.org", "anna@example.org"),
        ("a@xn--strae-oqa.de", "A@STRAßE.de"),
        ("a@bücher.example.org", "a@bu\u0308cher.example.org"),
    ],
)
def test_spellings_of_one_address_are_one(one, other):
    assert normalise(one) == normalise(other)


def test_two_who_differ_by_a_letter_both_get_their_own_mail(reader, mailoutbox):
    sign_up(reader, "weiss@straße.de")
    sign_up(reader, "weiss@strasse.de")

    assert Subscriber.objects.count() == 2
    assert [message.to for message in mailoutbox] == [
        ["weiss@xn--strae-oqa.de"],
        ["weiss@strasse.de"],
    ]
    for message in mailoutbox:
        assert message.message()["To"] == message.to[0]


def test_an_edition_goes_to_the_domain_that_was_given():
    delivery = DeliveryFactory(subscriber__email="weiss@straße.example.org")
    recipient = messages.Recipient.from_delivery(delivery)

    message = messages.compose(delivery.edition, recipient, [])

    ours = "weiss@xn--strae-oqa.example.org"
    assert message.to == [ours]
    assert ascii_address(delivery.subscriber.email) == ours
    assert message.message()["To"] == ours


def test_a_sender_has_the_domain_that_was_given(settings):
    delivery = DeliveryFactory(
        edition__newsletter__sender_email="news@straße.example.org",
        edition__newsletter__reply_to="desk@straße.example.org",
    )

    message = messages.compose(
        delivery.edition, messages.Recipient.from_delivery(delivery), []
    ).message()

    assert "<news@xn--strae-oqa.example.org>" in message["From"]
    assert message["Reply-To"] == "desk@xn--strae-oqa.example.org"

    settings.BOUNCE_ADDRESS = "bounces@straße.example.org"
    assert handler.build_return_path(delivery).endswith("@xn--strae-oqa.example.org")


@pytest.mark.parametrize("field", ["sender_email", "reply_to"])
def test_a_sender_at_a_domain_that_cannot_be_is_refused(weekly, field):
    setattr(weekly, field, "news@☃.example.org")

    with pytest.raises(ValidationError, match="not allowed"):
        weekly.full_clean()


def test_mails_of_accounts_go_there_too():
    user = UserFactory(email="karin@straße.example.org", publisher=True)

    emails.build_password_reset(user).send()

    assert mail.outbox[0].to == ["karin@xn--strae-oqa.example.org"]


def test_every_address_of_a_message_is_named_in_ascii():
    street = "Karin Groß <karin@straße.example.org>"

    EmailMessage("", "", street, [street], [street], cc=[street]).send()

    [message] = mail.outbox
    for named in (message.from_email, *message.to, *message.bcc, *message.cc):
        assert "karin@xn--strae-oqa.example.org" in named
    assert ascii_mailbox("Karin Groß <karin@example.org>") == (
        "Karin Groß <karin@example.org>"
    )


def test_what_comes_back_is_the_persons_it_was_mailed_to(weekly):
    given = SubscriberFactory(email="weiss@straße.example.org")
    other = SubscriberFactory(email="weiss@strasse.example.org")

    handler.record_address_bounce("weiss@xn--strae-oqa.example.org", UNKNOWN, "550")

    given.refresh_from_db()
    other.refresh_from_db()
    assert (given.bounce_score, other.bounce_score) == (1, 0)


def test_a_suppression_is_one_persons_alone(weekly):
    Subscriber.objects.suppress_address("weiss@strasse.example.org", method="desk")

    result = take(
        {"email": "weiss@straße.example.org"}, {"email": "weiss@strasse.example.org"}
    )

    assert Subscriber.objects.get().email == "weiss@straße.example.org"
    assert "suppressed" in refusal(result)


# Addresses that no mail can reach

TRANSLATED = ("cannot be used before the @", "part before the @ is too long")
UNREACHABLE = [
    ("jörg@example.org", "cannot be used before the @"),
    ("иван@пример.рф", "cannot be used before the @"),
    ("groß@example.org", "cannot be used before the @"),
    (f"{'a' * 65}@example.org", "part before the @ is too long"),
    ("ada@localhost", "should have a period"),
    ("ada@example.org.", "cannot end with a period"),
    ('"ada b"@example.org', "Quoting"),
    ("ada@[192.0.2.1]", "IP address"),
    ("ada(comment)@example.org", "invalid characters"),
    ("ada\u200b@example.org", "unsafe characters"),
]


def said_to_readers(said):
    """The library's words are English: readers of any language get one sentence."""
    return said if said in TRANSLATED else "in the correct format"


@pytest.mark.parametrize(("address", "said"), UNREACHABLE)
def test_the_form_says_that_an_address_cannot_be_reached(reader, address, said):
    response = sign_up(reader, address)

    assert response.status_code == 422
    assert said_to_readers(said) in response.content.decode()
    assert not Signup.objects.exists()


@pytest.mark.parametrize(("address", "said"), UNREACHABLE)
def test_so_do_the_import_and_the_preferences(reader, weekly, address, said):
    assert said in refusal(take({"email": address}))

    ada = SubscriberFactory()
    response = reader.post(path_of(ada), {"act": "address", "new_email": address})
    assert response.status_code == 422
    assert said_to_readers(said) in response.content.decode()
    with pytest.raises(ValidationError, match=said):
        Subscriber.objects.sign_up(address)


def test_who_has_such_an_address_already_is_known_by_it_still():
    jo = SubscriberFactory(email="Jörg@example.org")

    handler.record_address_bounce("jörg@example.org", FULL, "452")

    jo.refresh_from_db()
    assert jo.bounce_score == 0.5
    with pytest.raises(ValidationError):
        check_reachable(jo.email)


def test_a_domain_in_ascii_is_shown_to_its_owner_in_letters(reader):
    subscriber = SubscriberFactory(email="anna@xn--strae-oqa.de")

    page = reader.get(subscriber.preferences_path).content.decode()

    assert "anna@straße.de" in page
