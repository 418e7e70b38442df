"""On request, an operator hands out what is stored of one person."""

import json

import pytest
from axes.models import AccessAttempt
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.test import Client

from ecfr_site import audit
from ecfr_site.models import AuditEntry
from tests.factories import (
    ArticleFactory,
    AuthorFactory,
    CommentFactory,
    NewsletterFactory,
    SubscriberFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def test_an_account_is_written_with_what_is_tied_to_it_and_nobody_elses(tmp_path):
    ada, bob = UserFactory(username="ada"), UserFactory(username="bob")
    article = ArticleFactory(title="Gas after winter", created_by=ada)
    CommentFactory(article=article, by=ada, text="Is this so?")
    CommentFactory(article=article, by=bob, text="It is.")
    audit.record("sign-in", user=ada)
    AccessAttempt.objects.create(username="ada", failures_since_start=1)
    file = tmp_path / "ada.json"

    call_command("export_account", "ada", str(file))

    stored = json.loads(file.read_text())
    assert stored["account"]["email"] == ada.email
    assert [c["text"] for c in stored["articles.Comment.by"]] == ["Is this so?"]
    made = [row["name"] for row in stored["articles.Article.created_by"]]
    assert made == ["Gas after winter"]
    assert "sign-in" in [e["action"] for e in stored["ecfr_site.AuditEntry.user"]]
    assert len(stored["failed sign-ins"]) == 1
    assert ada.password not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    entry = AuditEntry.objects.get(action="export")
    assert entry.object_id == str(ada.pk)


def test_a_subscriber_is_written_and_the_log_does_not_name_the_address(tmp_path):
    SubscriberFactory(email="Ida@example.org", newsletters=[NewsletterFactory()])
    SubscriberFactory(email="other@example.org")
    file = tmp_path / "ida.json"

    call_command("export_subscriber", "ida@EXAMPLE.org", str(file))

    stored = json.loads(file.read_text())
    assert stored["email"] == "Ida@example.org"
    assert len(stored["newsletters"]) == 1
    assert "other@" not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    entry = AuditEntry.objects.get(action="export")
    assert "example.org" not in f"{entry.what}{entry.detail}".lower()


@pytest.mark.parametrize("command", ["export_account", "export_subscriber"])
def test_for_an_unknown_person_no_file_is_made(command, tmp_path):
    with pytest.raises(CommandError):
        call_command(command, "nobody@example.org", str(tmp_path / "x.json"))

    assert not list(tmp_path.iterdir())
    assert not AuditEntry.objects.filter(action="export").exists()


@pytest.mark.parametrize(
    ("command", "who"),
    [("export_account", "ada"), ("export_subscriber", "ada@example.org")],
)
def test_a_file_that_is_there_is_never_written_over(command, who, tmp_path):
    UserFactory(username="ada")
    SubscriberFactory(email="ada@example.org")
    file = tmp_path / "x.json"
    file.write_text("Mine.")

    with pytest.raises(CommandError):
        call_command(command, who, str(file))

    assert file.read_text() == "Mine."


def test_an_erased_account_keeps_its_place_in_histories_and_no_name():
    ada = UserFactory(
        username="ada", first_name="Ada", email="ada@example.org", editor=True
    )
    article = ArticleFactory(created_by=ada)
    comment = CommentFactory(article=article, by=ada)
    author = AuthorFactory(user=ada)
    before = audit.record("sign-in", user=ada)
    audit.log("change", UserFactory(), ada, "Groups.")
    client = Client()
    client.force_login(ada)

    call_command("erase_account", "ada")

    ada.refresh_from_db()
    assert ada.get_full_name() == f"Former colleague {ada.pk}"
    assert (ada.username, ada.email) == (f"former-colleague-{ada.pk}", "")
    assert not ada.is_active
    assert not ada.is_staff
    assert not ada.groups.exists()
    assert not ada.has_usable_password()
    assert not Session.objects.exists()
    article.refresh_from_db()
    comment.refresh_from_db()
    author.refresh_from_db()
    assert article.created_by == comment.by == ada
    assert author.user is None
    assert AuditEntry.objects.get(pk=before.pk).who == before.who
    assert LogEntry.objects.get().object_repr == ada.username
    erased = AuditEntry.objects.get(action="erase")
    assert "ada" not in f"{erased.what}{erased.detail}".lower()


def test_an_account_with_all_rights_is_not_erased():
    UserFactory(username="root", is_superuser=True)

    with pytest.raises(CommandError):
        call_command("erase_account", "root")

    assert User.objects.filter(username="root", is_active=True).exists()
