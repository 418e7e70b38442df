"""Each answer of a mail server has one row, which says whose fault it is."""

import pytest

from newsletter.bounces.answers import (
    BEFORE_ADDRESS,
    ROWS,
    Fault,
    Stage,
    find_row,
    judge,
)
from newsletter.sending.transport import Refused

CONVERSATION = (*BEFORE_ADDRESS, Stage.RCPT, Stage.MESSAGE)
ANSWERS = [answer for row in ROWS for answer in row.examples]


def find(row, example):
    """The row that is found for an example of a row, at a stage where it counts."""
    if Stage.SERVICE in row.stages:
        return find_row(Stage.SERVICE, "", example)[0]
    return find_row(row.stages[0] if row.stages else Stage.RCPT, example)[0]


@pytest.mark.parametrize(
    ("row", "example"),
    [(row, example) for row in ROWS for example in row.examples],
    ids=ANSWERS,
)
def test_every_row_is_reached_by_its_examples(row, example):
    assert find(row, example) is row


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.fault}: {row.reason}")
def test_every_row_has_an_example_and_words_have_sources(row):
    assert row.examples
    assert bool(row.words) == bool(row.sources)


# What it costs


def test_only_the_address_and_its_mailbox_cost_anything():
    for answer in ANSWERS:
        verdict = judge(Stage.REPORT, answer)
        costs = {Fault.ADDRESS: 1, Fault.MAILBOX: 0.5}
        assert verdict.cost == costs.get(verdict.fault, 0), answer


@pytest.mark.parametrize("stage", BEFORE_ADDRESS)
def test_before_the_recipient_nothing_is_the_fault_of_an_address(stage):
    assert not [answer for answer in ANSWERS if judge(stage, answer).cost]


@pytest.mark.parametrize(
    "answer",
    [
        "550 Mail rejected. IP blocked OFR_506 [506]",
        "550 5.2.0 Mail rejete. Mail rejected. OFR_506 [506]",
        "550 mwinf5c05 ME Adresse IP source bloquee pour incident de spam",
        "550 DMARC check failed",
        "550 5.1.0 example.org is not allowed to send mail because of SPF",
        "550 5.1.0 <bounces@example.org> sender rejected",
        "553 spamhaus.org/query/bl",
        "550 Virus Detected",
        "550 5.4.316 Message expired, connection refused",
        "550 5.1.1 blocked by RBL",
        "550 Wegen Richtlinie abgelehnt",
        "550 We're sorry, but you may not post to the group",
        "554 Transaction failed",
        "550",
    ],
)
def test_a_provider_that_refuses_us_costs_no_subscriber(answer):
    assert judge(Stage.RCPT, answer).cost == judge(Stage.REPORT, answer).cost == 0


@pytest.mark.parametrize(
    "answer",
    [
        "554 delivery error: dd This user doesn't have a yahoo.com account",
        "553 5.3.0 <ada@mail.example>... No such user",
        "450 4.1.1 <ada@mail.example>: User unknown",
        "550 5.5.0 Requested action not taken [192.0.2.4]",
        "550 Casella inesistente",
    ],
)
def test_an_address_that_a_returned_message_calls_wrong_is_hard(answer):
    assert judge(Stage.REPORT, answer).is_hard


@pytest.mark.parametrize(
    "answer", ["550-5.2.1 The user is receiving mail at a rate", "550 Mailbox full"]
)
def test_a_mailbox_that_is_full_costs_half(answer):
    assert judge(Stage.REPORT, answer).cost == 0.5


# Whether it is tried again


@pytest.mark.parametrize("stage", CONVERSATION)
def test_in_the_conversation_the_code_says_whether_to_try_again(stage):
    assert judge(stage, "550 Sorry").permanent
    assert not judge(stage, "450 Sorry").permanent
    assert not judge(stage, "421 4.7.0 Goodbye").permanent
    assert not judge(stage, "451 5.7.1 Not now").permanent
    assert not judge(stage, "").permanent


@pytest.mark.parametrize("stage", [Stage.REPORT, Stage.SERVICE])
def test_what_was_returned_is_not_tried_again(stage):
    assert judge(stage, "450 Sorry").permanent


@pytest.mark.parametrize("stage", [Stage.RCPT, Stage.MESSAGE])
def test_a_server_that_may_change_its_mind_calls_no_address_wrong(stage):
    verdict = judge(stage, "450 4.1.1 User unknown")

    assert (verdict.fault, verdict.cost) == (Fault.MAILBOX, 0.5)


# How it is read


def test_the_same_words_mean_the_same_before_and_after_the_message():
    told = [answer for answer in ANSWERS if find_row(Stage.RCPT, answer)[0].words]

    for answer in told:
        assert judge(Stage.RCPT, answer) == judge(Stage.MESSAGE, answer), answer


@pytest.mark.parametrize(
    ("stage", "answer", "counts"),
    [
        (Stage.RCPT, "5.1.1 No such user", True),
        (Stage.MESSAGE, "5.1.1 No such user", True),
        (Stage.RCPT, "Mailbox full", True),
        (Stage.MAIL, "5.1.1 No such user", False),
        (Stage.RCPT, "Client host [192.0.2.1] blocked using zen.spamhaus.org", False),
        (Stage.RCPT, "5.7.1 Not welcome here", False),
        (Stage.MESSAGE, "DMARC check failed", False),
    ],
)
def test_the_transport_reads_answers_by_the_same_table(stage, answer, counts):
    assert (Refused(stage, 550, answer).verdict.cost > 0) is counts


def test_the_status_of_a_notice_counts_where_the_answer_has_none():
    assert judge(Stage.REPORT, "Sorry", status="5.1.1").is_hard
    assert judge(Stage.REPORT, "550 5.2.2 Sorry", status="5.1.1").cost == 0.5


@pytest.mark.parametrize(
    "host", ["mx.spamfilter.example.org", "host d1.ess.barracudanetworks.com"]
)
def test_the_name_of_a_host_is_no_reason(host):
    assert judge(Stage.REPORT, f"{host} said: 550 5.1.1 User unknown").is_hard


def test_an_address_is_no_reason():
    assert judge(Stage.RCPT, "550 5.1.1 <spam@example.org>: User unknown").is_hard
    assert not judge(Stage.RCPT, "550 <no.such.user@example.org>: refused").is_hard


@pytest.mark.parametrize("part", ["user ", "a@", "a.b", "mailbox size ", "our ip "])
def test_a_long_answer_is_read_in_no_time(part):
    assert not judge(Stage.REPORT, "550 " + part * 100_000).is_hard
