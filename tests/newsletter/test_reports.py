"""Reports: an edition's figures in full, and of people only what may be known."""

import csv
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from lxml import html

from newsletter.models import ConsentRecord, Delivery, Event, Link, Subscriber
from newsletter.reports import figures as reports
from tests.factories import (
    ArticleFactory,
    DeliveryFactory,
    EditionFactory,
    NewsletterFactory,
    SubscriberFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

Kind = Event.Kind
State = Delivery.State


@pytest.fixture
def edition(db):
    return EditionFactory(
        state="sent", started_at=timezone.now() - timedelta(hours=100), tracked_count=4
    )


@pytest.fixture
def report(edition):
    return reports.EditionReport(edition)


def deliver(edition, number=1, **values):
    return [DeliveryFactory(edition=edition, **values) for _ in range(number)]


def happen(delivery, kind, hours=1, **values):
    event = Event.objects.create(
        edition=delivery.edition, delivery=delivery, kind=kind, **values
    )
    at = delivery.edition.started_at + timedelta(hours=hours)
    Event.objects.filter(pk=event.pk).update(at=at)
    return event


def figures(report):
    return {name: number for name, number, _ in report.totals()}


def shares(report):
    return {name: part for name, _, part in report.totals()}


def page_of(client, edition):
    response = client.get(f"/admin/newsletter/edition/{edition.pk}/report/")
    assert response.status_code == 200
    return html.fromstring(response.content.decode())


def lines(response):
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(text.splitlines()))


def words(element):
    return " ".join(element.text_content().split())


# Who got it


def test_the_figures_add_up_to_the_audience(edition, report):
    sent = deliver(edition, 6)
    deliver(edition, 2, state=State.FAILED)
    deliver(edition, 3, state=State.SKIPPED)
    deliver(edition, state=State.UNCERTAIN)
    deliver(edition, state=State.RETRY)
    happen(sent[0], Kind.BOUNCE, hard=True)
    happen(sent[1], Kind.BOUNCE)

    found = figures(report)

    assert found["delivered"] == 4
    assert found["hard bounces"] == 1
    assert found["soft bounces"] == 1
    parts = list(found.values())[1:8]
    assert list(found)[7] == "waiting"
    assert found["recipients"] == sum(parts) == 13


def test_a_message_that_came_back_twice_is_one_message(edition, report):
    [delivery] = deliver(edition)
    happen(delivery, Kind.BOUNCE)
    happen(delivery, Kind.BOUNCE, hard=True)

    found = figures(report)

    assert found["delivered"] == 0
    assert found["hard bounces"] == 1
    assert found["soft bounces"] == 0


def test_what_was_refused_at_the_door_has_failed_and_did_not_come_back(edition, report):
    [delivery] = deliver(edition, state=State.FAILED)
    happen(delivery, Kind.BOUNCE, hard=True)

    assert figures(report)["failed"] == 1
    assert figures(report)["hard bounces"] == 0


def test_who_left_or_complained_is_counted_among_those_who_got_it(edition, report):
    first, second, *_ = deliver(edition, 8)
    happen(first, Kind.UNSUBSCRIBE)
    happen(second, Kind.UNSUBSCRIBE)
    happen(second, Kind.COMPLAINT)

    assert shares(report)["unsubscribed"] == 25
    assert shares(report)["complaints"] == 12.5


def test_reasons_are_counted_without_the_addresses_in_them(edition, report):
    for name in "ab":
        deliver(edition, state=State.FAILED, reason=f"550 <{name}@x.example> unknown")
    deliver(edition, state=State.SKIPPED, reason="unsubscribed")

    assert sorted(report.reasons) == [
        (State.FAILED, "550 <…> unknown", 2),
        (State.SKIPPED, "unsubscribed", 1),
    ]


def test_the_rarest_of_very_many_reasons_are_summed_up(edition, report, monkeypatch):
    monkeypatch.setattr(reports, "REASONS", 1)
    deliver(edition, 2, state=State.FAILED, reason="mailbox full")
    deliver(edition, state=State.FAILED, reason="refused 1")
    deliver(edition, state=State.FAILED, reason="refused 2")

    assert report.reasons == [
        (State.FAILED, "mailbox full", 2),
        (State.FAILED, "other reasons", 2),
    ]


def test_sending_counts_who_agreed_to_analytics_when_it_begins(db):
    newsletter = NewsletterFactory()
    SubscriberFactory(newsletters=[newsletter], tracked=True)
    SubscriberFactory(newsletters=[newsletter])
    edition = EditionFactory(newsletter=newsletter, due=True)

    edition.start()

    edition.refresh_from_db()
    assert (edition.audience_count, edition.tracked_count) == (2, 1)


# What was read


@pytest.fixture
def links(edition):
    """Two to one article, one to a page."""
    article = ArticleFactory(title="The veto is an alibi")
    return [
        Link.objects.create(
            edition=edition, number=n, url=f"https://example.org/{n}", article=article
        )
        for n in (1, 2)
    ] + [Link.objects.create(edition=edition, number=3, url="https://example.org/3")]


def test_clicks_are_told_by_link_and_by_article(edition, report, links):
    ada, bo = deliver(edition, 2, tracked=True)
    happen(ada, Kind.CLICK, link=links[0])
    happen(ada, Kind.CLICK, link=links[0])
    happen(ada, Kind.CLICK, link=links[1])
    happen(bo, Kind.CLICK, link=links[2])

    by_link = {link.number: (link.clicks, link.clickers) for link in report.links}
    assert by_link == {1: (2, 1), 2: (1, 1), 3: (1, 1)}
    [article] = report.articles
    assert article["title"] == "The veto is an alibi"
    assert (article["clicks"], article["clickers"]) == (3, 1)
    assert figures(report)["clickers"] == 2
    assert shares(report)["clickers"] == 50


def test_machines_are_counted_apart(edition, report, links):
    [ada] = deliver(edition, tracked=True)
    happen(ada, Kind.CLICK, link=links[0], machine="burst")
    happen(ada, Kind.OPEN, machine="image-proxy")

    assert figures(report)["clicks"] == figures(report)["estimated opens"] == 0
    link = next(link for link in report.links if link.number == 1)
    assert (link.clicks, link.machine) == (0, 1)
    assert report.articles[0]["machine"] == 1
    assert [(m["machine"], m["opens"], m["clicks"]) for m in report.machines] == [
        ("burst", 0, 1),
        ("image-proxy", 1, 0),
    ]
    assert not any(clicks or opens for _, clicks, opens in report.hours)


def test_clicks_of_who_was_erased_stay_in_the_totals(edition, report, links):
    [ada] = deliver(edition, tracked=True)
    happen(ada, Kind.CLICK, link=links[0])

    ada.subscriber.erase(method=ConsentRecord.Method.DESK)

    assert figures(report)["clicks"] == 1
    assert figures(report)["clickers"] == 1
    assert figures(report)["delivered"] == 1


def test_activity_is_told_by_the_hour_for_three_days(edition, report):
    [ada] = deliver(edition, tracked=True)
    begun = edition.started_at
    early = begun.replace(minute=0, second=0, microsecond=0)
    happen(ada, Kind.CLICK, hours=0)
    happen(ada, Kind.OPEN, hours=0)
    happen(ada, Kind.CLICK, hours=5)
    happen(ada, Kind.CLICK, hours=80)

    assert len(report.hours) == 72
    assert report.hours[0] == (early, 1, 1)
    assert report.hours[5][1] == 1
    assert sum(clicks for _, clicks, _ in report.hours) == 2


def test_it_stands_in_a_row_with_earlier_editions_of_its_newsletter(edition, report):
    earlier = EditionFactory(
        newsletter=edition.newsletter,
        state="sent",
        started_at=edition.started_at - timedelta(days=7),
        audience_count=4,
        sent_count=4,
        tracked_count=2,
    )
    EditionFactory(state="sent", started_at=earlier.started_at, sent_count=9)
    first, second, *_ = deliver(earlier, 4)
    happen(first, Kind.CLICK)
    happen(second, Kind.BOUNCE, hard=True)
    deliver(edition)

    before, now = report.recent_editions

    assert before.edition == earlier
    assert before.delivered_share == 75
    assert before.clickers_share == 50
    assert now.edition == edition
    assert now.delivered == 1


# The page and the files


def test_the_page_says_of_how_many_opens_and_clicks_are_known(
    newsletter_editor, edition
):
    edition.audience_count = 1204
    edition.tracked_count = 312
    edition.save()

    text = words(page_of(newsletter_editor, edition))

    assert "recorded for the 312 of 1,204 subscribers who agreed" in text
    assert "Opens are an estimate" in text


def test_each_chart_has_its_table(newsletter_editor, edition):
    page = page_of(newsletter_editor, edition)

    assert len(page.xpath("//*[local-name()='svg'][@role='img']")) == 5
    captions = [words(caption) for caption in page.xpath("//table/caption")]
    assert "The first 72 hours" in captions
    assert any(caption.startswith("The latest editions") for caption in captions)
    assert len(page.xpath("//*[@id]/@id")) == len(set(page.xpath("//*[@id]/@id")))


def test_a_longer_ledger_needs_no_more_queries(
    newsletter_editor, edition, links, django_assert_num_queries
):
    address = f"/admin/newsletter/edition/{edition.pk}/report/"
    newsletter_editor.get(address)
    for size in (1, 7):
        EditionFactory(
            newsletter=edition.newsletter,
            state="sent",
            started_at=edition.started_at - timedelta(days=size),
        )
        for delivery in deliver(edition, size, tracked=True):
            happen(delivery, Kind.CLICK, link=links[0])
            happen(delivery, Kind.OPEN)
        deliver(edition, size, state=State.FAILED, reason=f"no {size}")
        # Ten for the report; due changes, session, account, second factor, permissions,
        # the institution and the hold of mail.
        with django_assert_num_queries(18):
            newsletter_editor.get(address)


def test_what_was_not_begun_has_no_report(newsletter_editor):
    draft = EditionFactory()

    for name in ("report/", "report.csv", "deliveries.csv"):
        address = f"/admin/newsletter/edition/{draft.pk}/{name}"
        assert newsletter_editor.get(address).status_code == 404


def test_who_may_not_see_editions_sees_no_report(contributor, edition):
    for name in ("report/", "report.csv", "deliveries.csv"):
        address = f"/admin/newsletter/edition/{edition.pk}/{name}"
        assert contributor.get(address).status_code == 403


def test_the_figures_are_saved_as_a_file(newsletter_editor, edition, links):
    [ada] = deliver(edition, tracked=True)
    happen(ada, Kind.CLICK, link=links[0])
    deliver(edition, state=State.SKIPPED, reason="unsubscribed")

    rows = lines(
        newsletter_editor.get(f"/admin/newsletter/edition/{edition.pk}/report.csv")
    )

    assert rows[0] == ["part", "name", "number", "per cent"]
    assert ["total", "delivered", "1", "50.0"] in rows
    assert ["skipped", "unsubscribed", "1", ""] in rows
    assert ["clicks by people", "https://example.org/1", "1", ""] in rows


def test_only_who_sees_subscribers_saves_the_deliveries(
    newsletter_editor, newsletter_manager, edition
):
    [delivery] = deliver(edition)
    address = f"/admin/newsletter/edition/{edition.pk}/deliveries.csv"

    assert newsletter_editor.get(address).status_code == 403
    assert delivery.subscriber.email not in words(page_of(newsletter_editor, edition))
    head, row = lines(newsletter_manager.get(address))
    assert head[0] == "address"
    assert row[:2] == [delivery.subscriber.email, "sent"]


def test_a_reason_from_elsewhere_is_no_formula_in_a_file(newsletter_manager, edition):
    deliver(edition, state=State.FAILED, reason="=HYPERLINK(1)")

    rows = lines(
        newsletter_manager.get(f"/admin/newsletter/edition/{edition.pk}/deliveries.csv")
    )

    assert rows[1][2] == "'=HYPERLINK(1)"


# The list


def test_growth_is_told_by_the_week_from_the_log_of_consent(monkeypatch):
    newsletter = NewsletterFactory()
    method = ConsentRecord.Method.PREFERENCES
    ada, bo = SubscriberFactory.create_batch(2)
    real, week = timezone.now, timedelta(weeks=1)
    monkeypatch.setattr(timezone, "now", lambda: real() - 2 * week)
    ada.subscribe(newsletter, method=method)
    ada.subscribe(NewsletterFactory(), method=method)
    bo.subscribe(newsletter, method=method)
    monkeypatch.setattr(timezone, "now", lambda: real() - week)
    bo.unsubscribe(method=method)
    monkeypatch.undo()

    before, then, last, this = reports.list_weeks(4)

    assert (before.joined, before.left) == (0, 0)
    assert (then.joined, then.left) == (2, 0)
    assert (last.joined, last.left) == (0, 1)
    assert (this.joined, this.left) == (0, 0)
    assert this.begins.weekday() == 0


def test_the_overview_counts_people_by_status_and_newsletter(newsletter_manager):
    newsletter = NewsletterFactory(name="The Weekly")
    SubscriberFactory(newsletters=[newsletter])
    SubscriberFactory(newsletters=[newsletter], status=Subscriber.Status.BOUNCED)

    page = html.fromstring(
        newsletter_manager.get("/admin/newsletter/subscriber/overview/").content
    )

    rows = [words(row) for row in page.xpath("//tbody/tr")]
    assert "The Weekly 1" in rows
    assert "bounced 1" in rows
    assert "active 1" in rows


def test_the_overview_is_for_those_who_see_subscribers(newsletter_editor):
    address = "/admin/newsletter/subscriber/overview/"

    assert newsletter_editor.get(address).status_code == 403
    stranger = Client()
    stranger.force_login(UserFactory())
    assert stranger.get(address).status_code == 302
