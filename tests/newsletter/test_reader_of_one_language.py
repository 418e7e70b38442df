"""Somebody who reads one language only, from sign-up to leaving."""

import json
import re
from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.translation import override
from lxml import html

from ecfr_site.security import tokens
from newsletter.antispam import sign_stamp
from newsletter.composing import preflight
from newsletter.emails import build_signup_email
from newsletter.models import ConsentRecord, Newsletter, Signup, Subscriber, Wording
from tests.factories import (
    ArticleFactory,
    DeliveryFactory,
    NewsletterFactory,
    TopicFactory,
)
from tests.newsletter.catalogues import FOREIGN, english_left_in
from tests.newsletter.mail_helpers import link_in

pytestmark = pytest.mark.django_db

HIDDEN = "self::script or self::style or self::noscript"


@pytest.fixture(params=FOREIGN)
def language(request):
    return request.param


@pytest.fixture
def monthly(language):
    Newsletter.objects.update(active=False)
    return NewsletterFactory(
        name="Primus", slug="primus", language=language, cadence="", description=""
    )


def texts_of(page):
    """All that a reader may see or hear of a page, a piece a line."""
    attributes = page.xpath("//@aria-label | //@placeholder | //@title | //@alt")
    return "\n".join([*page.xpath(f"//text()[not(parent::*[{HIDDEN}])]"), *attributes])


def check(response, language, status=200):
    """The page, once it is in the language and in no other."""
    assert response.status_code == status
    page = html.fromstring(response.content.decode())
    for other in page.xpath("//a[@hreflang]"):
        other.drop_tree()
    assert page.get("lang") == language
    # The names of topics are what editors wrote.
    assert not page.xpath("//*[@lang and @lang != $it][.!='123']", it=language)
    assert english_left_in(texts_of(page), language) == set()
    return page


def check_mail(message, language):
    [(content, _)] = message.alternatives
    page = html.fromstring(content)
    assert page.get("lang") == language
    words = f"{message.subject}\n{message.body}\n{texts_of(page)}"
    assert english_left_in(words, language) == set()
    return message


def test_signing_up_and_confirming(reader, mailoutbox, language, monthly):
    TopicFactory(name="123")
    page = check(reader.get("/newsletter/primus/"), language)
    values = {
        i.get("name"): i.get("value") or "" for i in page.xpath("//main//form//input")
    }
    shown = Wording.objects.get(pk=values["wording"])
    assert shown.language == language
    assert shown.promise in page.text_content()

    def post(**changes):
        return reader.post("/newsletter/", {**values, "analytics": "on", **changes})

    for wrong in (
        {"email": ""},
        {"email": "ada"},
        {"email": "jörg@example.org"},
        {"email": "a" * 65 + "@example.org"},
        {"email": "ada@mailinator.com"},
        {"email": "ada@gmial.com"},
        {"email": "ada@example.org", "newsletters": "0"},
        {"email": "ada@example.org", "stamp": ""},
    ):
        check(post(**wrong), language, 422)
    check(post(email="ada@example.org"), language)

    message = check_mail(mailoutbox[0], language)
    link = link_in(message, "confirm")
    page = check(reader.get(link), language)
    assert shown.promise in page.text_content()
    assert shown.analytics in page.text_content()
    assert page.xpath("//main//input[@name='topics']")
    [asked] = page.xpath("//main//input[@name='wording']/@value")
    check(reader.post(link, {"wording": asked}), language)
    check(reader.get(link), language)
    assert set(ConsentRecord.objects.values_list("wording", flat=True)) == {shown.pk}


@pytest.fixture
def ada(reader, language, monthly):
    signup = Subscriber.objects.sign_up(
        "ada@example.org", [monthly], wording=Wording.objects.current(language)
    )
    signup.confirm()
    return Subscriber.objects.get()


def test_preferences_and_data(reader, ada, monthly):
    language, path = ada.language, ada.preferences_path
    check(reader.get(path), language)
    values = {"newsletters": monthly.pk, "language": language, "time_zone": ""}
    acts = [
        {"act": "save", **values, "analytics": "yes"},
        {"act": "pause", "weeks": 2},
        {"act": "resume"},
        {"act": "address", "new_email": "new@example.org"},
        {"act": "leave"},
        {"act": "save", **values, "analytics": "no"},
    ]
    for act in acts:
        check(reader.post(path, act, follow=True), language)
    for wrong in (
        {"act": "save", "language": language, "time_zone": "Mars/Olympus"},
        {"act": "pause", "until": "2001-01-01"},
        {"act": "pause", "until": "soon"},
        {"act": "pause"},
        {"act": "address", "new_email": "ada"},
        {"act": "address", "new_email": ""},
    ):
        check(reader.post(path, wrong), language, 422)

    stored = json.loads(reader.get(f"{path}data/").content)
    told = [record[key] for record in stored["consent"] for key in ("action", "method")]
    assert english_left_in("\n".join(told), language) == set()


def test_another_address_and_erasing(reader, ada, mailoutbox):
    language = ada.language
    reader.post(ada.preferences_path, {"act": "address", "new_email": "bo@example.org"})
    link = link_in(check_mail(mailoutbox[-1], language), "address")
    check(reader.get(link), language)
    moved = reader.post(link, follow=True)
    check(moved, language)
    check_mail(mailoutbox[-1], language)

    path = Subscriber.objects.get().preferences_path
    check(reader.get(f"{path}erase/"), language)
    check(reader.post(f"{path}erase/"), language)


@pytest.mark.parametrize("leave", ["this", "all"])
def test_leaving(reader, ada, monthly, leave):
    delivery = DeliveryFactory(subscriber=ada, edition__newsletter=monthly)
    path = f"/newsletter/unsubscribe/{delivery.token('unsubscribe')}/"

    check(reader.get(path), ada.language)
    check(reader.post(path, {"leave": leave}), ada.language)
    check(reader.post(f"{path}reason/"), ada.language, 422)
    check(reader.post(f"{path}reason/", {"text": "x" * 501}), ada.language, 422)
    check(reader.post(f"{path}reason/", {"reason": "topics"}), ada.language)
    confirmed = tokens.sign("confirm", Signup.objects.get().pk, bound_to=ada.normalised)
    check(reader.get(f"/newsletter/confirm/{confirmed}/"), ada.language)


def test_links_that_are_not_good(reader, ada, monthly, mailoutbox):
    language = ada.language
    signup = Subscriber.objects.sign_up("bo@example.org", [monthly])
    long_ago = timezone.now() - timedelta(days=3000)
    old = {
        "confirm": tokens.sign("confirm", signup.pk, "bo@example.org", long_ago),
        "preferences": ada.preferences_token(long_ago),
    }
    for page, token in old.items():
        check(reader.get(f"/newsletter/{page}/{token}/"), language, 410)
        wrong = tokens.sign("nothing", tokens.number_in(token))
        if page == "confirm":
            check(reader.get(f"/newsletter/{page}/{wrong}/"), language, 404)
    path = f"/newsletter/preferences/{old['preferences']}/"
    check(reader.post(path, {"email": "ada"}), language, 410)
    check(reader.post(path, {"email": ada.email}), language)
    check_mail(mailoutbox[-1], language)


def test_who_is_suppressed(reader, ada):
    for reason in ("bounced", "complained", "manual"):
        ada.reinstate(by=type("Editor", (), {"get_username": lambda self: ""})())
        ada.suppress(reason, method="desk")
        check(reader.get(ada.preferences_path), ada.language)


def test_the_web_edition_and_the_sign_up_page(reader, language, monthly):
    delivery = DeliveryFactory(edition__newsletter=monthly)
    delivery.edition.__class__.objects.update(started_at=timezone.now())

    check(reader.get(delivery.edition.get_absolute_url()), language)
    check(reader.get("/newsletter/primus/"), language)
    page = check(reader.get(f"/newsletter/?language={language}"), language)
    assert page.xpath("//link[@rel='canonical']/@href")[0].endswith(language)


def test_the_form_beside_an_article_is_in_its_language(reader, language, monthly):
    ArticleFactory(published=True, slug="a-piece", language=language)

    page = html.fromstring(reader.get("/article/a-piece/").content.decode())

    assert page.get("lang") == "en-gb"
    [box] = page.xpath("//section[starts-with(@class, 'signup')]")
    assert box.get("lang") == language
    assert english_left_in(texts_of(html.fromstring(html.tostring(box))), language) == (
        set()
    )
    assert box.xpath(".//input[@name='language']/@value") == [language]


def test_neither_browser_nor_cookie_chooses(reader, language, monthly):
    reader.cookies["django_language"] = "en"
    headers = {"Accept-Language": "en"}

    check(reader.get("/newsletter/primus/", headers=headers), language)
    english = reader.get("/newsletter/", headers={"Accept-Language": language})
    assert b'<html lang="en-gb"' in english.content


def test_what_one_chose_outweighs_the_newsletter(reader, ada, monthly):
    Subscriber.objects.update(language="en")
    delivery = DeliveryFactory(subscriber=ada, edition__newsletter=monthly)

    page = reader.get(f"/newsletter/unsubscribe/{delivery.token('unsubscribe')}/")

    assert b'<html lang="en-gb"' in page.content


# Where there is no translation


@pytest.fixture
def dutch(settings):
    settings.LANGUAGES = [*settings.LANGUAGES, ("nl", "Dutch")]
    return NewsletterFactory(name="De week", slug="week", language="nl")


def test_without_a_catalogue_readers_see_english_and_no_half_page(reader, dutch):
    signup = Subscriber.objects.sign_up("ada@example.org", [dutch])
    message = build_signup_email(signup)
    link = link_in(message, "confirm")

    for path in ("/newsletter/week/", link, "/newsletter/?language=nl"):
        assert b'<html lang="en-gb"' in reader.get(path).content
    with override("nl"):
        month = timezone.localdate().strftime("%Y")
    assert re.search(rf"On \d+ [A-Z]\w+ {month} somebody", message.body)
    assert html.fromstring(message.alternatives[0][0]).get("lang") == "en"
    wrong = {"email": "ada", "language": "nl", "stamp": sign_stamp()}
    assert b"Enter an e-mail address" in reader.post("/newsletter/", wrong).content


def test_editors_are_told_of_it(newsletter_manager, dutch):
    told = "There is no translation into Dutch."
    for path in ("", f"{dutch.pk}/change/"):
        page = newsletter_manager.get(f"/admin/newsletter/newsletter/{path}")
        assert told in page.content.decode()

    [told_before_sending] = preflight.check_language(dutch)
    assert told_before_sending["level"] == "note"
    assert told in told_before_sending["text"]

    weekly = Newsletter.objects.get(slug="weekly")
    french = NewsletterFactory(language="fr")
    assert not list(preflight.check_language(french))
    assert not list(preflight.check_language(weekly))
    page = newsletter_manager.get(f"/admin/newsletter/newsletter/{weekly.pk}/change/")
    assert "There is no translation" not in page.content.decode()


def test_editors_are_told_where_only_the_consent_text_is_missing(
    newsletter_manager, settings, monkeypatch
):
    settings.LANGUAGES = [*settings.LANGUAGES, ("nl", "Dutch")]
    monkeypatch.setattr("newsletter.languages._is_compiled", lambda language: True)
    dutch = NewsletterFactory(language="nl")
    told = "There is no consent text in Dutch."
    address = f"/admin/newsletter/newsletter/{dutch.pk}/change/"

    assert told in newsletter_manager.get(address).content.decode()
    [found] = preflight.check_language(dutch)
    assert told in found["text"]

    Wording.objects.create(language="nl", promise="Beloofd.", analytics="Ja?")
    page = newsletter_manager.get(address).content.decode()
    assert told not in page
    assert not list(preflight.check_language(dutch))
