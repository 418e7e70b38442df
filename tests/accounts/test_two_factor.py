"""The second factor: who needs it, how it is set up and given, and no way around it."""

import os
import re
import subprocess
import sys
from io import BytesIO

import pytest
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.core.checks import run_checks
from django.test import Client
from lxml import html

from articles.models import Article
from ecfr_site.accounts import second_factor
from tests.accounts.second_factor import (
    Phone,
    give_code,
    has_factor,
    is_at_the_desk,
    sign_in,
)
from tests.admin_site.desk import article_form
from tests.conftest import signed_in
from tests.factories import ArticleFactory, AttachmentFactory, UserFactory, jpeg

pytestmark = pytest.mark.django_db

WRITTEN = "<p>Hours of work: ‘kept’.</p>"
SET_UP = "/admin/account/second-factor/"


@pytest.fixture(autouse=True)
def required(settings):
    settings.TWO_FACTOR_GROUPS = ["Publishers", "Managers"]


@pytest.fixture
def ada():
    return UserFactory(username="ada", publisher=True)


@pytest.fixture
def phone(ada):
    return Phone.of(ada)


@pytest.fixture
def visitor():
    return Client()


def set_up(client):
    """Go through the set-up; the phone and the page with the recovery codes."""
    client.post(SET_UP, {"begin": ""})
    page = client.get(SET_UP)
    [secret] = html.fromstring(page.content).xpath("//p[@class='secret']/code/text()")
    phone = Phone(secret)
    return phone, client.post(SET_UP, {"code": phone.code()})


def recovery_codes(page):
    return html.fromstring(page.content).xpath("//ul[@class='codes']//code/text()")


# Signing in


def test_after_the_password_comes_the_code(visitor, ada, phone):
    asked = sign_in(visitor, ada)

    assert "six digits" in asked.content.decode()
    assert not is_at_the_desk(visitor)

    assert give_code(visitor, phone.code()).status_code == 200
    assert is_at_the_desk(visitor)


def test_one_is_led_to_the_page_one_wanted(visitor, ada, phone):
    wanted = "/admin/articles/article/"
    sign_in(visitor, ada, to=wanted)

    arrived = give_code(visitor, phone.code(), to=wanted)

    assert arrived.request["PATH_INFO"] == wanted


def test_no_foreign_page_is_led_to(visitor, ada, phone):
    sign_in(visitor, ada, to="https://evil.example/")

    arrived = give_code(visitor, phone.code(), to="https://evil.example/")

    assert arrived.request["PATH_INFO"] == "/admin/"


def test_a_wrong_password_says_nothing_of_a_code(visitor, ada, phone):
    refused = sign_in(visitor, ada, password="wrong")
    other = sign_in(Client(), UserFactory(username="bob", editor=True), "wrong")

    assert refused.status_code == other.status_code == 200
    assert "digits" not in refused.content.decode()
    assert visitor.get("/admin/login/code/").status_code == 302


def test_a_wrong_code_is_refused(visitor, ada, phone):
    sign_in(visitor, ada)

    assert "not right" in give_code(visitor, phone.wrong()).content.decode()
    assert not is_at_the_desk(visitor)


def test_a_code_counts_once(visitor, ada, phone):
    code = phone.code()
    sign_in(visitor, ada)
    give_code(visitor, code)
    second = Client()
    sign_in(second, ada)

    assert "used before" in give_code(second, code).content.decode()
    assert not is_at_the_desk(second)


@pytest.mark.parametrize(("seconds", "good"), [(-30, True), (30, True), (90, False)])
def test_clocks_may_differ_a_little(visitor, ada, phone, seconds, good):
    sign_in(visitor, ada)

    give_code(visitor, phone.code(seconds))

    assert is_at_the_desk(visitor) is good


def test_after_wrong_codes_even_the_right_one_waits(visitor, ada, phone, time_machine):
    time_machine.move_to("2027-01-10 10:00:00+00:00", tick=False)
    sign_in(visitor, ada)
    for _ in range(4):
        give_code(visitor, phone.wrong())
        time_machine.shift(1)

    refused = give_code(visitor, phone.code())
    assert "That code was wrong" in refused.content.decode()
    assert not is_at_the_desk(visitor)

    time_machine.shift(30)
    give_code(visitor, phone.code())
    assert is_at_the_desk(visitor)


def test_a_recovery_code_takes_the_place_of_the_phone_once(visitor, ada, phone):
    code = phone.recovery[0]
    sign_in(visitor, ada)
    arrived = give_code(visitor, code.upper().replace("-", " "))
    assert "Codes left: 9" in arrived.content.decode()
    assert is_at_the_desk(visitor)

    second = Client()
    sign_in(second, ada)
    give_code(second, code)

    assert not is_at_the_desk(second)


def test_wrong_recovery_codes_do_not_make_the_phone_wait(visitor, ada, phone):
    sign_in(visitor, ada)
    for _ in range(3):
        give_code(visitor, "aaaa-aaaa")

    give_code(visitor, phone.code())

    assert is_at_the_desk(visitor)


def test_somebody_elses_code_does_not_count(visitor, ada, phone):
    theirs = Phone.of(UserFactory(publisher=True))
    sign_in(visitor, ada)

    give_code(visitor, theirs.recovery[0])
    give_code(visitor, theirs.code())

    assert not is_at_the_desk(visitor)


def test_the_password_is_remembered_for_ten_minutes(visitor, ada, phone, time_machine):
    time_machine.move_to("2027-01-10 10:00:00+00:00", tick=False)
    sign_in(visitor, ada)
    time_machine.shift(601)

    give_code(visitor, phone.code())

    assert not is_at_the_desk(visitor)


def test_one_goes_back_to_the_password_by_a_button_alone(visitor, ada, phone):
    sign_in(visitor, ada)
    assert visitor.get("/admin/login/again/").status_code == 405
    assert visitor.get("/admin/login/code/").status_code == 200

    visitor.post("/admin/login/again/")

    assert visitor.get("/admin/login/code/").status_code == 302


@pytest.mark.parametrize(
    "change",
    [
        {"is_active": False},
        {"is_staff": False},
        {"password": "md5$salt$other"},
    ],
)
def test_who_lost_the_account_between_the_steps_gets_no_further(
    visitor, ada, phone, change
):
    sign_in(visitor, ada)
    type(ada).objects.filter(pk=ada.pk).update(**change)

    give_code(visitor, phone.code())

    assert not is_at_the_desk(visitor)


# Who needs it


@pytest.mark.parametrize(
    ("role", "needs"),
    [
        ("contributor", False),
        ("editor", False),
        ("publisher", True),
        ("manager", True),
    ],
)
def test_the_groups_of_the_setting_are_led_to_the_set_up(role, needs):
    client = signed_in(**{role: True})

    assert is_at_the_desk(client) is not needs
    if needs:
        assert client.get("/admin/")["Location"].startswith(SET_UP)
        assert "Show the code to scan" in client.get(SET_UP).content.decode()


def test_superusers_only_where_the_setting_says_so(settings):
    client = signed_in(is_staff=True, is_superuser=True)
    assert is_at_the_desk(client)

    settings.TWO_FACTOR_GROUPS = ["superusers"]

    assert not is_at_the_desk(client)


def doors(article):
    return [
        "/admin/",
        "/admin/articles/article/",
        f"/admin/articles/article/{article.pk}/change/",
        f"/admin/articles/article/{article.pk}/preview/",
        f"/admin/articles/article/{article.pk}/history/",
        "/admin/authors/author/",
        "/admin/outbox/",
        "/admin/password_change/",
        "/admin/account/",
        "/admin/autocomplete/?app_label=articles&model_name=byline&field_name=author",
        "/admin/r/1/1/",
        "/admin/articles/article/position/?author=1",
        "/admin/images/image/1/chosen/",
        "/admin/moment/?day=01/02/2030&time=09:00",
        "/admin/tasks/",
    ]


@pytest.mark.parametrize("state", ["not set up", "no code given"])
def test_without_it_every_door_of_the_desk_is_closed(state):
    article = ArticleFactory(draft=True, title="Under embargo")
    client = signed_in(publisher=True)
    if state == "no code given":
        Phone.of(client.user)

    for door in doors(article):
        answer = client.get(door)
        assert answer.status_code == 302, door
        assert answer["Location"].startswith(("/admin/account/sec", "/admin/login/c"))
        assert "embargo" not in answer.content.decode()


def test_without_it_no_picture_is_uploaded():
    client = signed_in(publisher=True)

    sent = {"upload": jpeg_file()}
    assert client.post("/admin/images/upload/", sent).status_code == 403

    set_up(client)
    sent = {"upload": jpeg_file()}
    assert client.post("/admin/images/upload/", sent).status_code == 201


def jpeg_file():
    file = BytesIO(jpeg())
    file.name = "picture.jpg"
    return file


@pytest.mark.parametrize(
    ("state", "status"), [("anonymous", 401), ("unverified", 401), ("not set up", 403)]
)
def test_scripts_get_an_answer_that_they_understand(state, status):
    client = signed_in(publisher=True)
    if state == "unverified":
        Phone.of(client.user)
    if state == "anonymous":
        client.logout()

    for headers in ({"sec-fetch-dest": "empty"}, {"accept": "application/json"}):
        answer = client.get("/admin/", headers=headers)
        assert answer.status_code == status
        assert answer.json()["error"]


def test_who_must_set_up_may_still_sign_out():
    client = signed_in(publisher=True)

    client.post("/admin/login/again/")

    assert client.get(SET_UP)["Location"].startswith("/admin/login/")


# Setting up


def test_a_first_code_switches_it_on(publisher):
    phone, page = set_up(publisher)

    assert has_factor(publisher.user)
    assert is_at_the_desk(publisher)
    assert len(set(recovery_codes(page))) == 10
    visitor = Client()
    sign_in(visitor, publisher.user)
    give_code(visitor, phone.code(30))
    assert is_at_the_desk(visitor)


def test_the_recovery_codes_are_shown_once_and_kept_nowhere(publisher):
    _, page = set_up(publisher)
    code = recovery_codes(page)[0]

    assert "no-store" in page["Cache-Control"]
    for address in (SET_UP, "/admin/account/"):
        assert code not in publisher.get(address, follow=True).content.decode()
    assert code not in str(dict(publisher.session))


def test_a_wrong_first_code_switches_nothing_on(publisher):
    publisher.post(SET_UP, {"begin": ""})

    answer = publisher.post(SET_UP, {"code": "000000"})

    assert "not right" in answer.content.decode()
    assert not has_factor(publisher.user)
    assert not is_at_the_desk(publisher)


def test_a_secret_that_was_shown_long_ago_is_worth_nothing(time_machine):
    time_machine.move_to("2027-01-10 10:00:00+00:00", tick=False)
    publisher = signed_in(publisher=True)
    publisher.post(SET_UP, {"begin": ""})
    phone = Phone(
        second_factor.format_secret(second_factor.get_unconfirmed(publisher.user))
    )
    time_machine.shift(31 * 60)

    publisher.post(SET_UP, {"code": phone.code()})

    assert not has_factor(publisher.user)


def test_the_qr_code_names_the_institution_and_the_account(ada):
    device = second_factor.begin(ada)

    address = second_factor.build_key_uri(device, "Méridien: Conseil")

    assert re.fullmatch(
        r"otpauth://totp/M%C3%A9ridien%20%20Conseil%3Aada"
        r"\?secret=[A-Z2-7]{32}&issuer=M%C3%A9ridien%20%20Conseil",
        address,
    )


def test_opening_the_page_changes_nothing(publisher):
    publisher.get(SET_UP)

    assert second_factor.get_unconfirmed(publisher.user) is None


def test_nobody_sets_up_over_a_factor_that_is_on(publisher):
    phone, _ = set_up(publisher)

    publisher.post(SET_UP, {"begin": ""})

    assert second_factor.get_unconfirmed(publisher.user) is None
    assert has_factor(publisher.user)


def test_a_session_from_before_the_set_up_is_asked_for_a_code(publisher):
    elsewhere = Client()
    elsewhere.force_login(publisher.user)

    set_up(publisher)

    assert elsewhere.get("/admin/")["Location"].startswith("/admin/login/code/")
    assert is_at_the_desk(publisher)


# One's own account


@pytest.fixture
def verified(visitor, ada, phone):
    sign_in(visitor, ada)
    give_code(visitor, phone.code(-30))
    assert is_at_the_desk(visitor)
    return visitor


@pytest.mark.parametrize("address", ["codes", "off"])
def test_without_a_code_nothing_is_changed(verified, ada, phone, address):
    answer = verified.post(f"/admin/account/{address}/", {"code": phone.wrong()})

    assert "not right" in answer.content.decode()
    assert has_factor(ada)
    assert second_factor.count_recovery_codes(ada) == 10


@pytest.mark.parametrize("address", ["codes", "off", "sessions"])
def test_nothing_is_done_by_opening_a_page(verified, address):
    assert verified.get(f"/admin/account/{address}/").status_code == 405


def test_new_recovery_codes_end_the_old(verified, ada, phone):
    page = verified.post("/admin/account/codes/", {"code": phone.code()})

    [new, *_] = recovery_codes(page)
    visitor = Client()
    sign_in(visitor, ada)
    give_code(visitor, phone.recovery[0])
    assert not is_at_the_desk(visitor)
    second_factor.StaticDevice.objects.update(throttling_failure_timestamp=None)
    give_code(visitor, new)
    assert is_at_the_desk(visitor)
    assert is_at_the_desk(verified)


def test_switching_off_leads_who_needs_it_to_the_set_up(verified, ada, phone):
    verified.post("/admin/account/off/", {"code": phone.code()})

    assert not has_factor(ada)
    assert second_factor.count_recovery_codes(ada) == 0
    assert verified.get("/admin/")["Location"].startswith(SET_UP)


def test_an_editor_may_switch_it_on_and_off(editor):
    assert is_at_the_desk(editor)
    phone, _ = set_up(editor)
    assert is_at_the_desk(editor)

    editor.post("/admin/account/off/", {"code": phone.code(30)})

    assert not has_factor(editor.user)
    assert is_at_the_desk(editor)


def test_the_owner_hears_of_it_by_mail_and_it_stands_in_the_history(
    publisher, mailoutbox
):
    phone, _ = set_up(publisher)
    publisher.post("/admin/account/off/", {"code": phone.code(30)})

    said = [mail.body for mail in mailoutbox]
    assert "switched on" in said[0]
    assert "switched off" in said[1]
    assert all(mail.to == [publisher.user.email] for mail in mailoutbox)
    assert list(
        LogEntry.objects.order_by("pk").values_list("change_message", flat=True)
    ) == ["Switched two-factor sign-in on.", "Switched two-factor sign-in off."]


# A manager's help


@pytest.fixture
def helper(manager):
    set_up(manager)
    return manager


def test_a_manager_resets_a_colleagues_factor(helper, ada, verified, mailoutbox):
    helper.post(f"/admin/auth/user/{ada.pk}/reset/")

    assert not has_factor(ada)
    assert not is_at_the_desk(verified)
    assert verified.get("/admin/")["Location"].startswith("/admin/login/?")
    assert "Reset" in LogEntry.objects.filter(user=helper.user).first().change_message
    assert any(mail.to == [ada.email] for mail in mailoutbox)


def test_nobody_resets_the_own_factor_without_a_code(helper):
    answer = helper.post(f"/admin/auth/user/{helper.user.pk}/reset/")

    assert answer.status_code == 403
    assert has_factor(helper.user)


@pytest.mark.parametrize("role", ["contributor", "editor", "publisher", "reader"])
def test_nobody_else_resets_one(request, ada, phone, role, settings):
    settings.TWO_FACTOR_GROUPS = []
    client = request.getfixturevalue(role)

    assert client.post(f"/admin/auth/user/{ada.pk}/reset/").status_code in (302, 403)
    assert has_factor(ada)


def test_opening_the_address_resets_nothing(helper, ada, phone):
    assert helper.get(f"/admin/auth/user/{ada.pk}/reset/").status_code == 405
    assert has_factor(ada)


def test_secrets_are_not_shown_to_superusers_either(ada, phone):
    client = signed_in(is_staff=True, is_superuser=True)

    for model in ("otp_totp/totpdevice", "otp_static/staticdevice"):
        assert client.get(f"/admin/{model}/").status_code == 404


# Nothing typed is lost


@pytest.fixture
def article():
    return ArticleFactory(draft=True, title="Before", slug="before")


@pytest.fixture
def form(verified, article):
    """A form with new text in it, whose session then ended."""
    form = article_form(verified, article)
    form["title"] = "After"
    form["body"] = WRITTEN
    verified.logout()
    form.press("Save draft")
    return form


def is_unsaved(article):
    return Article.objects.get(pk=article.pk).title == "Before"


def test_the_kept_page_asks_for_the_code_too(form, ada, phone, article):
    form["username"] = "ada"
    form["password"] = "correct horse"
    form.press("Sign in and continue")
    assert "One more step" in form.said
    assert "Not saved yet" not in form.said
    assert not is_at_the_desk(form.client)
    assert form["body"] == WRITTEN

    form["code"] = phone.wrong()
    form.press("Sign in and continue")
    assert "not right" in form.said
    assert form["body"] == WRITTEN
    assert not is_at_the_desk(form.client)

    form["code"] = phone.recovery[0]
    form.press("Sign in and continue")

    assert "Not saved yet" in form.said
    assert is_unsaved(article)
    assert form["body"] == WRITTEN
    form.press("Save draft")
    assert Article.objects.get().title == "After"


def test_going_on_without_the_code_saves_nothing(form, ada, phone, article):
    form["username"] = "ada"
    form["password"] = "correct horse"
    form.press("Sign in and continue")

    posted = {**form.values, "_resume": ["1"], "_save": ["1"]}
    form.send(posted)

    assert is_unsaved(article)
    assert not is_at_the_desk(form.client)


def test_a_code_alone_saves_nothing(form, phone, article):
    form.send({**form.values, "_sign_in": ["1"], "code": [phone.code()]})

    assert is_unsaved(article)
    assert not is_at_the_desk(form.client)
    assert form["body"] == WRITTEN


def test_who_has_to_set_up_meanwhile_keeps_the_text(editor, article, settings):
    form = article_form(editor, article)
    form["title"] = "After"
    form["body"] = WRITTEN
    settings.TWO_FACTOR_GROUPS = ["Editors"]

    form.press("Save draft")
    assert "in another window" in form.said
    assert is_unsaved(article)
    form.press("Continue editing")
    assert "in another window" in form.said
    assert is_unsaved(article)

    set_up(editor)
    form.press("Continue editing")

    assert "Not saved yet" in form.said
    assert form["body"] == WRITTEN


def test_a_session_that_lost_its_code_keeps_the_text(editor, article):
    form = article_form(editor, article)
    form["body"] = WRITTEN
    phone = Phone.of(editor.user)

    form.press("Save draft")
    assert "One more step" in form.said
    form["code"] = phone.code()
    form.press("Sign in and continue")

    assert "Not saved yet" in form.said
    assert form["body"] == WRITTEN


@pytest.mark.parametrize(
    ("names", "wrong"),
    [
        (["Publishers", "Managers", "superusers"], []),
        ([], []),
        (["Publisher"], ["Publisher"]),
    ],
)
def test_a_misspelt_group_is_told_before_anybody_relies_on_it(settings, names, wrong):
    settings.TWO_FACTOR_GROUPS = names

    found = [e.msg for e in run_checks(databases=["default"]) if e.id[-4:] == "E002"]

    assert len(found) == len(wrong)
    assert all(name in said for name, said in zip(wrong, found, strict=True))


def test_files_of_drafts_wait_for_the_second_factor_too(ada, visitor):
    name = AttachmentFactory(article=ArticleFactory(draft=True)).file.name
    address = f"/files/{name.removeprefix('attachments/')}"
    sign_in(visitor, ada)
    assert visitor.get(address).status_code == 404

    set_up(visitor)

    assert visitor.get(address).status_code == 200


@pytest.mark.parametrize(
    ("environment", "required"),
    [
        ({}, False),
        ({"ALLOWED_HOSTS": "desk.example.org"}, True),
        ({"TWO_FACTOR_GROUPS": "superusers"}, True),
    ],
)
def test_all_rights_need_a_second_factor_but_on_ones_own_machine(
    tmp_path, environment, required
):
    """As `make run` starts it; with other hosts it is somebody's server."""
    ask = (
        "from ecfr_site.run import prepare_environment; prepare_environment(8000);"
        "from django.conf import settings; print(settings.TWO_FACTOR_GROUPS)"
    )
    done = subprocess.run(
        [sys.executable, "-c", ask],
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path), **environment},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    assert ("superusers" in done.stdout) == required
