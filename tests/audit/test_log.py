"""The audit log: each act leaves its entry, and none goes."""

import sys
from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import authenticate, get_user_model
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, transaction
from django.test import Client, RequestFactory
from django.utils import timezone
from time_machine import travel

from articles import workflow
from articles.models import Article
from ecfr_site.audit import log
from ecfr_site.audit.models import AuditEntry
from newsletter.models import Edition, Subscriber
from tests.admin_site.desk import OpenForm, article_form
from tests.factories import (
    ArticleFactory,
    EditionFactory,
    NewsletterFactory,
    SubscriberFactory,
    TopicFactory,
    UserFactory,
)
from tests.newsletter.test_subscriber_admin import confirm as import_subscribers
from tests.newsletter.test_subscriber_admin import look_at
from tests.redirects.test_import import confirm, dry_run

pytestmark = pytest.mark.django_db

User = get_user_model()


def entries(action):
    return list(AuditEntry.objects.filter(action=action).order_by("pk"))


def only(action):
    [entry] = entries(action)
    return entry


@pytest.fixture
def ada():
    return UserFactory(username="ada", first_name="Ada", last_name="Verne", editor=True)


@pytest.fixture
def superuser():
    client = Client()
    client.user = UserFactory(username="root", is_staff=True, is_superuser=True)
    client.force_login(client.user)
    return client


def sign_in(username, password, **where):
    client = Client()
    client.post("/admin/login/", {"username": username, "password": password}, **where)
    return client


# Signing in and out


def test_signing_in_and_out_is_noted_with_the_address(ada):
    client = sign_in("ada", "correct horse", REMOTE_ADDR="192.0.2.7")
    client.post("/admin/logout/", REMOTE_ADDR="192.0.2.8")

    came, went = only("sign-in"), only("sign-out")

    assert came.user == went.user == ada
    assert came.who == "Ada Verne (ada)"
    assert (came.kind, came.object_id) == ("auth.user", str(ada.pk))
    assert (came.address, went.address) == ("192.0.2.7", "192.0.2.8")


@pytest.mark.parametrize(
    ("behind_proxy", "noted"), [(True, "198.51.100.4"), (False, "192.0.2.7")]
)
def test_only_a_proxy_of_ours_is_believed(ada, settings, behind_proxy, noted):
    settings.SECURE_SSL_REDIRECT = False
    if behind_proxy:
        settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    forwarded = "10.1.1.1, 198.51.100.4"

    sign_in("ada", "wrong", REMOTE_ADDR="192.0.2.7", HTTP_X_FORWARDED_FOR=forwarded)

    assert only("sign-in-refused").address == noted


def test_an_address_that_is_none_is_left_out(ada):
    sign_in("ada", "correct horse", REMOTE_ADDR="")

    assert only("sign-in").address is None


def test_a_refused_sign_in_names_the_account_but_not_what_was_typed(ada):
    sign_in("ada", "secret sesame")

    entry = only("sign-in-refused")

    assert entry.user is None
    assert entry.who == "Ada Verne (ada)"
    assert entry.object_id == str(ada.pk)
    assert "sesame" not in repr(AuditEntry.objects.values())


def test_of_a_name_that_is_nobodys_little_is_kept():
    sign_in("my password typed in the wrong box", "x")

    assert only("sign-in-refused").who == "my … (no account)"


def test_an_inactive_account_is_refused():
    UserFactory(username="ben", is_staff=True, is_active=False)
    request = RequestFactory().post("/admin/login/")
    authenticate(request, username="ben", password="correct horse")

    assert only("sign-in-refused").who == "ben"


def test_nobody_signs_in_without_an_entry(ada, monkeypatch):
    def full(*args, **kwargs):
        raise DatabaseError("disk full")

    monkeypatch.setattr(AuditEntry, "save", full)
    client = Client(raise_request_exception=False)

    client.post("/admin/login/", {"username": "ada", "password": "correct horse"})

    assert client.get("/admin/").status_code == 302


def test_whoever_wants_out_gets_out(ada, monkeypatch):
    client = sign_in("ada", "correct horse")
    assert client.get("/admin/").status_code == 200

    def full(*args, **kwargs):
        raise DatabaseError("disk full")

    monkeypatch.setattr(AuditEntry, "save", full)
    client.post("/admin/logout/")

    assert client.get("/admin/").status_code == 302


@pytest.mark.skipif(not apps.is_installed("axes"), reason="axes is not installed")
def test_a_lock_is_noted(ada):
    from axes.signals import user_locked_out

    user_locked_out.send("axes", request=None, username="ada", ip_address="192.0.2.7")

    assert only("locked-out").object_id == str(ada.pk)


@pytest.mark.skipif(
    not apps.is_installed("django_otp.plugins.otp_totp"),
    reason="django-otp is not installed",
)
def test_second_factors_are_noted_from_the_first_code_to_the_last(ada):
    device = apps.get_model("otp_totp.TOTPDevice")(user=ada, confirmed=False)
    device.save()
    device.confirmed = True
    device.save()
    device.throttle_increment()
    device.throttle_reset()
    device.delete()

    assert [e.detail for e in entries("two-factor")] == [
        "Began to add: TOTP device.",
        "Added: TOTP device.",
        "Removed: TOTP device.",
    ]
    assert only("sign-in-refused").detail == "A wrong second factor, 1 in a row."


# Passwords and rights


def test_changing_the_own_password_is_noted(ada):
    client = sign_in("ada", "correct horse")
    form = OpenForm(client, "/admin/password_change/")
    form["old_password"] = "correct horse"
    form["new_password1"] = form["new_password2"] = "battery staple nine 9"
    form.send(form.values)

    entry = only("password")
    assert (entry.user, entry.object_id) == (ada, str(ada.pk))
    assert entry.detail == "The own one."


def test_without_an_entry_the_password_stays(ada, monkeypatch):
    client = sign_in("ada", "correct horse")
    client.raise_request_exception = False
    form = OpenForm(client, "/admin/password_change/")
    form["old_password"] = "correct horse"
    form["new_password1"] = form["new_password2"] = "battery staple nine 9"

    def full(*args, **kwargs):
        raise DatabaseError("disk full")

    monkeypatch.setattr(AuditEntry, "save", full)
    form.send(form.values)

    assert User.objects.get(pk=ada.pk).check_password("correct horse")


def test_a_password_that_is_only_hashed_anew_is_none(ada, settings):
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.ScryptPasswordHasher",
        *settings.PASSWORD_HASHERS,
    ]
    sign_in("ada", "correct horse")

    assert User.objects.get(pk=ada.pk).password.startswith("scrypt")
    assert not entries("password")


def test_a_command_is_named_where_nobody_is_signed_in(ada, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["./manage.py", "changepassword", "ada"])
    ada.set_password("battery staple nine 9")
    ada.save()

    entry = only("password")
    assert entry.user is None
    assert entry.who == "manage.py changepassword"


def test_new_accounts_and_flags_are_noted(ada):
    ada.is_superuser, ada.is_active = True, False
    ada.save()
    ada.first_name = "Adele"
    ada.save()

    assert entries("account")[0].detail == "Active, staff."
    # The first is her group.
    assert [e.detail for e in entries("rights")[1:]] == ["Not active, superuser."]


def test_groups_and_permissions_given_and_taken_are_noted(ada):
    editors = Group.objects.get(name="Editors")
    publish = Permission.objects.get(codename="publish_article")
    before = len(entries("rights"))

    ada.groups.add(editors)  # She is one already.
    ada.groups.remove(editors)
    editors.user_set.add(ada)
    ada.groups.clear()
    ada.user_permissions.set([publish])
    editors.permissions.remove(publish, *editors.permissions.all()[:1])
    editors.permissions.clear()

    noted = entries("rights")[before:]
    assert [e.detail.partition(":")[0] for e in noted] == [
        "Taken groups",
        "Given groups",
        "Taken groups",
        "Given permissions",
        "Taken permissions",
        "Taken permissions",
    ]
    assert {(e.kind, e.object_id) for e in noted[:4]} == {("auth.user", str(ada.pk))}
    assert noted[0].detail == "Taken groups: Editors."
    assert noted[-1].what == "Editors"
    assert "|" in noted[-1].detail


def test_who_gave_the_rights_is_known_from_the_request(superuser, ada):
    form = OpenForm(superuser, f"/admin/auth/user/{ada.pk}/change/")
    form["groups"] = [str(Group.objects.get(name="Managers").pk)]
    form.press("Save")

    given = entries("rights")[-2:]
    assert {e.user for e in given} == {superuser.user}
    assert {e.detail for e in given} == {
        "Given groups: Managers.",
        "Taken groups: Editors.",
    }


# The desk


def test_what_is_saved_at_the_desk_names_the_fields(publisher):
    form = article_form(publisher)
    form["title"], form["slug"] = "Beyond the grid", "beyond-the-grid"
    form["standfirst"], form["body"] = "Why.", "<p>Because.</p>"
    form.press("Save draft")
    article = Article.objects.get()
    form = article_form(publisher, article)
    form["title"] = "Behind the grid"
    form.press("Save draft")

    added, changed = only("add"), only("change")
    assert added.user == changed.user == publisher.user
    assert (changed.kind, changed.object_id) == ("articles.article", str(article.pk))
    assert changed.what == "Behind the grid"
    assert changed.detail == "Changed Title."
    assert changed.address == "127.0.0.1"


def test_each_step_of_an_article_has_its_own_action(editor, publisher):
    article = ArticleFactory(draft=True)
    article.submit(by=editor.user)
    article.return_to_author(by=editor.user, note="Too long.")
    article.submit(by=editor.user)
    article.approve(by=editor.user)
    tomorrow = timezone.now() + timedelta(days=1)
    article.publish(by=publisher.user, at=tomorrow)
    article.unschedule(by=publisher.user)
    article.published_at = None
    article.publish(by=publisher.user)
    article.feature(by=publisher.user)
    article.withdraw(by=publisher.user, reason="Wrong.")

    mine = AuditEntry.objects.filter(object_id=article.pk, kind="articles.article")
    assert [e.action for e in mine.order_by("pk")] == [
        "submit",
        "return_to_author",
        "submit",
        "approve",
        "schedule",
        "unschedule",
        "publish",
        "feature",
        "withdraw",
    ]
    assert "Too long." in only("return_to_author").detail
    assert f"{timezone.localtime(tomorrow):%-d %B %Y, %H:%M}" in only("schedule").detail


def test_every_step_has_words_in_the_log():
    assert {step.name for step in workflow.TRANSITIONS} <= AuditEntry.ACTIONS.keys()


def test_a_text_that_replaces_itself_is_not_the_act_of_the_reader_who_comes(
    publisher, reader
):
    live = ArticleFactory(published=True)
    copy = live.start_working_copy(by=publisher.user)
    copy.title = "Another title"
    copy.save()
    copy.publish(by=publisher.user, at=timezone.now() + timedelta(hours=1))

    with travel(timezone.now() + timedelta(hours=2)):
        reader.get("/", REMOTE_ADDR="192.0.2.9")

    entry = only("publish")
    assert entry.object_id == str(live.pk)
    assert entry.what == "Another title"
    assert entry.user == publisher.user
    assert entry.address is None


def test_a_text_replaces_itself_though_whoever_scheduled_it_is_gone(publisher, reader):
    live = ArticleFactory(published=True)
    copy = live.start_working_copy(by=publisher.user)
    copy.publish(by=publisher.user, at=timezone.now() + timedelta(hours=1))
    publisher.user.delete()

    with travel(timezone.now() + timedelta(hours=2)):
        reader.get("/")

    assert only("publish").object_id == str(live.pk)
    assert only("publish").user is None


def test_saving_a_working_copy_is_noted_on_the_article(publisher):
    live = ArticleFactory(published=True)
    copy = live.start_working_copy(by=publisher.user)
    form = article_form(publisher, copy)
    form["title"] = "Another title"
    form.press(next(name for name in form.buttons if name.startswith("Save")))

    assert only("change").object_id == str(live.pk)


def test_several_deleted_at_once_are_noted_one_by_one(superuser):
    topics = TopicFactory.create_batch(6)
    superuser.post(
        "/admin/articles/topic/",
        {
            "action": "delete_selected",
            "_selected_action": [topic.pk for topic in topics],
            "post": "yes",
        },
    )

    gone = entries("delete")
    assert {e.what for e in gone} == {str(topic) for topic in topics}
    assert {e.user for e in gone} == {superuser.user}


def test_an_act_that_is_rolled_back_leaves_no_entry(publisher):
    article = ArticleFactory(draft=True)
    with transaction.atomic():
        article.publish(by=publisher.user)
        assert entries("publish")
        transaction.set_rollback(True)

    assert not entries("publish")


def test_an_entry_that_cannot_be_written_takes_the_act_back(publisher, monkeypatch):
    def full(*args, **kwargs):
        raise DatabaseError("disk full")

    article = ArticleFactory(draft=True)
    monkeypatch.setattr(log, "mirror", full)
    with pytest.raises(DatabaseError), transaction.atomic():
        article.publish(by=publisher.user)

    assert not Article.objects.published().exists()


def test_names_that_are_too_long_are_cut(publisher):
    log.record("export", publisher.user, ArticleFactory(title="x" * 250), "\x00")
    log.record("export", who="y" * 300)

    assert len(entries("export")[1].who) == 200


# Newsletters, exports, imports


def test_a_newsletter_is_followed_from_the_order_to_its_end(newsletter_manager):
    weekly = NewsletterFactory()
    SubscriberFactory(newsletters=[weekly])
    edition = EditionFactory(
        newsletter=weekly, articles=[ArticleFactory(published=True)]
    )
    Edition.objects.filter(pk=edition.pk).update(checked_content=edition.content())
    edition.refresh_from_db()
    edition.schedule(by=newsletter_manager.user)
    assert edition.start()
    edition.deliveries.update(state="sent")
    assert edition.finish()

    ordered, begun, done = entries("send")
    assert ordered.user == newsletter_manager.user
    assert ordered.detail == "Sent off."
    assert (begun.user, begun.detail) == (None, "Audience: 1.")
    assert done.detail == "Done: 1 were mailed."
    assert {e.object_id for e in (ordered, begun, done)} == {str(edition.pk)}


def test_what_a_mail_server_says_of_somebody_stays_out_of_the_log():
    edition = EditionFactory(due=True, state="sending")
    edition.hold("The mail server refuses what we send: <ada@example.org> is unknown")

    assert "ada@" not in only("send").detail


def test_taking_out_the_list_of_subscribers_is_noted(newsletter_manager):
    SubscriberFactory(email="ada@example.org")
    newsletter_manager.get(
        "/admin/newsletter/subscriber/export.csv?status=active&q=ada@example.org"
    )

    entry = only("export")
    assert entry.user == newsletter_manager.user
    assert entry.kind == "newsletter.subscriber"
    assert entry.what == "subscribers"
    assert entry.detail == "Only a search, status: active."


def test_commands_that_take_out_and_in_are_noted(tmp_path):
    SubscriberFactory()
    path = tmp_path / "out.csv"
    call_command("export_subscribers", path, status="active")
    call_command("import_subscribers", path, source="The former site")
    call_command("import_subscribers", path, source="The former site", dry_run=True)

    assert only("export").detail == "To a file: active."
    begun, done = entries("import")
    assert begun.detail == "Begun, from a file."
    assert done.detail.startswith("Done: 0 new")


def test_an_import_of_redirects_is_noted_as_a_whole_and_row_by_row(publisher):
    confirm(
        publisher,
        dry_run(publisher, "old_path,new_path\n/a.html,/people/\n/b.html,/topics/\n"),
    )

    assert only("import").detail == "2 new, 0 changed."
    assert only("import").user == publisher.user
    assert len(entries("add")) == 2


def test_an_import_of_subscribers_names_none(newsletter_manager):
    weekly = NewsletterFactory()
    response = look_at(
        newsletter_manager,
        "email,consent_source\nada@example.org,Paper form\n",
        newsletters=[weekly.pk],
    )
    import_subscribers(newsletter_manager, response)

    begun, done = entries("import")
    assert begun.kind == done.kind == "newsletter.subscriber"
    assert "1 created" in done.detail
    assert "ada@" not in repr(list(AuditEntry.objects.values()))


def test_an_erased_subscriber_leaves_no_address_behind(newsletter_manager):
    ada = SubscriberFactory(email="ada@example.org", newsletters=[NewsletterFactory()])
    for act in ("unsubscribe", "erase"):
        newsletter_manager.post(f"/admin/newsletter/subscriber/{ada.pk}/{act}/act/")
    LogEntry.objects.log_actions(
        newsletter_manager.user.pk,
        Subscriber.objects.filter(pk=ada.pk),
        CHANGE,
        change_message="Looked at.",
    )

    about = AuditEntry.objects.filter(kind="newsletter.subscriber")
    assert [e.what for e in about] == [f"subscriber {ada.pk}"] * 3
    assert "ada@" not in repr(list(AuditEntry.objects.values()))


# What is kept


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found.update(who="somebody else"),
        lambda found: found.delete(),
        lambda found: found.get().delete(),
        lambda found: found.get().save(),
    ],
)
def test_the_database_refuses_to_change_or_remove(ada, change):
    log.record("export", ada)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        change(AuditEntry.objects.filter(action="export"))

    assert only("export").who == "Ada Verne (ada)"


def test_it_outlives_account_and_object(ada):
    article = ArticleFactory(draft=True, title="Gone soon")
    article.submit(by=ada)
    ada.delete()
    article.delete()

    entry = only("submit")
    assert entry.who == "Ada Verne (ada)"
    assert entry.what == "Gone soon"


def test_old_entries_are_removed_by_a_command_that_says_so(ada):
    with travel(timezone.now() - timedelta(days=4 * 366)):
        log.record("export", ada, detail="long ago")
    log.record("export", ada, detail="lately")

    call_command("prune_audit", "--older-than", "3y")

    assert only("export").detail == "lately"
    assert only("prune").detail.startswith("1 from before ")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEntry.objects.all().delete()


def test_removing_that_fails_leaves_the_log_as_it_was(ada, monkeypatch):
    with travel(timezone.now() - timedelta(days=4 * 366)):
        log.record("export", ada)

    def full(*args, **kwargs):
        raise DatabaseError("disk full")

    monkeypatch.setattr(log, "record", full)
    with pytest.raises(DatabaseError), transaction.atomic():
        call_command("prune_audit", "--older-than", "3y")

    assert only("export")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEntry.objects.all().delete()


@pytest.mark.parametrize("age", ["", "3", "0y", "3w", "-1d", "9999y"])
def test_an_age_has_a_unit(age):
    with pytest.raises(CommandError, match="older-than"):
        call_command("prune_audit", f"--older-than={age}")
