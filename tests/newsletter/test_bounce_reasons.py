"""A mailbox is given up when words or codes say so, and not when we are refused."""

import pytest

from newsletter.bounces import reasons
from newsletter.sending.transport import Refused
from tests.factories import DeliveryFactory
from tests.newsletter import bounce_samples
from tests.newsletter.test_bounce_parser import come_back

ADDRESS_IS_BAD = [
    "550 5.1.1 <a@spam.example>: Recipient address rejected: User unknown in relay recipient table",  # noqa: E501
    "550-5.1.1 The email account that you tried to reach does not exist. Please try 550-5.1.1 double-checking the recipient's email address for typos or 550-5.1.1 unnecessary spaces. 550 5.1.1 https://support.google.com/mail/?p=NoSuchUser",  # noqa: E501
    "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",  # noqa: E501
    "554 delivery error: dd This user doesn't have a yahoo.com account (x@yahoo.com) [0] - mta1.mail.yahoo.com",  # noqa: E501
    "554 30 Sorry, your message to x@y.com cannot be delivered. This mailbox is disabled (554.30).",  # noqa: E501
    "550 No such user here",
    "550 User unknown",
    "553 5.3.0 <x@y.z>... No such user",
    "550 unknown user",
    "550 Unrouteable address",
    "550 Invalid recipient",
    "551 not our customer",
    "550 5.1.2 Bad destination system",
    "550 5.1.3 bad syntax",
    "550 Mailbox not found",
    "550 5.4.4 Host or domain name not found. Name service error for name=x type=MX: Host not found",  # noqa: E501
    "550 Empfänger unbekannt",
    "550 Benutzer existiert nicht",
    "550 5.5.0 Adresse d au moins un destinataire invalide. Invalid recipient. OFR204_416 [416]",  # noqa: E501
    "550 El usuario no existe",
    "550 Casella inesistente",
    "550 L'indirizzo non esiste",
    "550 Gebruiker onbekend",
    "550 Użytkownik nie istnieje",
    "550 Такого пользователя нет, пользователь не найден",
    "550 5.1.1 <x@y>: Recipient address rejected: User unknown in virtual mailbox table",  # noqa: E501
    "550 host d1.ess.barracudanetworks.com said: 5.1.1 No such user",
    "550 Account has been disabled",
    "550 This account is inactive",
    "550 no mailbox here by that name",
    "550 #5.1.0 Address rejected. User unknown",
    "550 5.0.0 User not listed in Domino Directory",
    "550 5.1.6 recipient no longer on server",
    "550 5.2.1 mailbox disabled",
    "550 5.4.1 [x@y.com]: Recipient address rejected: Access denied. AS(201806281)",
    "550 <x@y.com> Addressee unknown",
    "550 Address does not exist",
    "550 5.1.1 unknown or illegal alias",
]
ADDRESS_MAY_BE_GOOD = [
    "550 Service unavailable; client host [192.0.2.1] blocked using zen",
    "550 Message rejected as spam by content filter",
    "550 Mail rejected. IP blocked OFR_506 [506]",
    "550 5.2.0 Mail rejete. Mail rejected. OFR_506 [506]",
    "550 mwinf5c05 ME Adresse IP source bloquee pour incident de spam",
    "550 DMARC check failed",
    "550 5.1.0 Sender is not allowed to send mail because of SPF",
    "550 5.1.0 sender rejected",
    "553 spamhaus.org/query/bl",
    "550 Virus Detected",
    "550-5.2.1 The user you are trying to contact is receiving mail at a rate that 550-5.2.1 prevents additional messages",  # noqa: E501
    "550 5.4.316 Message expired, connection refused",
    "550 Mailbox quota exceeded",
    "550 mailbox is full",
    "550 5.7.1 Access denied",
    "550 Relaying denied",
    "550 relay not permitted",
    "550 Sender verify failed",
    "550 Sender address rejected: Domain not found",
    "550 Helo command rejected: Host not found",
    "450 4.1.1 User unknown",
    "550 Your host is not allowed",
    "550 Too many connections from your host",
    "550 Greylisted, try again later",
    "550 5.0.0 Postfach voll",
    "550 Boîte pleine",
    "550 Buzón lleno",
    "550 Casella piena",
    "550 Wegen Richtlinie abgelehnt",
    "550 We're sorry, but you may not post to the group",
    "550 5.3.4 Message too big",
    "554 5.7.0 Reject, id=1 - policy",
    "550 administrative prohibition",
    "550",
    "554 Transaction failed",
    "550 authentication required",
    "550 5.1.1 blocked by RBL",
    "550 the mail server IP is listed in a blacklist",
    "550 unsolicited mail from your network",
    "550 Почтовый ящик переполнен",
    "550 Unauthenticated email is not accepted",
    "550 Rejected by header based Anti-Spoofing policy: user unknown",
]
BLOCKED = "550 Service unavailable; client host [192.0.2.1] blocked using zen"


@pytest.mark.parametrize("answer", ADDRESS_IS_BAD)
def test_an_address_that_is_called_bad_is_hard(answer):
    assert reasons.is_hard(answer)


@pytest.mark.parametrize("answer", ADDRESS_MAY_BE_GOOD)
def test_a_refusal_of_ours_and_what_may_pass_is_soft(answer):
    assert not reasons.is_hard(answer)


@pytest.mark.parametrize(
    "host", ["mx.spamfilter.example.org", "host d1.ess.barracudanetworks.com"]
)
def test_the_name_of_a_host_is_no_reason(host):
    assert reasons.is_hard(f"{host} said: 550 5.1.1 User unknown")


def test_an_address_is_no_reason():
    assert reasons.is_hard("550 5.1.1 <spam@example.org>: User unknown")
    assert not reasons.is_hard("550 <no.such.user@example.org>: refused")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "answer", "hard"),
    [
        ("5.0.0", BLOCKED, False),
        ("5.1.1", BLOCKED, False),
        ("5.0.0", "550 Message rejected as spam by content filter", False),
        ("5.0.0", "550 User unknown", True),
        ("5.1.1", "550 Sorry", True),
        ("5.0.0", "550 Sorry", False),
    ],
)
def test_a_notice_is_read_by_its_words_before_its_code(settings, status, answer, hard):
    settings.BOUNCE_ADDRESS = "bounces@example.org"
    delivery = DeliveryFactory()

    come_back(delivery, bounce_samples.dsn, status=status, answer=answer)

    assert delivery.events.get().hard is hard


@pytest.mark.parametrize(
    ("answer", "counts"),
    [
        (BLOCKED[4:], False),
        ("5.7.1 Not welcome here", False),
        ("DMARC check failed", False),
        ("Mailbox full", True),
        ("5.1.1 No such user", True),
    ],
)
def test_who_refuses_us_at_the_door_says_nothing_of_the_address(answer, counts):
    assert Refused("RCPT", 550, answer).is_bounce is counts


def test_a_long_answer_is_read_in_no_time():
    assert not reasons.is_hard("550 " + "user " * 100_000)
