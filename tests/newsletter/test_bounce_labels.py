"""Returned messages of many servers are judged as those who know them label them."""

import email
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from newsletter.bounces import parser
from tests.newsletter import bounce_samples

SAMPLES = tomllib.loads(
    (Path(__file__).parents[1] / "data" / "bounces.toml").read_text("utf-8")
)
BOUNCES, OTHERS = SAMPLES["bounce"], SAMPLES["other"]
# The labels by which an address will never work.
HARD = {"userunknown", "hostunknown", "hasmoved", "notaccept"}
TO = "bounces@example.org"
ORIGINAL = (
    "Received: from www.example.org by mx.mail.example\n"
    "Message-ID: <1@example.org>\nSubject: Spam, viruses and unknown users\n"
)


def parse(text):
    return parser.parse_message(email.message_from_bytes(text.encode()))


def parse_bounce(sample):
    details = {name: sample[name] for name in ("status", "action") if name in sample}
    write = getattr(bounce_samples, sample["form"])
    return parse(write(TO, ORIGINAL, answer=sample["answer"], **details))


def parse_other(sample):
    return parse(bounce_samples.other(TO, sample["headers"], sample["body"]))


def count_judgements():
    """The number of each label that are judged hard and soft."""
    counted = Counter()
    for sample in BOUNCES:
        verdict = parse_bounce(sample).verdict
        counted[sample["label"] in HARD, verdict.is_hard] += 1
    return counted


@pytest.mark.parametrize(
    "sample", BOUNCES, ids=lambda sample: f"{sample['label']}-{sample['server']}"
)
def test_each_is_a_bounce_with_a_reason(sample):
    finding = parse_bounce(sample)

    assert finding.kind == parser.BOUNCE
    assert finding.verdict.reason
    assert finding.detail


def test_most_wrong_addresses_are_hard_and_hardly_anything_else():
    judged = count_judgements()

    hard, soft = judged[True, True], judged[True, False]
    assert hard / (hard + soft) >= 0.85
    hard, soft = judged[False, True], judged[False, False]
    assert hard / (hard + soft) <= 0.05


@pytest.mark.parametrize(
    "label", sorted({sample["label"] for sample in BOUNCES} - HARD)
)
def test_what_is_our_fault_or_nobodys_costs_nothing(label):
    """A full or closed mailbox costs half; all else that is soft, nothing."""
    of_mailbox = {"mailboxfull", "suspend", "exceedlimit", "onhold"}
    costs = [
        parse_bounce(sample).verdict.cost
        for sample in BOUNCES
        if sample["label"] == label
    ]

    assert set(costs) <= ({0.5} if label in of_mailbox else {0, 0.5})


@pytest.mark.parametrize("sample", OTHERS, ids=lambda sample: sample["name"])
def test_nothing_else_is_a_bounce_or_a_complaint(sample):
    kind = parse_other(sample).kind

    assert kind in (parser.NOTHING, parser.UNKNOWN)
    if sample.get("is_automatic"):
        assert kind == parser.NOTHING
