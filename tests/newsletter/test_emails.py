"""The mails that a request causes, in the language that the subscriber chose."""

import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.utils import translation
from lxml import html

from ecfr_site.institution.models import Institution
from newsletter.emails import build_signup_email
from newsletter.models import Newsletter, Subscriber
from tests.factories import NewsletterFactory, SubscriberFactory
from tests.newsletter.catalogues import FOREIGN, compiled
from tests.newsletter.mail_helpers import link_in

pytestmark = pytest.mark.django_db

LANGUAGES = [code for code, _ in settings.LANGUAGES]
TEMPLATES = Path("templates/newsletter/email")
# The page that the mail's link opens.
LETTERS = {
    "confirm": "confirm",
    "known": "preferences",
    "preferences": "preferences",
    "new_address": "address",
    "moved": None,
}


def signup_for(name, language):
    """Cause the mail to Ada, to whom we write in `language`."""
    weekly = Newsletter.objects.get()
    ada = SubscriberFactory(
        email="ada@example.org", newsletters=[weekly], language=language
    )
    if name == "confirm":
        daily = NewsletterFactory(name="Daily", language="en")
        return Subscriber.objects.sign_up(ada.email, [daily], analytics=True)
    if name == "known":
        return Subscriber.objects.sign_up(ada.email, [weekly])
    if name == "preferences":
        return Subscriber.objects.request_link(ada.email)
    asked = ada.request_address("new@example.org")
    return ada.change_address() if name == "moved" else asked


def letter_named(name, language):
    signup = signup_for(name, language)
    signup.created = datetime(2026, 2, 28, 23, 30, tzinfo=UTC)  # March in Brussels
    return build_signup_email(signup)


def html_of(message):
    [(content, _)] = message.alternatives
    return html.fromstring(content)


@cache
def phrases_in_templates():
    """The msgids of every template of a mail."""
    found = set()
    for path in TEMPLATES.iterdir():
        nodes = get_template(f"newsletter/email/{path.name}").template.nodelist
        for node in nodes.get_nodes_by_type(TranslateNode):
            found.add(node.filter_expression.var.literal)
        for node in nodes.get_nodes_by_type(BlockTranslateNode):
            found.add(node.render_token_list(node.singular)[0])
    return found


@pytest.mark.parametrize("language", FOREIGN)
def test_every_phrase_of_every_mail_is_translated(language):
    catalogue = compiled(language)
    needed = phrases_in_templates()

    assert "Is this you?" in needed
    assert needed <= catalogue.keys()
    for english in needed:
        fields = re.compile(r"%\(\w+\)s")
        assert fields.findall(english) == fields.findall(catalogue[english])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", LETTERS)
def test_a_mail_is_in_the_language_chosen(name, language):
    message = letter_named(name, language)

    page = html_of(message)
    assert page.get("lang") == language
    words = f"{message.subject}\n{message.body}\n{page.text_content()}"
    # One word may be the same in two languages.
    leftovers = {
        piece
        for english in phrases_in_templates()
        for piece in re.split(r"%\(\w+\)s", english)
        if len(piece.split()) > 1 and piece.strip() in words
    }
    assert bool(leftovers) is (language == "en")
    assert translation.get_language() == "en-gb"


@pytest.mark.parametrize("name", LETTERS)
def test_every_language_has_its_own_subject(name):
    signup = signup_for(name, "en")
    subjects = set()
    for signup.subscriber.language in LANGUAGES:
        subjects.add(build_signup_email(signup).subject)

    assert len(subjects) == len(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [name for name, page in LETTERS.items() if page])
def test_the_link_opens_the_page_in_every_language(reader, name, language):
    message = letter_named(name, language)

    assert reader.get(link_in(message, LETTERS[name])).status_code == 200


@pytest.mark.parametrize(
    ("language", "day"),
    [
        ("en", "On 1 March 2026 "),
        ("de", "Am 1. März 2026 "),
        ("es", "El 1 de marzo de 2026 "),
        ("fr", "Le 1 mars 2026"),
        ("it", "In data 1 Marzo 2026"),
        ("pl", "Dnia 1 marca 2026 "),
    ],
)
@pytest.mark.parametrize("name", ["confirm", "known", "moved"])
def test_the_day_is_the_institutions_as_the_language_writes_it(name, language, day):
    message = letter_named(name, language)

    assert day in message.body
    assert day in html_of(message).text_content()


def test_a_newcomer_is_written_to_in_the_language_of_the_newsletter():
    monthly = NewsletterFactory(name="Der Monat", language="de")

    message = build_signup_email(
        Subscriber.objects.sign_up("eva@example.org", [monthly])
    )

    assert message.subject == "Bitte bestätigen: Der Monat"
    assert "innerhalb eines Monats gelöscht" in message.body


def test_the_name_of_a_newsletter_in_another_language_says_so():
    [item] = html_of(letter_named("confirm", "pl")).xpath("//li[@lang]")

    assert item.get("lang") == "en"
    assert "Daily" in item.text_content()


def test_names_are_not_escaped_in_text():
    both = NewsletterFactory(name="War & Peace")

    message = build_signup_email(Subscriber.objects.sign_up("eva@example.org", [both]))

    assert message.subject == "Please confirm: War & Peace"
    assert "- War & Peace" in message.body


# The notice to an address that was left


def test_the_notice_says_when_and_whom_to_write_to():
    Institution.objects.create(email="office@example.org")

    message = letter_named("moved", "en")

    assert message.to == ["ada@example.org"]
    assert message.subject == "The address for your newsletters was changed"
    assert "On 1 March 2026 at 00:30 CET" in message.body
    assert "office@example.org" in message.body
    assert html_of(message).xpath("//a[@href='mailto:office@example.org']")


def test_the_notice_gives_away_neither_the_new_address_nor_a_link():
    message = letter_named("moved", "en")

    for part in (message.body, message.alternatives[0][0]):
        assert "new@example.org" not in part
        assert "/newsletter/" not in part


def test_without_an_address_of_the_institution_the_notice_names_the_site():
    assert f"write to us:\n\n{settings.SITE_URL}/\n" in letter_named("moved", "en").body
