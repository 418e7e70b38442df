"""Passkeys: added, used as second factor and instead of the password, and removed."""

import json

import pytest
from axes.models import AccessAttempt
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.contrib.sessions.models import Session
from django.core.checks import run_checks
from django.test import Client
from webauthn.helpers import bytes_to_base64url

from articles.models import Article
from ecfr_site.accounts import passkeys, second_factor
from ecfr_site.accounts.models import Passkey
from ecfr_site.audit.models import AuditEntry
from tests.accounts.authenticator import ADD, Authenticator, ask, begin_adding
from tests.accounts.second_factor import (
    Phone,
    give_code,
    has_factor,
    is_at_the_desk,
    sign_in,
)
from tests.admin_site.desk import article_form
from tests.conftest import signed_in
from tests.factories import ArticleFactory, UserFactory

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse"
SITE = "localhost:8000"


def browser():
    """One at the address that passkeys belong to."""
    return Client(HTTP_HOST=SITE)


def at_site(client):
    client.defaults["HTTP_HOST"] = SITE
    return client


@pytest.fixture(autouse=True)
def required(settings):
    settings.ALLOWED_HOSTS = ["*"]
    settings.TWO_FACTOR_GROUPS = ["Publishers", "Managers"]


@pytest.fixture
def ada():
    return UserFactory(username="ada", publisher=True, first_name="Ada")


@pytest.fixture
def laptop(ada):
    """Ada's only second factor, with recovery codes."""
    laptop = Authenticator.of(ada)
    laptop.recovery = second_factor.create_recovery_codes(ada)
    return laptop


@pytest.fixture
def visitor():
    return browser()


@pytest.fixture
def at_desk(visitor, ada, laptop):
    """Ada, signed in with password and passkey."""
    sign_in(visitor, ada)
    use(visitor, laptop)
    assert is_at_the_desk(visitor)
    return visitor


def use(client, authenticator, **how):
    """Answer with a passkey on the page for the second factor."""
    answer = authenticator.get(ask(client), **how)
    return client.post("/admin/login/code/", {"passkey": answer}, follow=True)


def use_alone(client, authenticator, **how):
    """Answer with a passkey on the first page, instead of the password."""
    answer = authenticator.get(ask(client, own=False), **how)
    return client.post("/admin/login/", {"passkey": answer}, follow=True)


def proof(client, authenticator):
    return {"passkey": authenticator.get(ask(client))}


def address_of(row):
    return f"/admin/account/passkeys/{row.pk}/remove/"


# Adding


def test_a_passkey_as_first_factor_brings_the_recovery_codes(ada, visitor):
    sign_in(visitor, ada)
    options = begin_adding(visitor, password=PASSWORD)
    page = visitor.post(ADD, {"passkey": Authenticator().create(options)})

    row = ada.passkey_set.get()
    assert (row.name, row.transports) == ("Laptop", ["internal"])
    assert page.content.decode().count("<li><code>") == 10
    assert is_at_the_desk(visitor)


def test_what_was_added_signs_in(ada, visitor):
    laptop = Authenticator()
    sign_in(visitor, ada)
    options = begin_adding(visitor, password=PASSWORD)
    visitor.post(ADD, {"passkey": laptop.create(options)})

    second = browser()
    sign_in(second, ada)
    use(second, laptop)
    third = browser()
    use_alone(third, laptop)

    assert is_at_the_desk(second)
    assert is_at_the_desk(third)


def test_the_browser_is_told_of_site_and_account(ada, visitor):
    sign_in(visitor, ada)

    options = begin_adding(visitor, password=PASSWORD)

    assert options["rp"]["id"] == "localhost"
    assert options["user"]["name"] == "ada"
    assert "ada" not in str(options["user"]["id"])
    assert options["excludeCredentials"] == []


def test_beside_an_app_no_recovery_code_changes(ada, visitor):
    phone = Phone.of(ada)
    sign_in(visitor, ada)
    give_code(visitor, phone.code(-30))

    options = begin_adding(visitor, code=phone.code())
    page = visitor.post(ADD, {"passkey": Authenticator().create(options)}, follow=True)

    assert "Added the passkey “Laptop”" in page.content.decode()
    assert second_factor.count_recovery_codes(ada) == 10
    assert has_factor(ada)


def test_a_second_one_is_for_the_same_person_and_never_on_the_same_device(
    at_desk, ada, laptop
):
    options = begin_adding(at_desk, name="Key", **proof(at_desk, laptop))

    assert options["user"]["id"] == laptop.row.user_handle
    [excluded] = options["excludeCredentials"]
    assert excluded["id"] == laptop.row.credential_id


@pytest.mark.parametrize("given", [{}, {"password": "wrong"}, {"code": "123456"}])
def test_without_the_password_nothing_is_added_to_an_account(visitor, ada, given):
    sign_in(visitor, ada)

    assert begin_adding(visitor, **given) is None
    visitor.post(ADD, {"passkey": "{}"})

    assert not ada.passkey_set.exists()


@pytest.mark.parametrize("given", [{}, {"password": PASSWORD}, {"code": "abcd-efgh"}])
def test_where_a_second_factor_is_on_that_is_asked_for(at_desk, ada, given):
    assert begin_adding(at_desk, **given) is None
    assert ada.passkey_set.count() == 1


def test_wrong_passwords_on_that_page_are_counted(visitor, ada):
    sign_in(visitor, ada)
    for _ in range(4):
        begin_adding(visitor, password="wrong")

    refused = visitor.post(ADD, {"name": "Mine", "password": "wrong"})

    assert refused.status_code == 429


def test_who_waits_for_the_second_factor_adds_none(visitor, ada, laptop):
    sign_in(visitor, ada)

    answer = visitor.post(ADD, {"name": "Mine", "password": PASSWORD})

    assert answer["Location"].startswith("/admin/login/")
    assert not visitor.session.get("new-passkey")


def test_the_proof_is_good_for_ten_minutes(visitor, ada, time_machine):
    time_machine.move_to("2027-01-10 10:00:00+00:00", tick=False)
    sign_in(visitor, ada)
    begin_adding(visitor, password=PASSWORD)
    time_machine.shift(601)

    assert "Create the passkey" not in visitor.get(ADD).content.decode()


def test_an_answer_is_good_for_five_minutes(visitor, ada, time_machine):
    time_machine.move_to("2027-01-10 10:00:00+00:00", tick=False)
    sign_in(visitor, ada)
    options = begin_adding(visitor, password=PASSWORD)
    time_machine.shift(301)

    page = visitor.post(ADD, {"passkey": Authenticator().create(options)})

    assert "could not be added" in page.content.decode()
    assert not ada.passkey_set.exists()


def test_an_answer_adds_once(visitor, ada):
    sign_in(visitor, ada)
    options = begin_adding(visitor, password=PASSWORD)
    answer = {"passkey": Authenticator().create(options)}
    visitor.post(ADD, answer)

    visitor.post(ADD, answer)

    assert ada.passkey_set.count() == 1


def test_another_sites_answer_adds_nothing(visitor, ada):
    sign_in(visitor, ada)
    options = begin_adding(visitor, password=PASSWORD)

    answer = Authenticator().create(options, origin="https://evil.example")
    visitor.post(ADD, {"passkey": answer})

    assert not ada.passkey_set.exists()


def test_nobody_adds_the_passkey_that_is_anothers(visitor, ada):
    stolen = Authenticator.of(UserFactory(publisher=True))
    sign_in(visitor, ada)
    options = begin_adding(visitor, password=PASSWORD)

    page = visitor.post(ADD, {"passkey": stolen.create(options)})

    assert "already been added" in page.content.decode()
    assert not ada.passkey_set.exists()


@pytest.mark.parametrize(
    "answer",
    ["", "{}", "[]", "null", "{", '{"id": 1}', "[" * 9000, '{"id": "\\u0000"}', "é"],
)
def test_what_no_browser_answers_is_refused_on_every_page(visitor, ada, laptop, answer):
    sign_in(visitor, ada)
    assert visitor.post("/admin/login/code/", {"passkey": answer}).status_code == 200
    assert browser().post("/admin/login/", {"passkey": answer}).status_code == 200
    bob = at_site(signed_in(editor=True, password=PASSWORD))
    begin_adding(bob, password=PASSWORD)
    assert bob.post(ADD, {"passkey": answer}).status_code == 200
    assert not bob.user.passkey_set.exists()


def test_a_garbled_answer_is_refused(visitor, ada, laptop):
    good = json.loads(laptop.get({"challenge": "AAAA", "rpId": "localhost"}))
    for name in good["response"]:
        for value in (None, 1, "", "A", "!!!", "AAAA", {}):
            bad = {**good, "response": {**good["response"], name: value}}
            sign_in(visitor, ada)
            ask(visitor)
            posted = {"passkey": json.dumps(bad)}
            assert visitor.post("/admin/login/code/", posted).status_code == 200
    assert not is_at_the_desk(visitor)


# As second factor


def test_after_the_password_comes_the_passkey(visitor, ada, laptop):
    asked = sign_in(visitor, ada)
    assert "Use your passkey" in asked.content.decode()
    assert not is_at_the_desk(visitor)

    use(visitor, laptop)

    assert is_at_the_desk(visitor)
    laptop.row.refresh_from_db()
    assert laptop.row.sign_count == laptop.count
    assert laptop.row.last_used_at


def test_one_is_led_to_the_page_one_wanted(visitor, ada, laptop):
    wanted = "/admin/articles/article/"
    sign_in(visitor, ada, to=wanted)

    arrived = visitor.post(
        f"/admin/login/code/?next={wanted}",
        {"passkey": laptop.get(ask(visitor)), "next": wanted},
        follow=True,
    )

    assert arrived.request["PATH_INFO"] == wanted


def test_a_touch_is_enough_after_the_password(visitor, ada):
    key = Authenticator.of(ada, verifies=False)
    sign_in(visitor, ada)

    use(visitor, key)

    assert is_at_the_desk(visitor)


def test_a_recovery_code_takes_its_place(visitor, ada, laptop):
    sign_in(visitor, ada)

    arrived = give_code(visitor, laptop.recovery[0])

    assert "Codes left: 9" in arrived.content.decode()
    assert is_at_the_desk(visitor)


def test_the_app_works_beside_it(visitor, ada):
    phone, laptop = Phone.of(ada), Authenticator.of(ada)
    sign_in(visitor, ada)
    give_code(visitor, phone.code())
    second = browser()
    sign_in(second, ada)
    use(second, laptop)

    assert is_at_the_desk(visitor)
    assert is_at_the_desk(second)


def test_somebody_elses_passkey_does_not_count(visitor, ada, laptop):
    theirs = Authenticator.of(UserFactory(publisher=True))
    sign_in(visitor, ada)

    refused = use(visitor, theirs)

    assert "not accepted" in refused.content.decode()
    assert not is_at_the_desk(visitor)


def test_only_ones_own_passkeys_are_asked_for(visitor, ada, laptop):
    Authenticator.of(UserFactory(publisher=True))
    sign_in(visitor, ada)

    [allowed] = ask(visitor)["allowCredentials"]

    assert allowed["id"] == laptop.row.credential_id


def test_nobody_learns_of_passkeys_without_the_password(visitor, ada, laptop):
    refused = sign_in(visitor, ada, password="wrong")

    assert "Use a passkey" not in refused.content.decode()
    assert visitor.post("/admin/account/passkey/").status_code == 404
    assert laptop.row.credential_id not in str(ask(visitor, own=False))


def test_an_answer_counts_once(visitor, ada, laptop):
    sign_in(visitor, ada)
    answer = {"passkey": laptop.get(ask(visitor))}
    visitor.post("/admin/login/code/", answer)
    visitor.post("/admin/logout/")
    sign_in(visitor, ada)

    visitor.post("/admin/login/code/", answer)
    assert not is_at_the_desk(visitor)
    ask(visitor)
    visitor.post("/admin/login/code/", answer)
    assert not is_at_the_desk(visitor)


def test_an_answer_counts_in_the_session_that_was_asked(visitor, ada, laptop):
    sign_in(visitor, ada)
    answer = {"passkey": laptop.get(ask(visitor))}
    second = browser()
    sign_in(second, ada)
    ask(second)

    second.post("/admin/login/code/", answer)

    assert not is_at_the_desk(second)


def test_a_refused_answer_uses_the_challenge_up(visitor, ada, laptop):
    sign_in(visitor, ada)
    options = ask(visitor)
    visitor.post("/admin/login/code/", {"passkey": "{}"})

    visitor.post("/admin/login/code/", {"passkey": laptop.get(options)})

    assert not is_at_the_desk(visitor)


def test_an_answer_counts_for_five_minutes(visitor, ada, laptop, time_machine):
    time_machine.move_to("2027-01-10 10:00:00+00:00", tick=False)
    sign_in(visitor, ada)
    options = ask(visitor)
    time_machine.shift(301)

    visitor.post("/admin/login/code/", {"passkey": laptop.get(options)})

    assert not is_at_the_desk(visitor)


@pytest.mark.parametrize(
    "how",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://localhost:9000"},
        {"rp_id": "evil.example"},
        {"handle": b"another"},
    ],
)
def test_another_sites_answer_does_not_count(visitor, ada, laptop, how):
    sign_in(visitor, ada)
    use(visitor, laptop, **how)
    assert not is_at_the_desk(visitor)

    alone = browser()
    use_alone(alone, laptop, **how)
    assert not is_at_the_desk(alone)


def test_another_key_of_the_same_name_does_not_count(visitor, ada, laptop):
    forged = Authenticator()
    forged.id, forged.handle = laptop.id, laptop.handle
    sign_in(visitor, ada)

    use(visitor, forged)

    assert not is_at_the_desk(visitor)


def test_a_copy_that_counts_behind_is_refused(visitor, ada, laptop):
    Passkey.objects.update(sign_count=100)
    sign_in(visitor, ada)

    use(visitor, laptop)

    assert not is_at_the_desk(visitor)


@pytest.mark.parametrize(
    "change", [{"is_active": False}, {"is_staff": False}, {"password": "md5$salt$new"}]
)
def test_who_lost_the_account_between_the_steps_gets_no_further(
    visitor, ada, laptop, change
):
    sign_in(visitor, ada)
    answer = {"passkey": laptop.get(ask(visitor))}
    type(ada).objects.filter(pk=ada.pk).update(**change)

    visitor.post("/admin/login/code/", answer)

    assert not is_at_the_desk(visitor)


def test_a_passkey_meets_what_the_group_asks(visitor, ada, laptop):
    assert second_factor.is_on(ada)

    client = at_site(Client())
    client.force_login(ada)

    assert client.get("/admin/")["Location"].startswith("/admin/login/code/")


# Instead of the password


def test_a_passkey_alone_opens_the_desk(visitor, ada, laptop):
    use_alone(visitor, laptop)

    assert is_at_the_desk(visitor)
    assert visitor.get("/admin/account/").status_code == 200


def test_alone_it_must_have_seen_its_owner(visitor, ada):
    key = Authenticator.of(ada, verifies=False)

    refused = use_alone(visitor, key)

    assert "not accepted" in refused.content.decode()
    assert not is_at_the_desk(visitor)


def test_alone_it_must_name_its_owner(visitor, ada, laptop):
    laptop.handle = None

    use_alone(visitor, laptop)

    assert not is_at_the_desk(visitor)


def test_what_was_asked_after_the_password_does_not_stand_for_it(visitor, ada, laptop):
    """There a touch is enough, so that the answers may not be exchanged."""
    sign_in(visitor, ada)
    answer = {"passkey": laptop.get(ask(visitor))}
    visitor.post("/admin/login/", answer)
    assert not is_at_the_desk(visitor)

    answer = {"passkey": laptop.get(ask(visitor, own=False))}
    visitor.post("/admin/login/code/", answer)
    assert not is_at_the_desk(visitor)


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_staff": False}])
def test_who_lost_the_account_gets_nowhere(visitor, ada, laptop, change):
    type(ada).objects.filter(pk=ada.pk).update(**change)

    refused = use_alone(visitor, laptop)

    assert "not accepted" in refused.content.decode()
    assert not is_at_the_desk(visitor)


def test_an_unknown_passkey_is_refused_like_a_removed_one(visitor, ada, laptop):
    removed, unknown = laptop, Authenticator()
    unknown.handle = b"nobody"
    laptop.row.delete()

    said = [
        use_alone(browser(), each).content.decode().count("not accepted")
        for each in (removed, unknown)
    ]

    assert said == [1, 1]


def test_failures_are_counted_and_end_in_a_pause(visitor, ada, laptop):
    for _ in range(4):
        use_alone(visitor, laptop, origin="https://evil.example")
    assert AccessAttempt.objects.get().username == "ada"
    assert AccessAttempt.objects.get().failures_since_start == 4

    last = use_alone(visitor, laptop, origin="https://evil.example")
    assert last.status_code == 429
    assert use_alone(visitor, laptop).status_code == 429
    assert not is_at_the_desk(visitor)


def test_a_pause_for_wrong_passwords_is_one_for_passkeys(visitor, ada, laptop):
    for _ in range(5):
        sign_in(visitor, ada, password="wrong")

    use_alone(visitor, laptop)

    assert not is_at_the_desk(visitor)


def test_success_forgets_the_failures(visitor, ada, laptop):
    sign_in(visitor, ada, password="wrong")

    use_alone(visitor, laptop)

    assert not AccessAttempt.objects.exists()


def test_a_session_of_somebody_who_only_asked_ends_soon(visitor, time_machine):
    time_machine.move_to("2027-01-10 10:00:00+00:00", tick=False)
    ask(visitor, own=False)

    kept = Session.objects.get().expire_date - passkeys.timezone.now()

    assert kept.total_seconds() == 600


def test_signed_in_by_a_passkey_one_stays_as_long_as_by_a_password(visitor, laptop):
    use_alone(visitor, laptop)

    assert visitor.session.get_expiry_age() > 11 * 3600


def test_nobody_asks_without_end(visitor):
    for _ in range(30):
        ask(visitor, own=False)

    assert visitor.post("/admin/login/passkey/").status_code == 429


@pytest.mark.parametrize("address", ["login", "account"])
def test_asking_needs_a_post_and_its_token(address):
    path = f"/admin/{address}/passkey/"

    assert browser().get(path).status_code == 405
    strict = Client(enforce_csrf_checks=True, HTTP_HOST=SITE)
    assert strict.post(path).status_code == 403


# Where passkeys work


@pytest.mark.parametrize(
    ("site", "party"),
    [
        ("http://127.0.0.1:8000", ("localhost", "http://localhost:8000")),
        ("http://[::1]:8010", ("localhost", "http://localhost:8010")),
        ("http://localhost:8000", ("localhost", "http://localhost:8000")),
        ("https://www.example.org", ("www.example.org", "https://www.example.org")),
        ("https://Example.org:443", ("example.org", "https://example.org")),
        ("https://example.org:8443", ("example.org", "https://example.org:8443")),
        # Browsers have none without TLS, and none for numbers.
        ("http://desk.example.org", None),
        ("https://192.0.2.7", None),
        ("http://192.0.2.7:8000", None),
    ],
)
def test_the_site_is_known_by_its_address(settings, site, party):
    settings.SITE_URL = site

    assert passkeys.get_relying_party() == party


@pytest.mark.parametrize("site", ["http://127.0.0.1:8000", "https://example.org"])
def test_no_setting_is_needed(settings, site):
    settings.SITE_URL = site

    assert not [found for found in run_checks() if "asskey" in found.msg]


def test_elsewhere_the_pages_offer_none_and_say_where(ada, laptop):
    client = Client(HTTP_HOST="127.0.0.1:8000")
    assert "passkey" not in client.get("/admin/login/").content.decode().replace(
        "passkeys.js", ""
    ).replace('name="passkey"', "").replace('id="id_passkey"', "")
    assert client.post("/admin/login/passkey/").status_code == 404
    sign_in(client, ada)
    assert client.post("/admin/account/passkey/").status_code == 404
    give_code(client, laptop.recovery[0])

    said = client.get("/admin/account/").content.decode()

    assert "http://localhost:8000/admin/account/" in said
    assert "Add a passkey" not in said
    assert client.get(ADD)["Location"] == "/admin/account/"


def test_behind_a_proxy_the_site_is_the_host_of_its_address(settings, ada):
    settings.SITE_URL = "https://desk.example.org"
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    laptop = Authenticator.of(ada)
    client = Client(HTTP_HOST="desk.example.org", HTTP_X_FORWARDED_PROTO="https")

    use_alone(client, laptop, origin="https://desk.example.org")
    assert is_at_the_desk(client)

    other = Client(HTTP_HOST="www.example.org", HTTP_X_FORWARDED_PROTO="https")
    assert other.post("/admin/login/passkey/").status_code == 404


def test_without_tls_nothing_is_said_of_them(settings):
    settings.SITE_URL = "http://desk.example.org"
    client = signed_in(editor=True)

    assert "Passkeys" not in client.get("/admin/account/").content.decode()


def test_the_button_is_hidden_until_a_script_shows_it(visitor):
    page = visitor.get("/admin/login/").content.decode()

    assert '<div class="passkey" hidden>' in page
    assert "<script>" not in page


# Removing


def test_a_passkey_is_removed(at_desk, ada, laptop):
    key = Authenticator.of(ada, name="Key")

    page = at_desk.post(address_of(key.row), proof(at_desk, laptop), follow=True)

    assert "Removed the passkey “Key”" in page.content.decode()
    assert [row.name for row in ada.passkey_set.all()] == ["Laptop"]
    assert second_factor.count_recovery_codes(ada) == 10
    assert is_at_the_desk(at_desk)


def test_a_removed_passkey_opens_nothing(at_desk, ada, laptop):
    key = Authenticator.of(ada, name="Key")
    at_desk.post(address_of(key.row), proof(at_desk, laptop))

    second = browser()
    sign_in(second, ada)
    use(second, key)
    alone = browser()
    use_alone(alone, key)

    assert not is_at_the_desk(second)
    assert not is_at_the_desk(alone)


def test_who_removes_what_the_session_began_with_goes_on_with_the_other(
    at_desk, ada, laptop
):
    key = Authenticator.of(ada, name="Key")

    at_desk.post(address_of(laptop.row), proof(at_desk, key))

    assert is_at_the_desk(at_desk)


def test_a_session_that_began_with_a_removed_one_is_asked_again(at_desk, ada, laptop):
    second = browser()
    key = Authenticator.of(ada, name="Key")
    sign_in(second, ada)
    use(second, key)

    at_desk.post(address_of(key.row), proof(at_desk, laptop))

    assert second.get("/admin/")["Location"].startswith("/admin/login/code/")


@pytest.mark.parametrize("given", [{}, {"code": "abcd-efgh"}, {"password": PASSWORD}])
def test_without_proof_none_is_removed(at_desk, ada, laptop, given):
    key = Authenticator.of(ada, name="Key")

    at_desk.post(address_of(key.row), given)

    assert ada.passkey_set.count() == 2


def test_the_last_factor_that_a_group_asks_for_stays(at_desk, ada, laptop):
    page = at_desk.get(address_of(laptop.row)).content.decode()
    assert "your only second factor" in page

    at_desk.post(address_of(laptop.row), {"code": laptop.recovery[0]})

    assert ada.passkey_set.exists()
    assert second_factor.count_recovery_codes(ada) == 10


def test_who_need_not_have_one_removes_the_last(settings, at_desk, ada, laptop):
    settings.TWO_FACTOR_GROUPS = []

    at_desk.post(address_of(laptop.row), {"code": laptop.recovery[0]})

    assert not second_factor.is_on(ada)
    assert second_factor.count_recovery_codes(ada) == 0
    assert is_at_the_desk(at_desk)


def test_beside_an_app_the_last_passkey_goes(at_desk, ada, laptop):
    phone = Phone.of(ada)

    at_desk.post(address_of(laptop.row), {"code": phone.code()})

    assert not ada.passkey_set.exists()
    assert has_factor(ada)
    assert is_at_the_desk(at_desk)


def test_the_app_goes_and_passkeys_stay(at_desk, ada, laptop):
    phone = Phone.of(ada)

    at_desk.post("/admin/account/app/", {"code": phone.wrong()})
    assert has_factor(ada)
    at_desk.post("/admin/account/app/", proof(at_desk, laptop))

    assert not has_factor(ada)
    assert ada.passkey_set.exists()
    assert second_factor.count_recovery_codes(ada) == 10


def test_the_only_factor_is_not_removed_as_a_phone(visitor, ada):
    phone = Phone.of(ada)
    sign_in(visitor, ada)
    give_code(visitor, phone.code(-30))

    visitor.post("/admin/account/app/", {"code": phone.code()})

    assert has_factor(ada)


def test_switching_off_forgets_passkeys_too(at_desk, ada, laptop):
    at_desk.post("/admin/account/off/", proof(at_desk, laptop))

    assert not second_factor.is_on(ada)
    assert not ada.passkey_set.exists()


def test_new_recovery_codes_for_a_passkey(at_desk, ada, laptop):
    page = at_desk.post("/admin/account/codes/", proof(at_desk, laptop))

    assert page.content.decode().count("<li><code>") == 10
    assert laptop.recovery[0] not in page.content.decode()


def test_an_app_beside_passkeys_needs_one_of_them(at_desk, ada, laptop):
    set_up = "/admin/account/second-factor/"
    at_desk.post(set_up, {"begin": "", "code": "abcd-efgh"})
    assert second_factor.get_unconfirmed(ada) is None

    at_desk.post(set_up, {"begin": "", **proof(at_desk, laptop)})
    app = Phone(second_factor.format_secret(second_factor.get_unconfirmed(ada)))
    page = at_desk.post(set_up, {"code": app.code()}, follow=True)

    assert has_factor(ada)
    assert "Added an authenticator app" in page.content.decode()
    assert second_factor.count_recovery_codes(ada) == 10


# Whose it is

CAST = ["reader", "contributor", "editor", "publisher", "manager"]


@pytest.mark.parametrize("role", CAST)
def test_nobody_sees_or_removes_anothers(request, settings, ada, laptop, role):
    settings.TWO_FACTOR_GROUPS = []
    client = at_site(request.getfixturevalue(role))
    laptop.row.name = "Ada’s telling name"
    laptop.row.save()

    seen = client.get(address_of(laptop.row))
    done = client.post(address_of(laptop.row), {"password": PASSWORD})

    expected = 302 if role == "reader" else 404
    assert (seen.status_code, done.status_code) == (expected, expected)
    assert (
        "telling name"
        not in client.get("/admin/account/", follow=True).content.decode()
    )
    assert ada.passkey_set.exists()


def test_superusers_neither(settings, ada, laptop):
    settings.TWO_FACTOR_GROUPS = []
    client = at_site(signed_in(is_staff=True, is_superuser=True))

    assert client.post(address_of(laptop.row), {}).status_code == 404
    assert client.get("/admin/ecfr_site/passkey/").status_code == 404
    assert Passkey not in admin.site._registry
    assert not Permission.objects.filter(content_type__model="passkey").exists()


def test_a_manager_resets_passkeys_too(at_desk, ada, laptop, settings):
    settings.TWO_FACTOR_GROUPS = ["Publishers"]
    manager = signed_in(manager=True)
    form = manager.get(f"/admin/auth/user/{ada.pk}/change/").content.decode()
    assert "On, with 1 passkey; 10 recovery codes are left." in form

    manager.post(f"/admin/auth/user/{ada.pk}/reset/")

    assert not second_factor.is_on(ada)
    assert not ada.passkey_set.exists()
    assert not is_at_the_desk(at_desk)
    alone = browser()
    use_alone(alone, laptop)
    assert not is_at_the_desk(alone)


def test_filters_tell_nothing_of_passkeys(manager, ada, laptop, settings):
    settings.TWO_FACTOR_GROUPS = []
    lookup = "passkey__credential_id__startswith=a"

    answer = manager.get(f"/admin/auth/user/?{lookup}", follow=True)

    assert answer.status_code == 400


def test_an_erased_colleague_has_none(ada, laptop, settings):
    settings.TWO_FACTOR_GROUPS = []
    boss = signed_in(is_staff=True, is_superuser=True)

    data = boss.post(f"/admin/auth/user/{ada.pk}/data/").json()
    [stored] = data["rows"]["ecfr_site.passkey"]
    assert (stored["name"], stored["user"]) == ("Laptop", ada.pk)

    boss.post(f"/admin/auth/user/{ada.pk}/erase/")
    assert not Passkey.objects.exists()


# The log, and mails


def test_the_log_tells_of_adding_using_and_removing(visitor, ada, mailoutbox):
    laptop, key = Authenticator(), Authenticator()
    sign_in(visitor, ada)
    options = begin_adding(visitor, password=PASSWORD)
    visitor.post(ADD, {"passkey": laptop.create(options)})
    options = begin_adding(visitor, name="Key", **proof(visitor, laptop))
    visitor.post(ADD, {"passkey": key.create(options)})
    row = ada.passkey_set.get(name="Key")
    visitor.post(address_of(row), proof(visitor, laptop))
    use_alone(browser(), laptop)

    told = list(
        AuditEntry.objects.filter(action="two-factor")
        .order_by("pk")
        .exclude(detail__contains="static")
        .values_list("user__username", "detail")
    )
    assert told == [
        ("ada", "Added: passkey."),
        ("ada", "Added: passkey."),
        ("ada", "Removed: passkey."),
    ]
    signed = AuditEntry.objects.filter(action="sign-in").order_by("pk")
    assert [entry.detail for entry in signed] == ["", "With a passkey."]
    assert list(
        LogEntry.objects.order_by("pk").values_list("change_message", flat=True)
    ) == [
        "Switched two-factor sign-in on.",
        "Added the passkey “Key”.",
        "Removed the passkey “Key”.",
    ]
    assert [mail.body.splitlines()[0] for mail in mailoutbox] == [
        "Two-factor sign-in was switched on for your account.",
        "A passkey was added to your account.",
        "A passkey was removed from your account.",
    ]


def test_the_log_tells_of_refusals(visitor, ada, laptop):
    sign_in(visitor, ada)
    use(visitor, laptop, origin="https://evil.example")
    use_alone(browser(), laptop, origin="https://evil.example")

    refused = AuditEntry.objects.filter(action="sign-in-refused").order_by("pk")

    assert [(entry.who, entry.object_id) for entry in refused] == [
        (f"{ada.get_full_name()} (ada)", str(ada.pk))
    ] * 2
    assert refused[0].detail == "A passkey was not accepted."


# Nothing typed is lost


@pytest.mark.parametrize("way", ["second factor", "alone"])
def test_kept_text_comes_back_by_a_passkey(at_desk, ada, laptop, way):
    article = ArticleFactory(draft=True, title="Before", slug="before")
    form = article_form(at_desk, article)
    form["title"] = "After"
    at_desk.logout()
    form.press("Save draft")
    if way == "second factor":
        form["username"] = "ada"
        form["password"] = PASSWORD
        form.press("Sign in and continue")
        assert "use your passkey" in form.said
    else:
        form["username"] = form["password"] = ""

    form["passkey"] = laptop.get(ask(at_desk, own=way == "second factor"))
    form.press("Sign in and continue")

    assert "Not saved yet" in form.said
    assert bytes_to_base64url(laptop.id) not in form.said
    form.press("Save draft")
    assert Article.objects.get().title == "After"
