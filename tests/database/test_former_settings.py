"""What was part of the institution keeps its values in tables of its own."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Group, Permission

from articles.models import EditorialPolicy
from ecfr_site.caching.models import ContentVersion
from ecfr_site.institution.models import Institution
from ecfr_site.mail.models import MailHold
from tests.database.former_schema import former_schema
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = {
    "four_eyes": True,
    "checklist": {"topic": "block", "standfirst_longest": 250},
    "embargoed_words": "Project Atlas\nÉtude",
    "changed": LONG_AGO,
}


def permission(name):
    app, codename = name.split(".")
    return Permission.objects.get(content_type__app_label=app, codename=codename)


def test_policy_and_hold_are_moved_from_the_institution():
    with former_schema() as apps:
        rows = apps.get_model("ecfr_site", "Institution").objects
        rows.create(pk=1, name="The Example Council")
        rows.update(**POLICY, mail_held_since=LONG_AGO)

    assert Institution.objects.get().name == "The Example Council"
    assert EditorialPolicy.objects.filter(pk=1).values(*POLICY).get() == POLICY
    assert MailHold.objects.get().since == LONG_AGO


def test_policy_and_hold_are_moved_back():
    MailHold.objects.start()
    EditorialPolicy.objects.create()
    EditorialPolicy.objects.update(**POLICY)

    with former_schema() as apps:
        row = apps.get_model("ecfr_site", "Institution").objects.get()
        assert {name: getattr(row, name) for name in POLICY} == POLICY
        assert row.mail_held_since is not None

    assert EditorialPolicy.objects.values(*POLICY).get() == POLICY
    assert MailHold.objects.is_on()


def test_without_an_institution_nothing_is_moved():
    with former_schema():
        pass

    assert not EditorialPolicy.objects.exists()
    assert not MailHold.objects.is_on()


def test_a_site_whose_mail_is_not_held_is_not_held_afterwards():
    with former_schema() as apps:
        apps.get_model("ecfr_site", "Institution").objects.create(pk=1)

    assert not MailHold.objects.is_on()


def test_whoever_changed_the_institution_may_change_the_policy():
    managers = Group.objects.create(name="Those who manage")
    managers.permissions.add(permission("ecfr_site.change_institution"))
    editors = Group.objects.create(name="Those who edit")
    editors.permissions.add(permission("articles.change_article"))
    helper = UserFactory()
    helper.user_permissions.add(permission("ecfr_site.view_institution"))

    with former_schema():
        pass

    change = permission("articles.change_editorialpolicy")
    view = permission("articles.view_editorialpolicy")
    assert {change, view} <= set(managers.permissions.all())
    assert set(editors.permissions.all()) == {permission("articles.change_article")}
    assert view in helper.user_permissions.all()
    assert change not in helper.user_permissions.all()


def test_changes_of_the_institution_are_counted_before_and_after():
    ContentVersion.objects.get_or_create()
    with former_schema() as apps:
        apps.get_model("ecfr_site", "Institution").objects.create(pk=1)
    for name in ("Former", "Present"):
        before = ContentVersion.objects.get().number
        Institution.objects.update(name=name)
        assert ContentVersion.objects.get().number > before
