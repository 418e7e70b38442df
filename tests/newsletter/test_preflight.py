"""Preflight: faults of an edition before it is sent, and their remedies."""

import pytest
from django.utils import timezone

from newsletter.composing import preflight
from newsletter.composing.messages import Recipient, compose
from tests.factories import (
    ArticleFactory,
    EditionFactory,
    NewsletterFactory,
    SubscriberFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def edition():
    """With nothing wrong."""
    newsletter = NewsletterFactory(sender_email="letters@news.example.org")
    SubscriberFactory(newsletters=[newsletter])
    article = ArticleFactory(published=True, title="The quiet port")
    return EditionFactory(newsletter=newsletter, subject="The week", articles=[article])


def found(edition, level="error"):
    """The findings of an edition that was tested as it is now."""
    edition.save()
    edition.record_test()
    return [f["text"] for f in preflight.find_problems(edition) if f["level"] == level]


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
    edition.record_test()

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


# Tests


def warned_of_tests(edition):
    preflight.run(edition)
    kept = type(edition).objects.get().findings
    return [f["text"] for f in kept if "test" in f["text"]]


def test_a_test_is_asked_for_until_one_was_sent(edition):
    [text] = warned_of_tests(edition)
    assert text.startswith("No test of this edition was sent.")

    edition.record_test()
    assert [f["level"] for f in type(edition).objects.get().findings] == ["note"]
    assert warned_of_tests(edition) == []


def test_a_change_after_the_test_is_found(edition):
    edition.record_test()
    edition.subject = "Another week"
    edition.save()

    [text] = warned_of_tests(edition)

    assert text.startswith("The edition has changed since the last test.")


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
        for finding in preflight.find_problems(edition)
        if "Gmail cuts off" in finding["text"]
    ] == ([level] if level else [])


def test_the_size_counts_links_as_long_as_they_get(edition):
    recipient = Recipient.for_test("reader@example.org")
    message = compose(edition, recipient, list(edition.pieces()))
    html = message.alternatives[0].content

    longest = preflight.measure_html(html, recipient)

    shortest = min(len(url) for url in preflight.find_hrefs(html))
    assert shortest < len(recipient.url("click", 99))
    assert longest > len(html.encode())


@pytest.fixture
def message(edition, time_machine):
    # The links tell the second in which they were made.
    time_machine.move_to(timezone.now(), tick=False)
    return compose(
        edition, Recipient.for_test("reader@example.org"), list(edition.pieces())
    )


def about(message):
    recipient = Recipient.for_test("reader@example.org")
    return " ".join(f["text"] for f in preflight.check_message(message, recipient))


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
    assert "An image in the message’s design" in about(message)


# Whom it goes to, and where from


def test_somebody_has_to_get_it(edition):
    SubscriberFactory(pending=True, newsletters=[edition.newsletter])
    assert found(edition) == []
    edition.newsletter.subscriptions.all().delete()
    assert "has no active subscriber" in only(edition)


def test_links_are_encrypted_where_the_site_is(edition, settings):
    settings.HTTPS = True
    assert "Ask the site’s operators to set SITE_URL" in only(edition)
    settings.SITE_URL = "https://example.org"
    assert not [text for text in found(edition) if "SITE_URL" in text]


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
