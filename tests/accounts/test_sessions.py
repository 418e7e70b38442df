"""Sessions: how long they last, and that readers have none."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from tests.accounts.second_factor import is_at_the_desk, sign_in
from tests.conftest import signed_in
from tests.factories import ArticleFactory, UserFactory

pytestmark = pytest.mark.django_db

PASSWORD = "lantern orbit maple"


@pytest.fixture
def now(time_machine):
    time_machine.move_to("2027-01-10 10:00:00+00:00", tick=False)
    return time_machine


@pytest.fixture
def ada(now):
    return signed_in(username="ada", editor=True)


def written(client, address="/admin/", **headers):
    """Open the page; return whether it renewed session and cookie, both or none."""
    before = Session.objects.get().expire_date
    answer = client.get(address, headers=headers)
    renewed = "sessionid" in answer.cookies
    assert renewed is (Session.objects.get().expire_date != before)
    return renewed


def test_readers_get_no_session_and_no_cookie(reader):
    article = ArticleFactory(published=True)

    for address in ("/", article.get_absolute_url(), "/people/", "/search/?q=x"):
        answer = reader.get(address)
        assert not answer.cookies
        assert "Cookie" not in answer.get("Vary", "")
    assert not Session.objects.exists()


def test_opening_the_sign_in_page_makes_no_session(reader):
    reader.get("/admin/login/")
    reader.get("/admin/password/")

    assert not Session.objects.exists()


@pytest.mark.parametrize("https", [True, False])
def test_the_cookie_is_for_the_server_alone(settings, https):
    settings.SESSION_COOKIE_SECURE = https
    client = Client()

    answer = client.post(
        "/admin/login/",
        {"username": UserFactory(editor=True).username, "password": "correct horse"},
    )

    cookie = answer.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert bool(cookie["secure"]) is https


def test_after_twelve_idle_hours_the_session_is_over(ada, now):
    ada.get("/admin/")
    now.shift(timedelta(hours=11, minutes=50))
    assert is_at_the_desk(ada)
    now.shift(timedelta(hours=11, minutes=50))
    assert is_at_the_desk(ada)

    now.shift(timedelta(hours=12, minutes=1))

    assert not is_at_the_desk(ada)


def test_after_two_weeks_it_is_over_whatever_one_does(ada, now):
    for _ in range(14 * 4 - 1):
        now.shift(timedelta(hours=6))
        assert is_at_the_desk(ada)

    now.shift(timedelta(hours=6, minutes=1))

    assert not is_at_the_desk(ada)


def test_signing_in_again_begins_two_new_weeks(ada, now):
    for _ in range(13 * 4):
        now.shift(timedelta(hours=6))
        assert is_at_the_desk(ada)
    sign_in(ada, ada.user)

    for _ in range(2 * 4):
        now.shift(timedelta(hours=6))
        assert is_at_the_desk(ada)


def test_the_session_is_not_written_with_every_page(ada, now):
    ada.get("/admin/")
    now.shift(timedelta(minutes=9))
    assert not written(ada)

    now.shift(timedelta(minutes=2))
    assert written(ada)
    assert not written(ada)


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-dest": "empty"},
        {"x-requested-with": "XMLHttpRequest"},
        {"accept": "application/json"},
    ],
)
def test_what_a_script_sends_by_itself_keeps_nobody_signed_in(ada, now, headers):
    ada.get("/admin/")
    now.shift(timedelta(hours=6))

    assert not written(ada, **headers)
    assert written(ada)


def test_a_new_password_signs_out_everywhere_else(ada):
    elsewhere = Client()
    elsewhere.force_login(ada.user)

    ada.post(
        "/admin/password_change/",
        {
            "old_password": "correct horse",
            "new_password1": PASSWORD,
            "new_password2": PASSWORD,
        },
    )

    assert is_at_the_desk(ada)
    assert not is_at_the_desk(elsewhere)


def test_one_signs_out_everywhere_else_by_a_button(ada):
    elsewhere, colleague = Client(), signed_in(editor=True)
    elsewhere.force_login(ada.user)

    answer = ada.post("/admin/account/sessions/", follow=True)

    assert "in 1 other place." in answer.content.decode()
    assert is_at_the_desk(ada)
    assert not is_at_the_desk(elsewhere)
    assert is_at_the_desk(colleague)


def test_the_clock_clears_ended_sessions_away(ada, now):
    now.shift(timedelta(hours=13))
    current = signed_in(editor=True)

    call_command("run_due")

    assert Session.objects.get().session_key == current.session.session_key
    assert Session.objects.get().expire_date > timezone.now()
