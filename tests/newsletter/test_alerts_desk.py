"""Editors see what alerts brought, apart from their editions."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from ecfr_site.institution.models import Institution
from newsletter.alerts import hours, runs
from newsletter.models import Edition, Newsletter, Wording
from newsletter.reports.deliverability import DeliverabilityReport
from tests.factories import (
    ArticleFactory,
    InterestFactory,
    SubscriberFactory,
    TopicFactory,
)

pytestmark = pytest.mark.django_db

LIST = "/admin/newsletter/alertrun/"


@pytest.fixture(autouse=True)
def by_day(monkeypatch):
    monkeypatch.setattr(hours, "is_quiet", lambda moment, zone: False)
    Institution.objects.update_or_create(pk=1, defaults={"offers_alerts": True})


def make_run(title="A warm sea"):
    topic = TopicFactory()
    InterestFactory(topic=topic, frequency="at-once")
    ArticleFactory(
        state="published",
        title=title,
        published_at=timezone.now() - timedelta(hours=1),
        topics=[topic],
    )
    assert runs.start_due() == 1
    return Edition.objects.alerts().latest("pk")


def test_runs_have_a_list_of_their_own(newsletter_editor):
    run = make_run()
    run.events.create(kind="click")

    html = newsletter_editor.get(LIST).content.decode()
    assert reverse("admin:newsletter_edition_change", args=[run.pk]) in html
    assert reverse("admin:newsletter_edition_report", args=[run.pk]) in html
    assert "At once: 1 alert of 1 person" in " ".join(html.split())

    editions = newsletter_editor.get("/admin/newsletter/edition/").content.decode()
    assert f"/edition/{run.pk}/" not in editions


def test_a_run_has_a_page_and_a_report(newsletter_manager):
    run = make_run()

    page = newsletter_manager.get(f"/admin/newsletter/edition/{run.pk}/change/")
    html = page.content.decode()
    assert "A warm sea" in html
    assert "to 1 person" in " ".join(html.split())
    assert "Pause" in html
    report = newsletter_manager.get(f"/admin/newsletter/edition/{run.pk}/report/")
    assert report.status_code == 200


@pytest.mark.parametrize(
    "role", ["newsletter_editor", "newsletter_manager", "publisher"]
)
def test_who_sees_editions_sees_runs(request, role):
    make_run()
    assert request.getfixturevalue(role).get(LIST).status_code == 200


@pytest.mark.parametrize("role", ["contributor", "reader"])
def test_others_do_not(request, role):
    assert request.getfixturevalue(role).get(LIST).status_code in (302, 403)


def test_nobody_writes_runs(newsletter_manager):
    run = make_run()
    for path in ("add/", f"{run.pk}/delete/"):
        assert newsletter_manager.get(f"{LIST}{path}").status_code in (403, 404)


def test_the_list_takes_the_same_queries_for_many(newsletter_editor):
    numbers = []
    make_run()
    newsletter_editor.get(LIST)
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            newsletter_editor.get(LIST)
        numbers.append(len(queries))
        for n in range(4):
            make_run(f"Piece {n}")
    assert numbers[0] == numbers[1]


def test_the_list_says_that_alerts_are_off(newsletter_editor):
    assert "Alerts are switched off" not in newsletter_editor.get(LIST).content.decode()
    Institution.objects.update(offers_alerts=False)
    assert "Alerts are switched off" in newsletter_editor.get(LIST).content.decode()


def test_reports_of_editions_leave_them_out():
    run = make_run()
    assert run not in DeliverabilityReport().editions


def test_a_subscriber_shows_what_is_followed(newsletter_manager):
    topic = TopicFactory(name="Climate")
    ada = InterestFactory(topic=topic, subscriber=SubscriberFactory()).subscriber

    page = newsletter_manager.get(f"/admin/newsletter/subscriber/{ada.pk}/change/")

    html = page.content.decode()
    assert "1: Climate, Daily" in html
    assert "Unsubscribe from everything" in html
    newsletter_manager.post(
        f"/admin/newsletter/subscriber/{ada.pk}/unsubscribe/act/", follow=True
    )
    assert not ada.interests.exists()


def test_the_promise_of_alerts_is_written_with_the_wording(newsletter_manager):
    posted = {
        "language": "en",
        "invitation": "Join us",
        "promise": "For newsletters.",
        "analytics": "May we?",
        "alerts": "For alerts.",
    }
    newsletter_manager.post("/admin/newsletter/wording/add/", posted)
    assert Wording.objects.current().promise_of_alerts == "For alerts."


def test_the_first_newsletter_is_the_sender():
    first = Newsletter.objects.offered().first()
    assert make_run().newsletter == first
