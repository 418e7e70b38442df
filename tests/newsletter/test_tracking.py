"""Links lead where the edition says; what is noted is noted of those who agreed."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ecfr_site.security import tokens
from newsletter.models import Event, Link, Subscriber
from tests.factories import ArticleFactory, DeliveryFactory

pytestmark = pytest.mark.django_db
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0"


@pytest.fixture
def delivery():
    """To somebody who agreed; its edition has six links."""
    delivery = DeliveryFactory(tracked=True)
    for number in range(6):
        Link.objects.create(
            edition=delivery.edition,
            number=number,
            url=f"https://example.org/article/{number}/?a=1&b=2#notes",
            article=ArticleFactory() if number else None,
        )
    return delivery


def click(reader, delivery, number=1, token=None, method="get", **headers):
    token = token or delivery.token("click")
    return getattr(reader, method)(
        f"/newsletter/click/{token}/{number}/",
        headers={"User-Agent": BROWSER, **headers},
    )


def load_pixel(reader, delivery, token=None, method="get", **headers):
    token = token or delivery.token("open")
    return getattr(reader, method)(
        f"/newsletter/open/{token}.gif", headers={"User-Agent": BROWSER, **headers}
    )


def old_token(delivery, purpose):
    at = timezone.now() - timedelta(days=800)
    return tokens.sign(purpose, delivery.pk, at=at)


# Clicks


def test_a_click_leads_to_the_link_and_is_noted(reader, delivery):
    response = click(reader, delivery, 2)

    link = Link.objects.get(number=2)
    assert response.status_code == 302
    assert response["Location"] == link.url
    event = Event.objects.get()
    assert (event.kind, event.delivery, event.link) == ("click", delivery, link)
    assert event.edition == delivery.edition
    assert event.machine == ""


def test_the_answer_is_kept_by_nobody_and_gives_the_token_to_nobody(reader, delivery):
    for response in (click(reader, delivery), load_pixel(reader, delivery)):
        assert response["Cache-Control"] == "no-store"
        assert response["Referrer-Policy"] == "no-referrer"
        assert response["X-Robots-Tag"] == "noindex"
        assert not response.cookies


@pytest.mark.parametrize("answer", ["unknown", "denied"])
def test_without_a_yes_nothing_is_noted(reader, delivery, answer):
    Subscriber.objects.update(analytics=answer)

    assert click(reader, delivery).status_code == 302
    assert load_pixel(reader, delivery).status_code == 200

    assert not Event.objects.exists()


def test_elsewhere_only_a_no_keeps_from_being_noted(reader, delivery, settings):
    settings.ANALYTICS_NEEDS_CONSENT = False
    Subscriber.objects.update(analytics="unknown")
    click(reader, delivery)
    assert Event.objects.count() == 1

    Subscriber.objects.update(analytics="denied")
    click(reader, delivery)
    assert Event.objects.count() == 1


def test_asking_for_the_head_alone_notes_nothing(reader, delivery):
    assert click(reader, delivery, method="head").status_code == 302
    assert load_pixel(reader, delivery, method="head").status_code == 200

    assert not Event.objects.exists()


def test_a_form_cannot_be_sent_there(reader, delivery):
    assert click(reader, delivery, method="post").status_code == 405
    assert load_pixel(reader, delivery, method="post").status_code == 405


def test_an_old_message_keeps_its_links_and_tells_no_more(reader, delivery):
    response = click(reader, delivery, token=old_token(delivery, "click"))

    assert response["Location"] == Link.objects.get(number=1).url
    assert not Event.objects.exists()


@pytest.mark.parametrize("purpose", ["open", "unsubscribe", "bounce", "message"])
def test_a_token_for_something_else_is_not_found(reader, delivery, purpose):
    assert click(reader, delivery, token=delivery.token(purpose)).status_code == 404
    assert not Event.objects.exists()


def test_a_link_of_a_test_or_of_an_erased_delivery_is_not_found(reader, delivery):
    token = delivery.token("click")
    delivery.delete()

    assert click(reader, None, token=token).status_code == 404
    assert click(reader, None, token=tokens.sign("click", 0)).status_code == 404


def test_a_link_of_another_edition_is_not_found(reader, delivery):
    other = DeliveryFactory(tracked=True)
    Link.objects.create(edition=other.edition, number=9, url="https://example.org/")

    assert click(reader, delivery, 9).status_code == 404


@given(
    token=st.text(alphabet="abcdefghijklmnopqrstuvwxyz234567", max_size=50),
    number=st.integers(min_value=0, max_value=10**12),
    query=st.text(alphabet="abcdefghi=&/:.%?", max_size=30),
)
def test_nobody_is_led_to_an_address_that_is_not_in_an_edition(token, number, query):
    delivery = DeliveryFactory(tracked=True)
    link = Link.objects.create(
        edition=delivery.edition, number=3, url="https://example.org/"
    )
    reader = Client()
    good = delivery.token("click")
    for path in (f"{token or 'x'}/{number}", f"{good}/{number}", f"{good}/3"):
        response = reader.get(f"/newsletter/click/{path}/?{query}")
        if response.status_code == 302:
            assert path == f"{good}/3"
            assert response["Location"] == link.url
        else:
            assert response.status_code == 404


def test_a_click_takes_four_queries(reader, delivery, django_assert_num_queries):
    with django_assert_num_queries(4):
        click(reader, delivery)


# Opens


def test_loading_the_pixel_is_an_open(reader, delivery):
    response = load_pixel(reader, delivery)

    assert response["Content-Type"] == "image/gif"
    assert len(response.content) == 43
    picture = Image.open(BytesIO(response.content)).convert("RGBA")
    assert picture.size == (1, 1)
    assert picture.getpixel((0, 0))[3] == 0
    event = Event.objects.get()
    assert (event.kind, event.delivery, event.link) == ("open", delivery, None)


@pytest.mark.parametrize("token", ["x", "a" * 45])
def test_a_bad_token_gets_the_picture_all_the_same(reader, delivery, token):
    good = load_pixel(reader, delivery).content
    Event.objects.all().delete()

    for bad in (token, delivery.token("click"), tokens.sign("open", 0)):
        response = load_pixel(reader, delivery, token=bad)
        assert (response.status_code, response.content) == (200, good)

    assert not Event.objects.exists()


def test_an_old_pixel_tells_no_more(reader, delivery):
    assert load_pixel(reader, delivery, token=old_token(delivery, "open")).content

    assert not Event.objects.exists()


def test_an_open_takes_two_queries(reader, delivery, django_assert_num_queries):
    with django_assert_num_queries(2):
        load_pixel(reader, delivery)


# Machines


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (compatible; Barracuda Sentinel (EE))",
        "Mozilla/5.0 Mimecast URL Protect",
        "python-requests/2.32",
        "curl/8.5.0",
        "Go-http-client/2.0",
        "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
        "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/130.0.0.0 Safari/537.36",
    ],
)
def test_scanners_that_name_themselves_are_known(reader, delivery, agent):
    click(reader, delivery, **{"User-Agent": agent})

    assert Event.objects.get().machine == "known-scanner"


@pytest.mark.parametrize(
    "agent",
    [
        BROWSER,
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Mobile/15E148",
        "Mozilla/5.0 (Linux; Android 9; CUBOT X19) Chrome/130.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Windows NT 10.0; Microsoft Outlook 16.0; Pro)",
        "Mozilla/5.0 (via ggpht.com GoogleImageProxy)",
        "YahooMailProxy; https://help.yahoo.com/",
    ],
)
def test_peoples_programs_are_not(reader, delivery, agent):
    click(reader, delivery, **{"User-Agent": agent})
    load_pixel(reader, delivery, **{"User-Agent": agent})

    assert Event.objects.by_people().count() == 2


@pytest.mark.parametrize("agent", ["", " "])
def test_without_a_name_it_is_a_machine(reader, delivery, agent):
    click(reader, delivery, **{"User-Agent": agent})

    assert Event.objects.get().machine == "no-user-agent"


@pytest.mark.parametrize(
    "said", [{"Sec-Purpose": "prefetch;prerender"}, {"X-Purpose": "preview"}]
)
def test_what_says_that_it_only_prefetches_is_a_machine(reader, delivery, said):
    click(reader, delivery, **said)

    assert Event.objects.get().machine == "prefetch"


@pytest.mark.parametrize("seconds", [0, 4])
def test_nobody_clicks_within_five_seconds(reader, delivery, seconds):
    delivery.sent_at = timezone.now() - timedelta(seconds=seconds)
    delivery.save()

    click(reader, delivery)
    load_pixel(reader, delivery)

    assert [e.machine for e in Event.objects.all()] == ["too-soon", "too-soon"]


def test_nobody_clicks_while_the_message_is_still_handed_over(reader, delivery):
    delivery.state, delivery.sent_at = "submitting", None
    delivery.save()

    click(reader, delivery)

    assert Event.objects.get().machine == "too-soon"


def test_who_clicks_a_message_of_uncertain_fate_is_a_person(reader, delivery):
    delivery.state, delivery.sent_at = "uncertain", None
    delivery.save()

    click(reader, delivery)

    assert Event.objects.get().machine == ""


def test_apples_proxy_opens_unread_but_does_not_click(reader, delivery):
    load_pixel(reader, delivery, **{"User-Agent": "Mozilla/5.0"})
    click(reader, delivery, **{"User-Agent": "Mozilla/5.0"})

    assert [e.machine for e in Event.objects.all()] == ["image-proxy", ""]


def test_who_tries_all_links_at_once_is_a_machine(reader, delivery):
    for number in range(5):
        click(reader, delivery, number)

    assert [e.machine for e in Event.objects.all()] == ["all-links"] * 5


def test_two_links_at_once_or_one_pressed_often_are_a_person(reader, delivery):
    for number in (1, 2, 1, 1, 2):
        click(reader, delivery, number)

    assert Event.objects.by_people().count() == 5


def test_a_click_of_before_stays_a_persons(reader, delivery):
    click(reader, delivery, 1)
    Event.objects.update(at=timezone.now() - timedelta(seconds=4))
    for number in (2, 3, 4):
        click(reader, delivery, number)

    assert Event.objects.by_people().get().link.number == 1


def test_a_burst_does_not_touch_somebody_elses_clicks(reader, delivery):
    other = DeliveryFactory(tracked=True, edition=delivery.edition)
    click(reader, other, 1)
    for number in (2, 3, 4):
        click(reader, delivery, number)

    assert Event.objects.by_people().get().delivery == other


def test_a_burst_keeps_the_name_of_an_earlier_rule(reader, delivery):
    click(reader, delivery, 1, **{"User-Agent": "curl/8"})
    for number in (2, 3):
        click(reader, delivery, number)

    names = [e.machine for e in Event.objects.all()]
    assert names == ["known-scanner", "all-links", "all-links"]


def test_nothing_of_the_reader_is_kept(reader, delivery):
    click(reader, delivery)
    load_pixel(reader, delivery)

    for event in Event.objects.values():
        kept = " ".join(str(value) for value in event.values())
        assert "Firefox" not in kept
        assert "127.0.0.1" not in kept
