"""Data of a colleague: exported and erased, while history stays."""

import pytest
import reversion
from axes.models import AccessAttempt
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticToken

from articles.models import Comment, EditSession, NotificationPreference
from ecfr_site.accounts import erasure, second_factor
from ecfr_site.audit.models import AuditEntry
from tests.accounts.second_factor import Phone
from tests.conftest import signed_in
from tests.factories import ArticleFactory, AuthorFactory, UserFactory

pytestmark = pytest.mark.django_db

ROLES = ["contributor", "editor", "publisher", "newsletter_manager"]


@pytest.fixture
def superuser():
    return signed_in(username="root", is_staff=True, is_superuser=True)


@pytest.fixture
def ada():
    """Somebody of whom there is a row of everything."""
    ada = signed_in(
        username="ada",
        first_name="Ada",
        last_name="Verne",
        email="ada@example.org",
        contributor=True,
    )
    article = ArticleFactory(
        draft=True, title="A draft", created_by=ada.user, assigned_to=ada.user
    )
    with reversion.create_revision():
        reversion.set_user(ada.user)
        reversion.set_comment("Reworded.")
        article.save()
    Comment.objects.create(article=article, by=ada.user, text="A word of mine")
    Comment.objects.create(article=article, by=UserFactory(), text="See @Ada.Verne.")
    Comment.objects.create(article=article, by=UserFactory(), text="See @Nobody.")
    now = timezone.now()
    EditSession.objects.create(
        article=article,
        user=ada.user,
        since=now,
        seen_at=now,
        draft_data={"title": ["x"]},
    )
    NotificationPreference.objects.create(user=ada.user, published=False)
    AccessAttempt.objects.create(
        username="ada", ip_address="203.0.113.5", failures_since_start=1
    )
    AuthorFactory(name="Ada Verne", user=ada.user)
    return ada


def address(user, act):
    return f"/admin/auth/user/{user.pk}/{act}/"


def exported(client, user):
    answer = client.post(address(user, "data"))
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    return answer.json()


# Export


def test_all_that_is_stored_is_in_the_file(superuser, ada):
    data = exported(superuser, ada.user)

    assert data["account"]["email"] == "ada@example.org"
    assert data["groups"] == ["Contributors"]
    assert len(data["sessions"]) == 1
    assert data["failed_sign_ins"][0]["ip_address"] == "203.0.113.5"
    assert "sign-in" in {entry["action"] for entry in data["audit_log"]}
    assert [said["text"] for said in data["mentioned_in"]] == ["See @Ada.Verne."]
    rows = data["rows"]
    [draft] = rows["articles.article"]
    assert draft["name"] == "A draft"
    assert draft["as"] == ["assigned_to", "created_by"]
    assert rows["articles.comment"][0]["text"] == "A word of mine"
    assert rows["articles.editsession"][0]["draft_data"] == {"title": ["x"]}
    assert rows["articles.notificationpreference"][0]["published"] is False
    assert rows["authors.author"][0]["name"] == "Ada Verne"
    assert rows["reversion.revision"][0]["comment"] == "Reworded."


@pytest.mark.parametrize("role", ["superuser", "manager"])
def test_nothing_in_the_file_signs_anybody_in(request, role, ada):
    Phone.of(ada.user)
    second_factor.create_recovery_codes(ada.user)
    client = request.getfixturevalue(role)
    answer = client.post(address(ada.user, "data")).content.decode()

    assert ada.user.password not in answer
    assert ada.user.totpdevice_set.get().key not in answer
    assert StaticToken.objects.first().token not in answer
    assert Session.objects.first().pk not in answer


def test_a_manager_gives_it_out_without_the_words_of_drafts(manager, ada):
    data = exported(manager, ada.user)

    assert data["rows"]["articles.comment"][0]["article"]
    assert "A word of mine" not in str(data)
    assert "draft_data" not in data["rows"]["articles.editsession"][0]


def test_the_export_is_in_the_audit_log(manager, ada):
    exported(manager, ada.user)

    entry = AuditEntry.objects.filter(action="export").get()
    assert (entry.user, entry.object_id) == (manager.user, str(ada.user.pk))


# Erasure


def test_the_page_asks_first(superuser, ada):
    answer = superuser.get(address(ada.user, "erase"))

    assert "Erase this account?" in answer.content.decode()
    assert "Ada Verne" in answer.content.decode()
    assert User.objects.get(pk=ada.user.pk).username == "ada"


def test_an_erased_colleague_is_forgotten(superuser, ada):
    Phone.of(ada.user)
    superuser.post(address(ada.user, "erase"))

    former = User.objects.get(pk=ada.user.pk)
    assert former.username == f"former colleague {former.pk}"
    assert former.get_full_name() == former.email == ""
    assert not former.has_usable_password()
    assert not any([former.is_active, former.is_staff])
    assert not former.groups.exists()
    assert not former.totpdevice_set.exists()
    assert not former.staticdevice_set.exists()
    for model in (NotificationPreference, EditSession):
        assert not model.objects.filter(user=former).exists()
    assert not AccessAttempt.objects.exists()
    assert "ada" not in str(list(LogEntry.objects.values_list("object_repr"))).lower()


def test_the_erased_are_out_at_once(superuser, ada):
    assert ada.get("/admin/").status_code == 200

    superuser.post(address(ada.user, "erase"))

    assert ada.get("/admin/").status_code == 302
    assert len(erasure.sessions.list_ends(ada.user)) == 0


def test_the_erased_keep_no_right_of_their_own(superuser):
    """Not even for when somebody takes the account into use again."""
    boss = UserFactory(is_staff=True, is_superuser=True)
    boss.user_permissions.set(Permission.objects.all()[:3])

    superuser.post(address(boss, "erase"))

    boss.refresh_from_db()
    assert not boss.is_superuser
    assert not boss.user_permissions.exists()


def test_history_and_the_public_page_stay(superuser, ada):
    before = AuditEntry.objects.count()

    superuser.post(address(ada.user, "erase"))

    comment = Comment.objects.get(text="A word of mine")
    assert str(comment.by) == f"former colleague {ada.user.pk}"
    assert comment.article.created_by_id == ada.user.pk
    assert comment.article.assigned_to is None
    assert reversion.models.Revision.objects.get(comment="Reworded.").user == comment.by
    author = AuthorFactory._meta.model.objects.get(name="Ada Verne")
    assert author.user is None
    assert superuser.get(author.get_absolute_url()).status_code == 200
    assert AuditEntry.objects.count() > before
    entry = AuditEntry.objects.filter(action="erase").get()
    assert entry.user == superuser.user
    assert entry.what == f"former colleague {ada.user.pk}"


def test_the_name_is_free_for_somebody_else(superuser, ada):
    superuser.post(address(ada.user, "erase"))

    UserFactory(username="ada", email="ada@example.org")


def test_nothing_more_is_done_to_a_former_colleague(superuser, ada):
    superuser.post(address(ada.user, "erase"))

    for act in ("erase", "data", "link"):
        assert superuser.post(address(ada.user, act)).status_code == 403
    page = superuser.get(f"/admin/auth/user/{ada.user.pk}/change/").content.decode()
    assert "former colleague" in page
    assert address(ada.user, "erase") not in page


# Who may


@pytest.mark.parametrize("act", ["data", "erase"])
@pytest.mark.parametrize(
    ("role", "may"), [*((role, False) for role in ROLES), ("manager", True)]
)
def test_managers_do_it_and_nobody_else(request, ada, act, role, may):
    client = request.getfixturevalue(role)

    answer = client.post(address(ada.user, act))

    assert (answer.status_code in (200, 302)) is may
    assert answer.status_code in (200, 302, 403)
    erased = User.objects.get(pk=ada.user.pk).username != "ada"
    assert erased is (may and act == "erase")


@pytest.mark.parametrize("act", ["data", "erase"])
def test_a_manager_does_it_to_no_superuser(manager, superuser, act):
    assert manager.post(address(superuser.user, act)).status_code == 403
    assert User.objects.get(pk=superuser.user.pk).is_superuser


def test_a_request_that_only_looks_gives_nothing_out(superuser, ada):
    assert superuser.get(address(ada.user, "data")).status_code == 405


@pytest.mark.parametrize("role", ["manager", "superuser"])
def test_nobody_erases_themselves(request, role):
    client = request.getfixturevalue(role)

    for method in (client.get, client.post):
        assert method(address(client.user, "erase")).status_code == 403
    assert User.objects.get(pk=client.user.pk).is_active
    page = client.get(f"/admin/auth/user/{client.user.pk}/change/").content.decode()
    assert address(client.user, "erase") not in page


def test_nobody_erases_themselves_by_another_door_either(superuser):
    UserFactory(is_superuser=True)

    with pytest.raises(PermissionDenied, match="own account"):
        erasure.erase(superuser.user, by=superuser.user)


def test_the_last_superuser_stays(superuser, manager):
    with pytest.raises(PermissionDenied, match="last superuser account"):
        erasure.erase(superuser.user, by=manager.user)

    UserFactory(is_superuser=True, is_active=False)
    with pytest.raises(PermissionDenied, match="last superuser account"):
        erasure.erase(superuser.user, by=manager.user)

    UserFactory(is_superuser=True)
    erasure.erase(superuser.user, by=manager.user)
    assert not User.objects.get(pk=superuser.user.pk).is_superuser
