"""Rights over accounts and groups: nobody can raise their own."""

import re

import pytest
from axes.models import AccessAttempt
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.db import IntegrityError
from django.test import Client

from ecfr_site.accounts import second_factor
from tests.accounts.second_factor import Phone, is_at_the_desk, sign_in
from tests.admin_site.desk import OpenForm
from tests.conftest import signed_in
from tests.factories import AuthorFactory, UserFactory

pytestmark = pytest.mark.django_db

ACCOUNTS = "/admin/auth/user/"
ROLES = ["reader", "contributor", "editor", "publisher", "newsletter_manager"]


@pytest.fixture
def superuser():
    return signed_in(is_staff=True, is_superuser=True)


@pytest.fixture
def boss():
    """A superuser whom others would like to be."""
    return UserFactory(
        username="boss", email="boss@example.org", is_staff=True, is_superuser=True
    )


@pytest.fixture
def ada():
    return UserFactory(
        username="ada", first_name="Ada", last_name="Verne", contributor=True
    )


def address(user):
    return f"{ACCOUNTS}{user.pk}/change/"


def group(name):
    return str(Group.objects.get(name=name).pk)


def account_form(client, user=None):
    """The form of an account, beside those of what can be done to it."""
    return AccountPage(client, address(user) if user else f"{ACCOUNTS}add/")


@pytest.fixture(autouse=True)
def mails_go_out(django_capture_on_commit_callbacks, monkeypatch):
    """Run what waits for the end of a request's transaction at its end."""
    send = OpenForm.send

    def send_and_commit(form, *args, **kwargs):
        with django_capture_on_commit_callbacks(execute=True):
            return send(form, *args, **kwargs)

    monkeypatch.setattr(OpenForm, "send", send_and_commit)


class AccountPage(OpenForm):
    def take(self, response):
        page = response.content.decode()
        start = page.find('<section class="desk-list" aria-labelledby="doings">')
        self.beside = page[start:] if start > 0 else ""
        response.content = page[:start] if start > 0 else page
        super().take(response)


def fill_in(form, email="grace@example.org"):
    form["first_name"] = "Grace"
    form["last_name"] = "Lind"
    form["email"] = email
    form["username"] = "grace"
    form["groups"] = [group("Editors")]
    return form


# A new account


def test_a_manager_invites_somebody_who_sets_the_password(manager, mailoutbox):
    form = fill_in(account_form(manager))
    assert not [name for name in form.values if "password" in name]

    form.press("Save")

    grace = User.objects.get(username="grace")
    assert grace.is_staff
    assert not grace.is_superuser
    assert not grace.has_usable_password()
    [mail] = mailoutbox
    assert mail.to == ["grace@example.org"]
    assert "Meridian Council" in mail.body
    link = re.search(r"/admin/password/\S+", mail.body)[0]
    visitor = Client()
    page = visitor.get(link, follow=True)
    password = "lantern orbit maple"
    posted = {"new_password1": password, "new_password2": password}
    visitor.post(page.request["PATH_INFO"], posted)
    sign_in(visitor, grace, password)
    assert is_at_the_desk(visitor)


def test_who_was_invited_asks_for_a_new_link_alone(manager, mailoutbox):
    fill_in(account_form(manager)).press("Save")

    Client().post("/admin/password/", {"email": "grace@example.org"})

    assert len(mailoutbox) == 2


def test_an_invitation_goes_once_more(manager, mailoutbox):
    fill_in(account_form(manager)).press("Save")
    grace = User.objects.get(username="grace")
    assert "Send the invitation again" in account_form(manager, grace).beside

    manager.post(f"{ACCOUNTS}{grace.pk}/link/")

    assert [mail.subject for mail in mailoutbox] == [
        "Your account at the desk of Meridian Council"
    ] * 2


def test_a_failed_check_invites_nobody(manager, mailoutbox):
    form = fill_in(account_form(manager), email="nonsense")

    form.press("Save")

    assert "valid email" in form.said.lower()
    assert not mailoutbox
    assert not User.objects.filter(username="grace").exists()


@pytest.mark.parametrize("email", ["ada@example.org", "ADA@Example.org"])
def test_an_address_has_one_account(manager, ada, email):
    form = fill_in(account_form(manager), email=email)

    form.press("Save")

    assert "an account with this address already" in form.said
    assert not User.objects.filter(username="grace").exists()


def test_the_database_refuses_a_second_account_too(ada):
    with pytest.raises(IntegrityError):
        UserFactory(email="Ada@Example.org")


def test_accounts_may_lack_an_address():
    assert UserFactory(email="").pk != UserFactory(email="").pk


def test_user_names_differ_by_more_than_case(manager, ada):
    form = fill_in(account_form(manager))
    form["username"] = "ADA"

    form.press("Save")

    assert "has this user name already" in form.said


def test_without_a_group_nobody_gets_to_the_desk(manager, ada):
    form = account_form(manager, ada)
    form["groups"] = []
    form.press("Save")
    client = Client()
    client.force_login(ada)

    assert not User.objects.get(username="ada").is_staff
    assert not is_at_the_desk(client)


def test_a_group_opens_the_desk(manager):
    user = UserFactory()
    form = account_form(manager, user)
    form["groups"] = [group("Contributors")]
    form.press("Save")
    client = Client()
    client.force_login(user)

    assert is_at_the_desk(client)


def test_somebody_who_left_is_signed_out_at_once(manager, ada):
    client = Client()
    client.force_login(ada)
    form = account_form(manager, ada)
    del form.values["is_active"]

    form.press("Save")

    assert not is_at_the_desk(client)


def test_the_old_address_hears_of_a_new_one(manager, ada, mailoutbox):
    form = account_form(manager, ada)
    form["email"] = "new@example.org"

    form.press("Save")

    [mail] = mailoutbox
    assert mail.to == ["ada@example.org"]
    assert "e-mail address of your account was changed" in mail.body


# The tied author


def test_an_account_is_tied_to_an_author_and_to_another(manager, ada):
    verne, lind = AuthorFactory(name="Ada Verne"), AuthorFactory(name="Ada Lind")
    form = account_form(manager, ada)
    form["author"] = str(verne.pk)
    form.press("Save")
    verne.refresh_from_db()
    assert verne.user == ada

    form = account_form(manager, ada)
    assert form["author"] == str(verne.pk)
    form["author"] = str(lind.pk)
    form.press("Save")

    verne.refresh_from_db()
    lind.refresh_from_db()
    assert (verne.user, lind.user) == (None, ada)


def test_an_author_of_somebody_else_cannot_be_taken(manager, ada):
    taken = AuthorFactory(user=UserFactory())
    form = account_form(manager, ada)
    form["author"] = str(taken.pk)

    form.press("Save")

    assert "valid choice" in form.said
    assert type(taken).objects.get().user != ada


def test_who_may_not_change_authors_unties_none(ada):
    author = AuthorFactory(user=ada)
    helper = signed_in(is_staff=True)
    helper.user.user_permissions.set(
        Permission.objects.filter(codename__in=["change_user", "view_user"])
    )
    form = account_form(helper, ada)
    assert "author" not in form.values
    form["first_name"] = "Adele"

    form.press("Save")

    author.refresh_from_db()
    assert author.user == ada
    assert User.objects.get(pk=ada.pk).first_name == "Adele"


# Who may what to whom


@pytest.mark.parametrize("role", ROLES)
def test_others_get_to_no_account(request, role, ada):
    client = request.getfixturevalue(role)

    for door in ("", "add/", f"{ada.pk}/change/", f"{ada.pk}/history/"):
        assert client.get(ACCOUNTS + door).status_code in (302, 403), door
    for deed in ("link", "reset", "sessions", "unlock", "change", "delete"):
        answer = client.post(f"{ACCOUNTS}{ada.pk}/{deed}/", {"username": "forged"})
        assert answer.status_code in (302, 403), deed
        assert "user" not in answer.get("Location", "").partition("?")[0]
    assert User.objects.get(pk=ada.pk).username == "ada"


DEEDS = ["link", "reset", "sessions", "unlock"]


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize(
    ("by", "whose", "may"),
    [
        ("manager", "ada", True),
        ("manager", "boss", False),
        ("superuser", "ada", True),
        ("superuser", "boss", True),
    ],
)
def test_managers_help_all_but_superusers(request, deed, by, whose, may):
    client, user = request.getfixturevalue(by), request.getfixturevalue(whose)
    Phone.of(user)

    answer = client.post(f"{ACCOUNTS}{user.pk}/{deed}/")

    assert answer.status_code == (302 if may else 403)


@pytest.mark.parametrize("deed", DEEDS)
def test_nothing_is_done_by_opening_an_address(manager, ada, deed):
    assert manager.get(f"{ACCOUNTS}{ada.pk}/{deed}/").status_code == 405


@pytest.mark.parametrize("deed", DEEDS)
def test_nothing_is_done_for_a_foreign_page(manager, ada, deed):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(manager.user)

    assert strict.post(f"{ACCOUNTS}{ada.pk}/{deed}/").status_code == 403


def test_a_manager_signs_a_colleague_out_and_stays(manager, ada):
    at_home = Client()
    at_home.force_login(ada)
    assert is_at_the_desk(at_home)

    manager.post(f"{ACCOUNTS}{ada.pk}/sessions/")
    manager.post(f"{ACCOUNTS}{manager.user.pk}/sessions/")

    assert not is_at_the_desk(at_home)
    assert is_at_the_desk(manager)


def test_nothing_is_done_to_nobody(manager):
    assert manager.post(f"{ACCOUNTS}0/link/").status_code == 404


def test_the_list_says_who_has_a_second_factor(manager, ada):
    Phone.of(ada)
    second_factor.begin(manager.user)

    accounts = manager.get(ACCOUNTS).context["cl"].queryset

    assert [user for user in accounts if user.has_factor] == [ada]


def test_what_is_done_stands_in_the_history(manager, ada):
    manager.post(f"{ACCOUNTS}{ada.pk}/link/")
    manager.post(f"{ACCOUNTS}{ada.pk}/sessions/")

    assert LogEntry.objects.filter(user=manager.user, object_id=ada.pk).count() == 2


def test_a_manager_reads_of_superusers_and_changes_nothing(manager, boss):
    page = manager.get(address(boss)).content.decode()
    assert "boss@example.org" in page
    assert 'name="email"' not in page

    answer = manager.post(
        address(boss), {"username": "boss", "email": "mine@example.org"}
    )

    assert answer.status_code == 403
    assert User.objects.get(username="boss").email == "boss@example.org"


def test_the_password_of_another_is_typed_by_nobody(manager, superuser, ada):
    posted = {"password1": "lantern orbit maple", "password2": "lantern orbit maple"}
    for client in (manager, superuser):
        client.post(f"{ACCOUNTS}{ada.pk}/password/", posted)

    assert User.objects.get(pk=ada.pk).check_password("correct horse")


def crafted(form):
    """Everything that would raise an account, posted with its form."""
    everything = [str(pk) for pk in Permission.objects.values_list("pk", flat=True)]
    return {
        **form.values,
        "is_superuser": ["on"],
        "is_staff": ["on"],
        "user_permissions": everything,
        "password": ["md5$salt$forged"],
    }


@pytest.mark.parametrize("whose", ["ada", "new", "own"])
def test_a_crafted_form_raises_nobody(request, manager, whose):
    users = {"new": None, "own": manager.user}
    user = users[whose] if whose in users else request.getfixturevalue("ada")
    form = account_form(manager, user)
    if user is None:
        fill_in(form)

    form.send({**crafted(form), "_save": ["Save"]})

    user = User.objects.get(username=user.username if user else "grace")
    assert not user.is_superuser
    assert not user.user_permissions.exists()
    assert user.password != "md5$salt$forged"


def test_nobody_changes_the_own_groups(manager):
    form = account_form(manager, manager.user)
    assert "groups" not in form.values
    every = [str(pk) for pk in Group.objects.values_list("pk", flat=True)]

    form.values.pop("is_active", None)

    form.send({**form.values, "groups": every, "first_name": ["Mary"]})

    manager.user.refresh_from_db()
    assert manager.user.first_name == "Mary"
    assert [g.name for g in manager.user.groups.all()] == ["Managers"]
    assert manager.user.is_active


def test_a_superuser_cannot_stop_being_one(superuser):
    form = account_form(superuser, superuser.user)
    form["email"] = "root@example.org"
    for name in ("is_superuser", "is_active"):
        form.values.pop(name, None)

    form.send(dict(form.values))

    superuser.user.refresh_from_db()
    assert superuser.user.email == "root@example.org"
    assert superuser.user.is_superuser
    assert superuser.user.is_active
    assert superuser.user.is_staff


def test_a_superuser_makes_another(superuser, ada):
    form = account_form(superuser, ada)
    form["is_superuser"] = "on"

    form.press("Save")

    assert User.objects.get(pk=ada.pk).is_superuser


def test_managers_delete_nobody(manager, ada):
    assert manager.get(f"{ACCOUNTS}{ada.pk}/delete/").status_code == 403
    manager.post(f"{ACCOUNTS}{ada.pk}/delete/", {"post": "yes"})
    manager.post(
        ACCOUNTS,
        {"action": "delete_selected", "_selected_action": [ada.pk], "post": "yes"},
    )

    assert User.objects.filter(pk=ada.pk).exists()


def test_superusers_delete_no_superuser(superuser, boss):
    superuser.post(f"{ACCOUNTS}{boss.pk}/delete/", {"post": "yes"})
    superuser.post(
        ACCOUNTS,
        {"action": "delete_selected", "_selected_action": [boss.pk], "post": "yes"},
    )

    assert User.objects.filter(pk=boss.pk).exists()


@pytest.mark.parametrize("door", ["", "add/", "1/change/", "1/delete/", "1/history/"])
def test_only_superusers_change_what_groups_may(manager, superuser, door):
    assert manager.get(f"/admin/auth/group/{door}").status_code == 403
    pk = Group.objects.get(name="Editors").pk
    door = door.replace("1", str(pk))
    assert superuser.get(f"/admin/auth/group/{door}").status_code == 200


def test_a_manager_gives_no_group_more_rights(manager):
    editors = Group.objects.get(name="Editors")
    every = [str(pk) for pk in Permission.objects.values_list("pk", flat=True)]

    manager.post(
        f"/admin/auth/group/{editors.pk}/change/",
        {"name": "Editors", "permissions": every},
    )

    assert editors.permissions.count() < len(every)


@pytest.mark.parametrize("door", ["", "add/", "1/change/", "1/delete/", "1/history/"])
def test_a_right_to_change_groups_alone_does_not_open_them(manager, door):
    """Whoever changes what a group may could raise the own one."""
    rights = Permission.objects.filter(content_type__model="group")
    manager.user.user_permissions.set(rights)
    pk = Group.objects.get(name="Editors").pk
    address = f"/admin/auth/group/{door.replace('1', str(pk))}"

    assert manager.get(address).status_code == 403
    assert manager.post(address, {"name": "Editors"}).status_code == 403


@pytest.mark.parametrize(
    "lookup",
    [
        "password__startswith=md5",
        "totpdevice__key__startswith=a",
        "staticdevice__token_set__token__startswith=a",
    ],
)
def test_filters_give_no_secret_away(manager, ada, lookup):
    Phone.of(ada)

    answer = manager.get(f"{ACCOUNTS}?{lookup}", follow=True)

    assert answer.status_code == 400


# What is seen


def test_the_form_says_how_signing_in_goes(manager, ada):
    said = manager.get(address(ada)).content.decode()
    assert "None since the last sign-in." in said
    assert "Let try again" not in said
    Phone.of(ada)
    for _ in range(5):
        sign_in(Client(REMOTE_ADDR="203.0.113.5"), ada, "wrong")

    said = manager.get(address(ada)).content.decode()

    assert "5 from 203.0.113.5" in said
    assert "10 recovery codes are left" in said


def test_a_manager_lets_a_colleague_try_again_at_once(manager, ada):
    client = Client(REMOTE_ADDR="203.0.113.5")
    for _ in range(5):
        sign_in(client, ada, "wrong")
    assert sign_in(client, ada).status_code == 429

    manager.post(f"{ACCOUNTS}{ada.pk}/unlock/")

    sign_in(client, ada)
    assert is_at_the_desk(client)
    assert not AccessAttempt.objects.exists()


def test_the_list_takes_few_queries_whatever_it_holds(
    manager, django_assert_max_num_queries, django_assert_num_queries
):
    def fill():
        for user in UserFactory.create_batch(4, editor=True):
            Phone.of(user)

    fill()
    manager.get(ACCOUNTS)
    with django_assert_max_num_queries(14) as queries:
        manager.get(ACCOUNTS)
    fill()

    with django_assert_num_queries(len(queries)):
        manager.get(ACCOUNTS)


def test_the_form_takes_few_queries_whatever_there_is(
    manager, ada, django_assert_max_num_queries, django_assert_num_queries
):
    manager.get(address(ada))
    with django_assert_max_num_queries(24) as queries:
        manager.get(address(ada))
    AuthorFactory.create_batch(5)
    UserFactory.create_batch(5)

    with django_assert_num_queries(len(queries)):
        manager.get(address(ada))
