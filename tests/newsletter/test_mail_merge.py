"""A printed message is the message that Django would have built for the recipient."""

from email import message_from_bytes, policy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ecfr_site.mail.addresses import ascii_address
from newsletter.composing.messages import PURPOSES, Recipient, compose, number_links
from newsletter.models import EditionItem
from newsletter.sending.mail_merge import MailMergeTemplate, undouble_dots
from tests.factories import ArticleFactory, EditionFactory

pytestmark = pytest.mark.django_db

tokens = st.fixed_dictionaries(
    {
        purpose: st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=45, max_size=45)
        for purpose in PURPOSES
    }
)
addresses = st.from_regex(
    r"[a-z0-9.+_'-]{1,40}@[a-z0-9-]{1,30}\.example", fullmatch=True
)
words = st.text(
    st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="<>&\u2028"),
    max_size=300,
)


def parsed(raw):
    """All that a mail program reads: headers and decoded parts."""
    message = message_from_bytes(raw, policy=policy.default)
    parts = [
        (part.get_content_type(), part.get_content())
        for part in message.walk()
        if not part.is_multipart()
    ]
    headers = {
        name: str(value)
        for name, value in message.items()
        if name not in ("Date", "Content-Type")
    }
    return headers, parts


# The edition is only read, so that it may stay the same for every example.
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(address=addresses, tokens=tokens, text=words)
@pytest.mark.parametrize("tracked", [False, True])
def test_every_printed_message_parses_equal_to_the_one_built_for_its_recipient(
    edition, tracked, address, tokens, text
):
    edition.introduction = f"<p>{text}</p><p>.A dot at the start.</p><p>. Another</p>"
    edition.text = f"{text}\n.\n..two dots\nlinks below"
    items = list(EditionItem.objects.for_messages())
    recipient = Recipient(address, tokens)
    slow = compose(edition, recipient, items, tracked)

    nobody = compose(edition, Recipient.placeholder(), items, tracked)
    printed = MailMergeTemplate(nobody).render(ascii_address(address), tokens)

    assert parsed(undouble_dots(printed)) == parsed(
        slow.message().as_bytes(linesep="\r\n")
    )


@pytest.fixture
def edition(db):
    edition = EditionFactory(
        subject="Grüße aus Brüssel: what the week was about, and what it was not",
        articles=[ArticleFactory(published=True) for _ in range(3)],
    )
    number_links(edition)
    return edition


def stencil_of(edition, tracked=True):
    items = list(edition.items.for_messages())
    return MailMergeTemplate(compose(edition, Recipient.placeholder(), items, tracked))


def test_it_travels_in_seven_bits_and_short_lines(edition):
    edition.introduction = f"<p>{'Œuvre ' * 400}</p>"
    printed = stencil_of(edition).render(
        "a@example.org", Recipient.for_test("a@example.org").tokens
    )

    assert printed.isascii()
    assert printed.endswith(b"\r\n")
    assert b"\n" not in printed.replace(b"\r\n", b"")
    body = printed.partition(b"\r\n\r\n")[2]
    assert max(len(line) for line in body.split(b"\r\n")) <= 78


def test_without_consent_it_has_no_hole_for_tracking(edition):
    assert stencil_of(edition, tracked=False).purposes == {
        "unsubscribe",
        "preferences",
        "message",
    }
    # "leave" stands in the header where mail to it is read.
    assert stencil_of(edition, tracked=True).purposes == set(PURPOSES) - {"leave"}


def test_a_domain_beyond_ascii_is_written_as_mail_servers_know_it():
    assert ascii_address("zoe@bücher.example") == "zoe@xn--bcher-kva.example"
    assert ascii_address("zoë@example.org") == "zoë@example.org"
