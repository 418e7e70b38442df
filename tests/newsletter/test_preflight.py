"""What is found wrong with an edition before it is sent, and what to do about it."""

import dns.resolver
import pytest

from newsletter.composing import preflight
from newsletter.composing.messages import Recipient, compose
from tests.factories import (
    ArticleFactory,
    EditionFactory,
    NewsletterFactory,
    SubscriberFactory,
)
from tests.newsletter.name_server import NameServer

pytestmark = pytest.mark.django_db


@pytest.fixture
def edition():
    """With nothing wrong."""
    newsletter = NewsletterFactory(sender_email="letters@news.example.org")
    SubscriberFactory(newsletters=[newsletter])
    article = ArticleFactory(published=True, title="The quiet port")
    return EditionFactory(newsletter=newsletter, subject="The week", articles=[article])


def found(edition, level="error"):
    edition.save()
    return [f["text"] for f in preflight.check(edition) if f["level"] == level]


def only(edition, level="error"):
    """The one finding of the level."""
    [text] = found(edition, level)
    return text


def test_a_good_edition_has_nothing_to_mend(edition):
    assert found(edition) == []
    assert found(edition, "warning") == []


def test_what_was_found_is_kept_with_what_it_was_found_of(edition):
    edition.subject = ""
    edition.save()

    preflight.run(edition)

    kept = type(edition).objects.get()
    assert kept.findings == edition.findings
    assert [f["level"] for f in kept.findings] == ["error", "note"]
    assert kept.checked_content == kept.content()
    assert kept.checked_at


# What was written


def test_a_subject_is_needed(edition):
    edition.subject = " "
    assert only(edition) == "It has no subject. Write one."


def test_a_long_subject_is_cut_off_on_phones(edition):
    edition.subject = "A" + "bc " * 20
    assert "has 60 characters" not in str(found(edition, "warning"))
    edition.subject = "A" + "bc " * 20 + "d"
    assert "The subject has 62 characters" in only(edition, "warning")


def test_capitals_look_like_spam(edition):
    edition.subject = "THE WEEK"
    assert "all in capitals" in only(edition, "warning")
    edition.subject = "NATO"
    assert found(edition, "warning") == []


def test_a_preheader_is_missed(edition):
    edition.preheader = ""
    assert "It has no preheader" in only(edition, "warning")


def test_an_empty_edition_is_not_sent(edition):
    edition.items.all().delete()
    assert found(edition) == []
    edition.introduction = "<p> </p>"
    assert only(edition) == "It is empty. Add pieces, or write an introduction."


@pytest.mark.parametrize("trait", ["draft", "in_review", "scheduled", "withdrawn"])
def test_only_published_pieces_are_sent(edition, trait):
    gone = ArticleFactory(**{trait: True}, title="Not yet")
    edition.items.create(article=gone, order=1)

    assert "“Not yet” is not published. Remove it" in found(edition)[0]


@pytest.mark.parametrize(
    "left",
    [
        "Dear {{ name }},",
        "{% now %}",
        "Hello [[first name]]",
        "TODO",
        "Date: TBC",
        "XXX euros",
        "Lorem ipsum dolor",
        "[insert date here]",
        "See [link]",
    ],
)
@pytest.mark.parametrize("place", ["subject", "preheader", "introduction", "text"])
def test_what_was_left_to_be_filled_in_is_found(edition, place, left):
    written = f"<p>{left}</p>" if place == "introduction" else left
    setattr(edition, place, written)

    assert "still has “" in found(edition)[0]


@pytest.mark.parametrize(
    "fine",
    ["The week [in Europe]", "A todo for ministers", "Set {a, b}", "[sic] and [1]"],
)
def test_ordinary_brackets_are_no_placeholders(edition, fine):
    edition.preheader = fine
    assert found(edition) == []


def test_a_placeholder_in_a_teaser_is_found(edition):
    edition.items.update(teaser="TODO: say why")
    assert only(edition) == (
        "“The quiet port” still has “TODO” in it. Put there what was meant."
    )


def test_a_text_of_ones_own_should_link_to_every_piece(edition):
    edition.text = "Dear reader, see http://127.0.0.1:8000/newsletter/."
    assert "does not link to “The quiet port”" in only(edition, "warning")
    [item] = edition.pieces()
    edition.text = f"Read {item.shown['url']}."
    assert found(edition, "warning") == []


# Images


def test_a_picture_in_the_introduction_needs_a_description(edition):
    picture = "http://127.0.0.1:8000/media/port.jpg"
    edition.introduction = f'<p>See <img src="{picture}" alt=""></p>'
    assert "The image port.jpg in the introduction has no alternative" in only(edition)

    edition.introduction = f'<p>See <img src="{picture}" alt="A port"></p>'
    assert found(edition) == []

    edition.introduction = (
        f'<p>See <img src="{picture}" alt="" role="presentation"></p>'
    )
    assert found(edition) == []


# The message


@pytest.mark.parametrize(
    ("kilobytes", "level"), [(50, None), (85, "warning"), (100, "error")]
)
def test_a_long_message_is_cut_off_by_gmail(edition, kilobytes, level):
    edition.introduction = f"<p>{'wörds ' * (kilobytes * 1000 // 7)}</p>"

    assert [
        finding["level"]
        for finding in preflight.check(edition)
        if "Gmail cuts off" in finding["text"]
    ] == ([level] if level else [])


def test_the_size_counts_links_as_long_as_they_get(edition):
    recipient = Recipient.of_test("reader@example.org")
    message = compose(edition, recipient, list(edition.pieces()))
    html = message.alternatives[0].content

    longest = preflight.longest(html, recipient)

    shortest = min(len(url) for url in preflight.hrefs(html))
    assert shortest < len(recipient.url("click", 99))
    assert longest > len(html.encode())


@pytest.fixture
def message(edition):
    return compose(
        edition, Recipient.of_test("reader@example.org"), list(edition.pieces())
    )


def about(message):
    recipient = Recipient.of_test("reader@example.org")
    return " ".join(f["text"] for f in preflight.about_message(message, recipient))


def test_each_part_needs_a_link_to_unsubscribe(message):
    assert about(message) == ""

    html = message.alternatives[0].content
    message.alternatives = []
    message.attach_alternative(html.replace("/unsubscribe/", "/"), "text/html")
    assert "The HTML part has no link to unsubscribe" in about(message)

    message.body = "Dear reader."
    assert "The plain text part has no link to unsubscribe" in about(message)

    message.body = "\n"
    assert "The plain text part is empty" in about(message)


@pytest.mark.parametrize("header", ["List-Unsubscribe", "List-Unsubscribe-Post"])
def test_the_headers_to_unsubscribe_are_needed(message, header):
    del message.extra_headers[header]
    assert "the headers for it are missing" in about(message)


def test_pictures_of_the_design_need_a_description(message):
    html = message.alternatives[0].content
    message.alternatives = []
    message.attach_alternative(
        html.replace("</body>", '<img src="/logo.png"></body>'), "text/html"
    )
    assert "An image in the message's design" in about(message)


# Whom it goes to, and where from


def test_somebody_has_to_get_it(edition):
    SubscriberFactory(pending=True, newsletters=[edition.newsletter])
    assert found(edition) == []
    edition.newsletter.subscriptions.all().delete()
    assert "has no active subscriber" in only(edition)


def test_links_are_encrypted_where_the_site_is(edition, settings):
    settings.HTTPS = True
    assert "Ask the site's operators to set SITE_URL" in only(edition)
    settings.SITE_URL = "https://example.org"
    assert not [text for text in found(edition) if "SITE_URL" in text]


@pytest.fixture
def domain(settings, monkeypatch):
    """A name server that knows all that it should of the sender's domain."""
    settings.MAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.DKIM_SELECTOR = "2026"
    monkeypatch.setattr(preflight, "DNS_SECONDS", 0.5)
    with NameServer() as server:
        server.records = {
            "news.example.org": ["some-other=text", "v=spf1 include:mail.example -all"],
            "_dmarc.example.org": ["v=DMARC1; p=quarantine"],
            "2026._domainkey.news.example.org": ["v=DKIM1; k=rsa; p=MIIBIjAN"],
        }
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], server.port
        monkeypatch.setattr(dns.resolver, "default_resolver", resolver)
        yield server


def test_a_domain_with_its_three_records_is_good(edition, domain):
    assert preflight.check(edition) == []
    assert "_dmarc.news.example.org" in domain.asked


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("news.example.org", "The domain news.example.org has no SPF record"),
        ("_dmarc.example.org", "The domain news.example.org has no DMARC record"),
        ("2026._domainkey.news.example.org", "has no DKIM key named 2026"),
    ],
)
@pytest.mark.parametrize("records", [None, ["v=something else"]])
def test_a_missing_record_keeps_it_from_being_sent(
    edition, domain, name, said, records
):
    del domain.records[name]
    if records:
        domain.records[name] = records

    assert said in only(edition)


def test_a_key_that_was_revoked_is_no_key(edition, domain):
    domain.records["2026._domainkey.news.example.org"] = ["v=DKIM1; p="]
    assert "has no DKIM key" in only(edition)


def test_dmarc_may_stand_at_the_domain_itself(edition, domain):
    domain.records["_dmarc.news.example.org"] = domain.records.pop("_dmarc.example.org")
    assert found(edition) == []


def test_spf_is_looked_up_where_returned_messages_go(edition, domain, settings):
    settings.BOUNCE_ADDRESS = "returned@bounces.example.org"
    assert "The domain bounces.example.org has no SPF record" in only(edition)


def test_without_a_selector_dkim_is_only_noted(edition, domain, settings):
    settings.DKIM_SELECTOR = ""
    assert found(edition) == []
    assert "DKIM of news.example.org was not checked" in only(edition, "note")


def test_without_dns_it_is_only_noted(edition, domain):
    domain.silent = True
    assert found(edition) == []
    assert "no name server answers" in only(edition, "note")


def test_where_no_message_leaves_the_machine_nobody_is_asked(edition, domain, settings):
    settings.MAIL_BACKEND = "ecfr_site.mail.outbox.EmailBackend"
    assert "Messages do not leave this machine" in only(edition, "note")
    assert domain.asked == []


# Links within the site


def test_a_dead_link_within_the_site_is_found(edition):
    edition.introduction = '<p>See <a href="/about-nothing/">this</a>.</p>'
    assert only(edition) == (
        "The link to http://127.0.0.1:8000/about-nothing/ leads nowhere. "
        "Correct it or remove it."
    )
    edition.introduction = '<p>See <a href="/newsletter/">this</a>.</p>'
    assert found(edition) == []


def test_links_of_the_plain_text_are_followed_too(edition):
    edition.text = "See http://127.0.0.1:8000/nothing/."
    assert only(edition).startswith(
        "The link to http://127.0.0.1:8000/nothing/ leads nowhere."
    )


def test_addresses_of_people_are_not_followed(edition):
    edition.introduction = '<p><a href="mailto:office@example.org">Write</a></p>'
    assert found(edition) == found(edition, "warning") == []


# Links to other sites


def test_the_findings_name_the_links(edition, elsewhere):
    edition.introduction = (
        f'<p><a href="{elsewhere.url}/404">One</a> '
        f'<a href="{elsewhere.url}/500">Two</a> '
        f'<a href="{elsewhere.url}/200">Three</a></p>'
    )

    assert only(edition) == (
        f"The link to {elsewhere.url}/404 leads nowhere (404). Correct it or remove it."
    )
    assert f"{elsewhere.url}/500" in only(edition, "warning")
