"""Guessing passwords does not get far, and tells nothing; nor does asking for links."""

import re

import pytest
from axes.models import AccessAttempt
from django.test import Client

from articles.models import Article
from ecfr_site.security.client_ip import client_address
from tests.accounts.second_factor import Phone, give_code, is_at_the_desk, sign_in
from tests.admin_site.desk import article_form
from tests.factories import ArticleFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return UserFactory(username="ada", editor=True)


@pytest.fixture
def bob():
    return UserFactory(username="bob", editor=True)


def at(address):
    return Client(REMOTE_ADDR=address)


def guess(client, user, times):
    """The answer to the last of so many wrong passwords."""
    for number in range(times):
        answer = sign_in(client, user, password=f"wrong {number}")
    return answer


def test_the_right_password_opens_the_desk(ada):
    client = Client()

    assert sign_in(client, ada).request["PATH_INFO"] == "/admin/"
    assert is_at_the_desk(client)


def test_after_five_failures_even_the_right_password_waits(ada):
    client = Client()
    assert guess(client, ada, 4).status_code == 200

    locked = guess(client, ada, 1)

    assert locked.status_code == 429
    assert "Too many failed attempts" in locked.content.decode()
    assert re.search(r"again at\s+<strong>\d\d:\d\d</strong>", locked.content.decode())
    assert "no-store" in locked["Cache-Control"]
    assert sign_in(client, ada).status_code == 429
    assert not is_at_the_desk(client)


def test_it_waits_a_quarter_of_an_hour_however_often_one_tries(ada, time_machine):
    time_machine.move_to("2027-01-10 10:00:00+00:00", tick=False)
    client = Client()
    guess(client, ada, 5)
    time_machine.shift(14 * 60)
    said = guess(client, ada, 3).content.decode()
    assert "11:15" in said
    assert "60 seconds" in said
    assert sign_in(client, ada).status_code == 429

    time_machine.shift(61)

    sign_in(client, ada)
    assert is_at_the_desk(client)


def test_others_and_other_places_are_not_kept_out(ada, bob):
    guess(at("203.0.113.5"), ada, 5)

    elsewhere, other = at("198.51.100.7"), at("203.0.113.5")
    sign_in(elsewhere, ada)
    sign_in(other, bob)

    assert is_at_the_desk(elsewhere)
    assert is_at_the_desk(other)


def test_success_forgets_the_failures(ada):
    client = Client()
    guess(client, ada, 4)
    sign_in(client, ada)
    client.logout()

    assert guess(client, ada, 4).status_code == 200


def test_success_at_one_account_forgets_no_failures_at_another(ada, bob):
    guess(at("203.0.113.5"), ada, 4)
    sign_in(at("203.0.113.5"), bob)

    assert guess(at("203.0.113.5"), ada, 1).status_code == 429


def test_an_address_has_a_limit_over_all_accounts(settings, ada, bob):
    settings.SIGN_IN_FAILURES_AN_ADDRESS = 8
    guess(at("203.0.113.5"), ada, 4)
    guess(at("203.0.113.5"), UserFactory(username="eve"), 4)

    assert sign_in(at("203.0.113.5"), bob).status_code == 429
    assert sign_in(at("198.51.100.7"), bob).status_code == 200


def test_another_browser_is_no_way_around(ada):
    for number in range(5):
        agent = Client(headers={"user-agent": f"Browser {number}"})
        locked = guess(agent, ada, 1)

    assert locked.status_code == 429


def test_another_address_of_the_same_household_is_no_way_around(ada):
    for number in range(5):
        locked = guess(at(f"2001:db8:1:2::{number}"), ada, 1)

    assert locked.status_code == 429
    assert guess(at("2001:db8:1:3::1"), ada, 1).status_code == 200


def test_a_forged_header_is_no_way_around(ada):
    for number in range(5):
        forged = Client(headers={"x-forwarded-for": f"203.0.113.{number}"})
        locked = guess(forged, ada, 1)

    assert locked.status_code == 429


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("203.0.113.5, 198.51.100.7", "198.51.100.7"),
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("rubbish", "127.0.0.1"),
        ("", "127.0.0.1"),
    ],
)
def test_behind_a_proxy_its_own_word_counts(rf, settings, forwarded, address):
    request = rf.get("/", headers={"x-forwarded-for": forwarded})
    assert client_address(request) == "127.0.0.1"

    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

    assert client_address(request) == address


def test_an_unknown_account_gets_the_same_answers(ada):
    def answers(name):
        client = at("203.0.113.5")
        said = []
        for _ in range(6):
            posted = {"username": name, "password": "wrong", "next": "/admin/"}
            answer = client.post("/admin/login/", posted)
            page = answer.content.decode().replace(name, "")
            page = re.sub(r'value="[^"]{64}"|in \d+\s(minutes|seconds)', "", page)
            said.append((answer.status_code, re.sub(r"\d\d:\d\d", "", page)))
        return said

    assert answers("ada") == answers("unheard.of")


@pytest.mark.parametrize("name", ["a" * 151, "ä" * 300, "ada" + " " * 9000 + "x"])
def test_a_name_longer_than_any_is_answered_like_a_wrong_one(name, ada):
    answer = Client().post(
        "/admin/login/", {"username": name, "password": "secret", "next": "/admin/"}
    )

    assert answer.status_code == 200
    assert "user name or password is incorrect" in answer.content.decode()
    assert not AccessAttempt.objects.exists()


def test_what_was_posted_is_not_kept(ada):
    Client().post(
        "/admin/login/?next=/secret/",
        {"username": "ada", "password": "wrong", "body": "An article."},
    )

    attempt = AccessAttempt.objects.get()
    assert attempt.post_data == attempt.get_data == ""


def test_a_right_password_without_its_code_forgets_no_failures(ada):
    phone = Phone.of(ada)
    client = Client()
    guess(client, ada, 4)
    sign_in(client, ada)
    give_code(client, phone.wrong())

    assert guess(client, ada, 1).status_code == 429


def test_who_is_no_editor_hears_the_same_as_with_a_wrong_password():
    stranger = UserFactory(username="stranger")

    right = sign_in(Client(), stranger).content.decode()
    wrong = sign_in(Client(), stranger, "wrong").content.decode()

    token = re.compile(r'value="[^"]{64}"')
    assert token.sub("", right) == token.sub("", wrong)


# The page with the kept text


@pytest.fixture
def form(ada):
    client = Client()
    client.force_login(ada)
    form = article_form(client, ArticleFactory(draft=True, title="Before"))
    form["title"] = "After"
    form["body"] = "<p>Hours of work.</p>"
    client.logout()
    form.press("Save draft")
    return form


def test_guessing_on_the_kept_page_counts_and_keeps_the_text(form, ada):
    for number in range(5):
        form["username"] = "ada"
        form["password"] = f"wrong {number}"
        form.press("Sign in and continue")

    assert form.response.status_code == 429
    assert "Too many failed attempts" in form.said
    form["username"] = "ada"
    form["password"] = "correct horse"
    form.press("Sign in and continue")

    assert form.response.status_code == 429
    assert form["body"] == "<p>Hours of work.</p>"
    assert not is_at_the_desk(form.client)
    assert Article.objects.get().title == "Before"
    assert "Hours" not in AccessAttempt.objects.get().post_data


# Links to set a password


def ask_for_link(email, client=None):
    return (client or Client()).post("/admin/password/", {"email": email}, follow=True)


def link_in(mail):
    return re.search(r"/admin/password/\S+", mail.body)[0]


def set_password(client, link, password="four words, one horse"):
    form = client.get(link, follow=True)
    return client.post(
        form.request["PATH_INFO"],
        {"new_password1": password, "new_password2": password},
        follow=True,
    )


def test_a_link_by_mail_sets_a_new_password(ada, mailoutbox):
    ask_for_link("ADA@example.org")

    [mail] = mailoutbox
    assert mail.to == ["ada@example.org"]
    assert "Meridian Council" in mail.subject
    assert "Set a password" in Client().get(link_in(mail), follow=True).content.decode()
    done = set_password(Client(), link_in(mail))
    assert "Your password is set" in done.content.decode()
    client = Client()
    sign_in(client, ada, "four words, one horse")
    assert is_at_the_desk(client)


def test_the_link_leads_to_the_site_whatever_the_request_says(
    ada, mailoutbox, settings
):
    settings.ALLOWED_HOSTS = ["*"]
    Client(headers={"host": "evil.example"}).post(
        "/admin/password/", {"email": ada.email}
    )

    assert "evil.example" not in mailoutbox[0].body
    assert settings.SITE_URL in mailoutbox[0].body


def test_the_answer_does_not_tell_whether_there_is_an_account(ada, mailoutbox):
    known, unknown = ask_for_link(ada.email), ask_for_link("nobody@example.org")

    assert known.content == unknown.content
    assert len(mailoutbox) == 1


@pytest.mark.parametrize("role", [{"is_active": False, "editor": True}, {}])
def test_no_link_goes_to_who_may_not_be_on_the_desk(role, mailoutbox):
    user = UserFactory(**role)

    ask_for_link(user.email)

    assert not mailoutbox


def test_a_link_is_good_once(ada, mailoutbox):
    ask_for_link(ada.email)
    link = link_in(mailoutbox[0])
    set_password(Client(), link)

    assert "no longer works" in Client().get(link, follow=True).content.decode()


def test_a_link_is_good_no_more_once_the_account_is_deactivated(ada, mailoutbox):
    ask_for_link(ada.email)
    ada.is_active = False
    ada.save()

    page = Client().get(link_in(mailoutbox[0]), follow=True).content.decode()

    assert "no longer works" in page


@pytest.mark.parametrize(("hours", "good"), [(23, True), (25, False)])
def test_a_link_is_good_for_a_day(ada, mailoutbox, time_machine, hours, good):
    time_machine.move_to("2027-01-10 10:00:00+00:00", tick=False)
    ask_for_link(ada.email)
    time_machine.shift(hours * 3600)

    page = Client().get(link_in(mailoutbox[0]), follow=True).content.decode()

    assert ("no longer works" not in page) is good


def test_a_new_password_signs_nobody_in_and_needs_the_code_still(ada, mailoutbox):
    phone = Phone.of(ada)
    ask_for_link(ada.email)
    client = Client()

    set_password(client, link_in(mailoutbox[0]))

    assert not is_at_the_desk(client)
    sign_in(client, ada, "four words, one horse")
    assert not is_at_the_desk(client)
    give_code(client, phone.code())
    assert is_at_the_desk(client)


@pytest.mark.parametrize("password", ["short one", "password1234", "1234567890123"])
def test_a_weak_password_is_refused(ada, mailoutbox, password):
    ask_for_link(ada.email)
    before = ada.password

    set_password(Client(), link_in(mailoutbox[0]), password)

    ada.refresh_from_db()
    assert ada.password == before


def test_a_password_like_the_name_is_refused(mailoutbox):
    user = UserFactory(username="hieronymus.bock", editor=True)
    ask_for_link(user.email)

    set_password(Client(), link_in(mailoutbox[0]), "hieronymus.bock")

    assert user.password == type(user).objects.get(pk=user.pk).password


def test_an_account_gets_few_links_an_hour(ada, mailoutbox):
    for number in range(4):
        answer = ask_for_link(ada.email, at(f"203.0.113.{number}"))

    assert len(mailoutbox) == 3
    assert "Too many links" in answer.content.decode()
    for number in range(4):
        unknown = ask_for_link("nobody@example.org", at(f"198.51.100.{number}"))
    assert "Too many links" in unknown.content.decode()


def test_without_the_cache_links_are_sent_all_the_same(ada, mailoutbox, settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }

    ask_for_link(ada.email)

    assert len(mailoutbox) == 1


def test_capitals_are_no_way_around(ada, mailoutbox):
    for number in range(4):
        email = ada.email[:number].upper() + ada.email[number:]
        ask_for_link(email, at(f"203.0.113.{number}"))

    assert len(mailoutbox) == 3


def test_an_address_asks_for_few_links_an_hour(settings, ada, mailoutbox):
    settings.PASSWORD_LINKS_AN_ADDRESS_AN_HOUR = 2
    for number in range(2):
        ask_for_link(f"{number}@example.org", at("203.0.113.5"))

    assert "Too many" in ask_for_link(ada.email, at("203.0.113.5")).content.decode()
    assert not mailoutbox
    ask_for_link(ada.email, at("198.51.100.7"))
    assert len(mailoutbox) == 1


def test_the_owner_hears_of_a_new_password(ada, mailoutbox):
    ask_for_link(ada.email)
    set_password(Client(), link_in(mailoutbox[0]))

    assert "password of your account was changed" in mailoutbox[-1].body
