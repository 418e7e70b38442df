"""A newsletter's own words are marked where they are not in the page's language."""

import pytest
from django.utils import timezone
from lxml import html

from newsletter.emails import build_signup_email
from newsletter.models import Newsletter, Subscriber, Wording
from newsletter.templatetags.newsletter import in_language
from tests.factories import DeliveryFactory, NewsletterFactory, SubscriberFactory
from tests.newsletter.mail_helpers import link_in
from tests.newsletter.test_preferences import path_of

pytestmark = pytest.mark.django_db

NAME, CADENCE = "Der Überblick", "am ersten Dienstag des Monats"
DESCRIPTION = "Was uns im Monat beschäftigt hat."


@pytest.fixture
def german():
    return NewsletterFactory(
        name=NAME, cadence=CADENCE, description=DESCRIPTION, language="de", slug="de"
    )


@pytest.fixture
def ada(german):
    return SubscriberFactory(newsletters=[german])


@pytest.fixture
def pages(german, ada, mailoutbox, reader):
    """Each page that names the newsletter."""
    delivery = DeliveryFactory(
        subscriber=ada, edition__newsletter=german, edition__started_at=timezone.now()
    )
    # The home page offers one alone.
    Newsletter.objects.exclude(pk=german.pk).update(active=False)
    wording = Wording.objects.current()
    signup = Subscriber.objects.sign_up("bo@example.org", [german], wording=wording)
    unsubscribe = f"/newsletter/unsubscribe/{delivery.token('unsubscribe')}/"
    return {
        "signup": "/newsletter/",
        "home": "/",
        "archive": german.get_absolute_url(),
        "preferences": path_of(ada),
        "confirm": link_in(build_signup_email(signup), "confirm"),
        "unsubscribe": unsubscribe,
    }


@pytest.mark.parametrize(
    "name", ["signup", "home", "archive", "preferences", "confirm", "unsubscribe"]
)
def test_german_words_on_an_english_page_are_marked(reader, pages, name):
    page = html.fromstring(reader.get(pages[name]).content.decode())

    found = [
        (text, text.getparent())
        for text in page.xpath("//body//text()")
        if any(words in text for words in (NAME, CADENCE, DESCRIPTION))
    ]

    assert found
    for text, element in found:
        [lang] = element.xpath("ancestor-or-self::*[@lang][1]/@lang")
        assert lang == "de", text


def test_language_and_cadence_are_no_phrase_of_two_languages(reader, german):
    page = html.fromstring(reader.get("/newsletter/").content.decode())

    text = " ".join(page.text_content().split())

    assert f"German · {CADENCE}" in text
    assert "German, am" not in text
    assert CADENCE.encode() not in reader.get("/newsletter/").content.replace(
        f'<span lang="de">{CADENCE}</span>'.encode(), b""
    )


def test_words_in_the_pages_language_need_no_mark(reader):
    Newsletter.objects.update(cadence="every Thursday morning")

    html = reader.get("/newsletter/").content.decode()

    assert "· every Thursday morning" in html
    assert in_language("every Thursday", "en") == "every Thursday"
    assert in_language("<b>", "de") == '<span lang="de">&lt;b&gt;</span>'
