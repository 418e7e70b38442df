"""The queue of tasks on the desk: what waits and what was given up, for operators."""

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from ecfr_site.audit.models import AuditEntry
from tests.admin_site.desk import OpenForm
from tests.conftest import signed_in

pytestmark = pytest.mark.django_db

ADDRESS = "/admin/tasks/"


@pytest.fixture
def superuser(db):
    return signed_in(is_staff=True, is_superuser=True)


def staff(*permissions):
    client = signed_in(is_staff=True)
    client.user.user_permissions.set(
        Permission.objects.filter(codename__in=permissions)
    )
    return client


def given_up(**fields):
    return DBTaskResult.objects.create(
        **{
            "args_kwargs": {"args": [7], "kwargs": {"_request_id": "a1b2c3d4"}},
            "task_path": "newsletter.tasks.send_edition",
            "backend_name": "default",
            "status": "FAILED",
            "worker_ids": ["one", "two", "three", "four"],
            "traceback": "Traceback…\nOSError: <The> server is away.",
            "run_after": timezone.now(),
            "finished_at": timezone.now(),
        }
        | fields
    )


def test_it_shows_what_waits_and_what_was_given_up(superuser):
    given_up()
    given_up(status="READY", priority=10, worker_ids=[])

    desk = OpenForm(superuser, ADDRESS)

    rows = [
        [" ".join(cell.text_content().split()) for cell in row]
        for row in desk.page.xpath("//tbody/tr")
    ]
    assert rows[:3] == [
        ["Images", "1", "0", "0"],
        ["E-mail that somebody is waiting for", "0", "0", "1"],
        ["Newsletter editions", "0", "0", "0"],
    ]
    said = " ".join(desk.page.xpath("//article")[0].text_content().split())
    assert said.startswith("newsletter.tasks.send_edition(7) OSError: <The> server")
    assert "request ID a1b2c3d4" in said


def test_a_failure_is_tried_once_more_and_the_log_knows_who_did_it(superuser):
    task = given_up()

    OpenForm(superuser, ADDRESS).press("Try again")

    task.refresh_from_db()
    assert task.status == "READY"
    entry = AuditEntry.objects.latest("pk")
    assert (entry.user, entry.action) == (superuser.user, "change")
    assert str(task.pk) in entry.detail


def test_a_failure_is_removed(superuser):
    given_up()

    OpenForm(superuser, ADDRESS).press("Remove")

    assert not DBTaskResult.objects.exists()


def test_acting_on_what_is_gone_or_on_nothing_does_nothing_and_says_so(superuser):
    desk = OpenForm(superuser, ADDRESS)
    desk.address = ADDRESS

    desk.send({"id": "x", "act": "retry"})
    assert "no longer in the list of failed tasks" in desk.said
    desk.send({"act": "burn"})
    assert "the form was incomplete" in desk.said


def test_looking_changes_nothing(superuser):
    task = given_up()

    superuser.get(ADDRESS, {"id": task.pk, "act": "forget"})

    assert DBTaskResult.objects.filter(status="FAILED").exists()


@pytest.mark.parametrize(
    ("permissions", "sees", "acts"),
    [
        ([], False, False),
        (["change_dbtaskresult"], False, False),
        (["view_dbtaskresult"], True, False),
        (["view_dbtaskresult", "change_dbtaskresult"], True, True),
    ],
)
def test_who_may_see_it_and_who_may_act(permissions, sees, acts):
    client, task = staff(*permissions), given_up()

    seen = client.get(ADDRESS)
    posted = client.post(ADDRESS, {"id": task.pk, "act": "retry"})

    assert (seen.status_code == 200) == sees
    assert (posted.status_code == 302) == acts
    assert (b"Try again" in seen.content) == acts
    task.refresh_from_db()
    assert (task.status == "READY") == acts


def test_no_group_of_the_desk_has_it(
    reader, contributor, editor, publisher, manager, newsletter_manager
):
    for client in (contributor, editor, publisher, manager, newsletter_manager):
        assert client.get(ADDRESS).status_code == 403
        assert b"/admin/tasks/" not in client.get("/admin/").content
    assert reader.get(ADDRESS).status_code == 302


def test_the_number_of_queries_does_not_grow_with_failures(
    superuser, django_assert_num_queries, django_assert_max_num_queries
):
    given_up()
    with django_assert_max_num_queries(20) as one:
        superuser.get(ADDRESS)
    for _ in range(5):
        given_up()

    with django_assert_num_queries(len(one)):
        superuser.get(ADDRESS)
