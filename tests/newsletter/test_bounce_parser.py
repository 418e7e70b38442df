"""Messages in the mailbox of bounces are understood, whoever wrote them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecfr_site.security import tokens
from newsletter.bounces import handler, parser
from newsletter.models import Event, Subscriber
from tests.factories import DeliveryFactory, SubscriberFactory
from tests.newsletter import bounce_samples

pytestmark = pytest.mark.django_db
FULL = "452 4.2.2 <ada@mail.example>: mailbox is full"


@pytest.fixture
def delivery(settings):
    settings.BOUNCE_ADDRESS = "bounces@example.org"
    return DeliveryFactory(subscriber__email="ada@mail.example")


def come_back(delivery, write, to=None, **details):
    """Return whether it was understood."""
    to = to or handler.build_return_path(delivery)
    text = write(to, bounce_samples.headers(delivery), **details)
    return parser.process_message(text.encode())


def bounce():
    return Event.objects.get(kind=Event.Kind.BOUNCE)


@pytest.mark.parametrize(
    "write",
    [
        bounce_samples.dsn,
        bounce_samples.international,
        bounce_samples.exim,
        bounce_samples.qmail,
        bounce_samples.exchange,
        bounce_samples.gmail,
    ],
    ids=lambda write: write.__name__,
)
class TestAnUnknownAddress:
    def test_is_a_hard_bounce_with_the_servers_words(self, delivery, write):
        assert come_back(delivery, write)

        assert bounce().delivery == delivery
        assert bounce().hard
        assert "5.1.1" in bounce().detail

    def test_is_told_by_the_returned_headers_where_the_address_was_lost(
        self, delivery, write
    ):
        assert come_back(delivery, write, to="bounces@example.org")

        assert bounce().delivery == delivery

    def test_counts_once_when_it_is_read_twice(self, delivery, write):
        come_back(delivery, write)
        come_back(delivery, write)

        assert bounce()
        delivery.subscriber.refresh_from_db()
        assert delivery.subscriber.bounce_score == 1

    def test_cannot_be_told_by_somebody_without_our_token(self, delivery, write):
        text = write("bounces@example.org", "Subject: Invented\n")

        assert not parser.process_message(text.encode())
        assert not Event.objects.exists()
        assert Subscriber.objects.get().bounce_score == 0


@pytest.mark.parametrize("where", ["Delivered-To", "X-Original-To", "Envelope-To"])
def test_the_token_is_found_where_a_server_notes_the_envelope(delivery, where):
    to = handler.build_return_path(delivery)
    text = bounce_samples.homemade(
        "bounces@example.org", "", answer="550 5.1.1 Unknown."
    )

    assert parser.process_message(f"{where}: {to}\n{text}".encode())

    assert bounce().delivery == delivery


@pytest.mark.parametrize(
    "details",
    [
        {"status": "4.2.2", "answer": FULL},
        {"status": "4.4.7", "answer": "delivery time expired"},
        {"status": "5.0.0", "answer": "550 5.7.1 This looks like spam"},
        {"status": "5.2.2", "answer": "552 5.2.2 Over quota"},
    ],
    ids=["full", "expired", "spam", "quota"],
)
def test_what_may_pass_is_a_soft_bounce(delivery, details):
    assert come_back(delivery, bounce_samples.dsn, **details)

    assert not bounce().hard


@pytest.mark.parametrize(
    "write",
    [bounce_samples.dragonfly, bounce_samples.mailru, bounce_samples.sendmail],
    ids=lambda write: write.__name__,
)
def test_forms_of_their_own_are_recorded_wherever_the_token_is(delivery, write):
    for to in (None, "bounces@example.org"):
        assert come_back(delivery, write, to=to, answer="550 5.1.1 User unknown")

    assert (bounce().fault, bounce().reason) == ("address", "no such address")


def test_a_message_that_expired_is_over_and_costs_nothing(delivery):
    details = {"action": "expired", "status": "", "answer": "Connection timed out"}

    assert come_back(delivery, bounce_samples.dsn, **details)

    assert (bounce().fault, bounce().hard) == ("domain", False)
    delivery.subscriber.refresh_from_db()
    assert delivery.subscriber.bounce_score == 0


def test_a_notice_in_html_is_read_without_its_markup(delivery):
    answer = (
        "<style>.blocked { content: 'spam' }</style>\n"
        "<p class='mailbox full'>The user <b>ada</b> doesn&#39;t exist.</p>"
    )
    text = bounce_samples.homemade(
        handler.build_return_path(delivery), "", answer=answer
    ).replace("Subject", "Content-Type: text/html\nSubject")

    assert parser.process_message(text.encode())

    assert bounce().detail == "The user ada doesn't exist."


def test_a_notice_is_read_in_its_own_character_set(delivery):
    text = bounce_samples.homemade(
        handler.build_return_path(delivery), "", answer="Empfänger ungültig"
    ).replace("Subject", 'Content-Type: text/plain; charset="iso-8859-1"\nSubject')

    assert parser.process_message(text.encode("iso-8859-1"))

    assert bounce().hard


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        # One answer goes on over several lines, and two are two.
        (
            "550-Verification failed\n550-No such person\n550 Sender verify failed",
            "server",
        ),
        ("550 User unknown\n421 Connection timed out", "address"),
        ("550\n5.1.1\nUser unknown", "address"),
    ],
)
def test_an_answer_is_read_to_its_end_and_no_further(delivery, answer, fault):
    come_back(delivery, bounce_samples.homemade, answer=answer)

    assert bounce().fault == fault


@pytest.mark.parametrize(
    "write", [bounce_samples.exchange, bounce_samples.exim, bounce_samples.qmail]
)
def test_the_subject_of_our_message_makes_no_delay_or_report_of_it(delivery, write):
    subject = "Undeliverable: A warning, delays, and a quarantine: spam report"
    text = write(handler.build_return_path(delivery), bounce_samples.headers(delivery))
    text = re.sub("(?m)^Subject: .*", f"Subject: {subject}", text, count=1)

    assert parser.process_message(text.encode())

    assert bounce().hard


def test_the_subject_of_our_message_is_no_reason(delivery):
    answer = "Subject: The virus of spam\n\nUser unknown"

    come_back(delivery, bounce_samples.homemade, answer=answer)

    assert bounce().fault == "address"


def test_one_of_several_recipients_is_enough(delivery):
    another = (
        "\nFinal-Recipient: rfc822; copy@mail.example\nAction: failed\nStatus: 5.1.1\n"
    )

    assert come_back(delivery, bounce_samples.dsn, action="relayed", extra=another)

    assert bounce().hard


@pytest.mark.parametrize(
    ("answer", "hard"),
    [
        ("The account was closed.", True),
        ("Something went wrong.", False),
        ("Error 550 5.1.1: no such person here", True),
        ("421 4.3.0 Something is broken", False),
    ],
)
def test_a_servers_own_words_are_a_bounce_and_hard_if_they_say_so(
    delivery, answer, hard
):
    assert come_back(delivery, bounce_samples.homemade, answer=answer)

    assert bounce().hard == hard
    assert bounce().detail


@pytest.mark.parametrize(
    ("write", "details"),
    [
        (bounce_samples.dsn, {"action": "delayed", "status": "4.4.1"}),
        (
            bounce_samples.dsn,
            {"action": "delivered", "status": "2.0.0", "answer": "250 ok"},
        ),
        (bounce_samples.delay_by_post, {}),
        (bounce_samples.holiday, {}),
        (bounce_samples.holiday, {"more": "Precedence: auto_reply\n"}),
        (bounce_samples.holiday, {"more": "X-Autoreply: yes\n"}),
        (bounce_samples.arf, {"kind": "not-spam"}),
        (bounce_samples.arf, {"kind": "auth-failure"}),
    ],
)
def test_delays_holidays_and_good_news_are_filed_and_count_for_nothing(
    delivery, write, details
):
    assert come_back(delivery, write, **details)

    assert not Event.objects.exists()
    delivery.subscriber.refresh_from_db()
    assert delivery.subscriber.bounce_score == 0


@pytest.mark.parametrize(
    "subject",
    [
        "Out of office: The week in Europe",
        "Automatic reply: The week in Europe",
        "=?utf-8?q?Automatische_Antwort=3A_Die_Woche?=",
        "=?utf-8?q?R=C3=A9ponse_automatique_=3A_La_semaine?=",
    ],
)
def test_holidays_are_told_by_their_subject_too(delivery, subject):
    text = bounce_samples.holiday(
        handler.build_return_path(delivery), "", more=""
    ).replace("Re: The week in Europe", subject)

    assert parser.process_message(text.encode())

    assert not Event.objects.exists()


@pytest.mark.parametrize(
    "about", ["The week in Europe", "Absence of a policy", "Life in quarantine"]
)
def test_a_persons_letter_is_left_for_a_person(delivery, about):
    to = handler.build_return_path(delivery)
    text = bounce_samples.letter(to, "").replace("The week in Europe", about)

    assert not parser.process_message(text.encode())

    assert not Event.objects.exists()


def test_a_bounce_of_an_erased_delivery_is_left(delivery):
    text = bounce_samples.dsn(
        handler.build_return_path(delivery), bounce_samples.headers(delivery)
    )
    delivery.delete()

    assert not parser.process_message(text.encode())


def test_another_persons_token_hurts_only_its_holder(delivery):
    other = SubscriberFactory(email="bob@mail.example")
    text = bounce_samples.dsn(handler.build_return_path(delivery), "").replace(
        "ada@", "bob@"
    )

    parser.process_message(text.encode())

    other.refresh_from_db()
    assert other.bounce_score == 0
    assert bounce().delivery == delivery


@given(st.binary(max_size=600))
def test_noise_is_read_without_an_error(noise):
    assert parser.process_message(noise) in (True, False)
    assert not Event.objects.exists()


@given(st.data())
def test_broken_notices_are_read_without_an_error(data):
    token = tokens.sign("bounce", 4)
    text = bounce_samples.dsn(f"bounces+{token}@example.org", "")
    text = data.draw(st.sampled_from([text, bounce_samples.arf("b@example.org", "")]))
    start = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 200))
    noise = data.draw(st.binary(max_size=30))
    broken = text.encode()[:start] + noise + text.encode()[start + length :]

    assert not Event.objects.exists()
    assert parser.process_message(broken) in (True, False)
