"""Deliverability: what domains do with editions, and holding and releasing them."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from lxml import html

from ecfr_site.audit.models import AuditEntry
from newsletter.metrics import count_holds
from newsletter.models import DomainHold, Edition, Event, NotAllowed, SenderCheck
from newsletter.reports.deliverability import DeliverabilityReport
from tests.admin_site.desk import OpenForm
from tests.factories import DeliveryFactory, EditionFactory, UserFactory
from tests.newsletter.test_edition_roles import (
    COMPOSERS,
    ROLES,
    SENDERS,
    address,
    assert_answer,
)

pytestmark = pytest.mark.django_db

PAGE = "/admin/newsletter/edition/deliverability/"


@pytest.fixture
def edition():
    return EditionFactory(
        subject="The quiet port",
        state="sending",
        started_at=timezone.now() - timedelta(hours=2),
    )


def deliver(edition, number=1, domain="example.org", **values):
    return DeliveryFactory.create_batch(
        number, edition=edition, domain=domain, **values
    )


def bounce(delivery, **values):
    return Event.objects.create(
        edition=delivery.edition, delivery=delivery, kind="bounce", **values
    )


def complain(delivery):
    Event.objects.create(edition=delivery.edition, delivery=delivery, kind="complaint")


def of(domain):
    [found] = [d for d in DeliverabilityReport().domains if d.domain == domain]
    return found


def words(response):
    return " ".join(html.fromstring(response.content.decode()).text_content().split())


# Figures


def test_a_domains_messages_are_counted(edition):
    full, gone, spam, *_ = deliver(edition, 6)
    deliver(edition, 2, state="failed", fault="server", reason="554 blocked using x")
    deliver(edition, 1, state="failed", fault="address", reason="550 no such user")
    deliver(edition, 3, state="retry", fault="server", reason="421 too many messages")
    deliver(edition, 4, state="pending")
    deliver(edition, 5, state="skipped")
    deliver(edition, 1, domain="example.net")
    bounce(full, fault="mailbox", reason="mailbox full")
    bounce(gone, hard=True, fault="address", reason="no such address")
    complain(spam)

    domain = of("example.org")

    assert domain.recipients == 16
    assert (domain.delivered, domain.waiting, domain.retried) == (4, 7, 3)
    assert (domain.blocked, domain.hard, domain.soft) == (2, 1, 1)
    assert domain.complaints == 1
    assert domain.delivered_share == 25


def test_a_returned_message_may_have_been_blocked(edition):
    [delivery] = deliver(edition)
    bounce(delivery, fault="message", reason="spam")

    domain = of("example.org")

    assert (domain.delivered, domain.blocked, domain.hard, domain.soft) == (0, 1, 0, 0)


def test_the_largest_domain_comes_first_and_the_smallest_are_summed(
    edition, monkeypatch
):
    monkeypatch.setattr("newsletter.reports.deliverability.DOMAINS", 1)
    deliver(edition, 3, domain="large.example")
    small, other = deliver(edition, 1, "a.example") + deliver(edition, 1, "b.example")
    bounce(small, hard=True, fault="address")
    complain(other)

    report = DeliverabilityReport()

    assert [domain.domain for domain in report.domains] == ["large.example"]
    assert report.rest.recipients == 2
    assert (report.rest.hard, report.rest.complaints) == (1, 1)
    assert report.total.recipients == 5


def test_old_editions_are_left_aside(edition):
    deliver(edition)
    old = EditionFactory(state="sent", started_at=timezone.now() - timedelta(days=91))
    deliver(old, domain="old.example")

    assert [domain.domain for domain in DeliverabilityReport().domains] == [
        "example.org"
    ]


def test_forgotten_deliveries_belong_to_no_domain(edition):
    deliver(edition, domain="")
    assert DeliverabilityReport().domains == []


def test_the_page_takes_the_same_queries_for_any_number_of_domains(
    newsletter_manager, edition, django_assert_max_num_queries
):
    def open_page():
        with django_assert_max_num_queries(60) as asked:
            assert newsletter_manager.get(PAGE).status_code == 200
        return len(asked)

    deliver(edition)
    before = open_page()
    for number in range(8):
        for delivery in deliver(edition, 3, domain=f"{number}.example"):
            bounce(delivery, fault="server", reason="blocklist")
        DomainHold.objects.hold(f"{number}.example", "Blocked", "server", edition)

    assert open_page() == before


# What needs attention


@pytest.mark.parametrize(
    ("complaints", "level"), [(0, ""), (1, ""), (2, "warning"), (6, "error")]
)
def test_complaints_are_measured_as_gmail_does(edition, complaints, level):
    messages = deliver(edition, 6)
    deliver(edition, 10)
    for delivery in messages[:complaints]:
        complain(delivery)
    domain = of("example.org")
    domain.sent += 1984  # Two complaints of two thousand are 0.1%.

    assert domain.level == level


def test_hard_bounces_above_two_per_cent_are_named(edition):
    for delivery in deliver(edition, 40)[:2]:
        bounce(delivery, hard=True, fault="address", reason="no such address")

    [problem] = of("example.org").problems

    assert "2 hard bounces, 5%" in problem.text
    assert "import" in problem.advice


@pytest.mark.parametrize(
    ("fault", "answer", "reason", "advice"),
    [
        ("server", "554 5.7.1 blocked using zen.spamhaus.org", "blocklist", "removal"),
        ("server", "550 5.7.26 DMARC policy of the domain", "authentic", "Sender auth"),
        ("domain", "554 5.4.14 Hop count exceeded", "loop", "postmaster"),
    ],
)
def test_what_is_blocked_says_why_and_what_to_do(
    edition, fault, answer, reason, advice
):
    deliver(edition, 8)
    deliver(edition, 2, state="failed", fault=fault, reason=answer)

    [problem] = of("example.org").problems

    assert problem.level == "error"
    assert f"2 blocked, 20%: {reason}" in problem.text
    assert advice in problem.advice


def test_messages_that_are_tried_again_are_named(edition):
    deliver(edition, 8)
    deliver(edition, 2, state="retry", fault="mailbox", reason="452 4.2.2 mailbox full")

    [problem] = of("example.org").problems

    assert problem.text == "2 are being retried: mailbox full."
    assert problem.advice.startswith("Nothing to do")


def test_the_page_shows_it_all(newsletter_editor, edition):
    deliver(edition, 8)
    deliver(edition, 2, state="failed", fault="server", reason="554 zen.spamhaus.org")
    deliver(edition, 3, domain="example.net", state="retry", fault="server")
    DomainHold.objects.hold("example.net", "421 Too many", "server", edition)

    page = newsletter_editor.get(PAGE)

    said = words(page)
    assert "example.net Until" in said
    assert "when The quiet port was sent" in said
    assert "3 messages wait. The server said: 421 Too many" in said
    assert "example.org Act2 blocked, 20%: blocklist." in said
    assert "Let mail through" not in said
    assert "Hold a domain" not in said


def test_without_an_edition_the_page_says_so(newsletter_editor):
    assert "No edition was sent in the last 90 days." in words(
        newsletter_editor.get(PAGE)
    )


# Holding and releasing by hand


@pytest.fixture
def held(edition):
    deliver(edition, 3, state="retry", due_at=timezone.now() + timedelta(hours=3))
    return DomainHold.objects.hold("example.org", "421 Too many", "server", edition)


def test_mail_is_let_through_after_a_question(newsletter_manager, held, edition):
    form = OpenForm(newsletter_manager, f"{PAGE}release/?domain=example.org")
    assert "3 messages go out at once" in words(form.response)
    form.press("Let mail through", follow=False)

    said = words(newsletter_manager.get(PAGE))
    assert "Mail to example.org is let through again." in said
    assert not DomainHold.objects.exists()
    assert edition.deliveries.due().count() == 3
    entry = AuditEntry.objects.get(action="send")
    assert entry.detail == "Mail to example.org is let through."
    assert entry.user.has_perm("newsletter.send_edition")


def test_a_domain_that_is_not_held_cannot_be_released(newsletter_manager):
    page = newsletter_manager.get(f"{PAGE}release/?domain=example.org")
    assert page.status_code == 404


def test_a_domain_is_held_by_hand(newsletter_manager, edition):
    deliver(edition, 2, state="pending")
    form = OpenForm(newsletter_manager, f"{PAGE}hold/?domain=example.org")
    form["hours"] = "24"
    form["because"] = "Ida@example.org says their server is down."
    form.press("Hold the domain", follow=False)

    hold = DomainHold.objects.get()
    assert hold.domain == "example.org"
    assert hold.because == "(address) says their server is down."
    day = timedelta(days=1)
    assert abs(hold.until - timezone.now() - day) < timedelta(minutes=1)
    entry = AuditEntry.objects.get(action="send")
    assert "example.org is left alone until" in entry.detail
    assert "(address) says" in entry.detail
    said = words(newsletter_manager.get(PAGE))
    assert "2 messages wait. A colleague decided: (address) says" in said


@pytest.mark.parametrize("domain", ["", "no domain", "-", "http://example.org/"])
def test_only_a_domain_can_be_held(newsletter_manager, domain):
    form = OpenForm(newsletter_manager, f"{PAGE}hold/")
    form["domain"], form["because"] = domain, "Why"
    form.press("Hold the domain")

    assert form.said
    assert not DomainHold.objects.exists()


@pytest.mark.parametrize("domain", ["@Orange.FR", "ORANGE.fr ", "ida@orange.fr"])
def test_a_domain_is_held_as_deliveries_have_it(newsletter_manager, domain):
    form = OpenForm(newsletter_manager, f"{PAGE}hold/")
    form["domain"], form["because"] = domain, "Why"
    form.press("Hold the domain", follow=False)

    assert DomainHold.objects.get().domain == "orange.fr"


def test_a_hold_can_be_prolonged(newsletter_manager, held):
    form = OpenForm(newsletter_manager, f"{PAGE}hold/?domain=example.org")
    form["hours"], form["because"] = "48", "They asked for time."
    form.press("Hold the domain", follow=False)

    hold = DomainHold.objects.get()
    assert hold.since == held.since
    assert hold.until > held.until + timedelta(hours=40)


def test_what_a_person_decided_stays_whatever_servers_answer(edition):
    until = timezone.now() + timedelta(days=1)
    manager = UserFactory(newsletter_manager=True)
    DomainHold.objects.hold_by_hand("example.org", until, "They asked.", manager)

    # As the worker does for messages that were on their way.
    DomainHold.objects.hold("example.org", "421 Too many", "server", edition)
    assert not DomainHold.objects.release("example.org")

    hold = DomainHold.objects.get()
    assert (hold.because, hold.until) == ("They asked.", until)
    assert DomainHold.objects.release_by_hand("example.org", manager)


def test_when_its_time_has_passed_a_message_decides(edition):
    past = timezone.now() - timedelta(minutes=1)
    manager = UserFactory(newsletter_manager=True)
    DomainHold.objects.hold_by_hand("example.org", past, "They asked.", manager)

    hold = DomainHold.objects.hold("example.org", "421 Too many", "server", edition)
    assert (hold.because, hold.tries) == ("421 Too many", 1)

    DomainHold.objects.hold_by_hand("example.org", past, "They asked.", manager)
    assert DomainHold.objects.release("example.org")


def test_the_rules_ask_who_decides(edition):
    editor = UserFactory(newsletter_editor=True)
    with pytest.raises(NotAllowed):
        DomainHold.objects.hold_by_hand("example.org", timezone.now(), "", editor)
    with pytest.raises(NotAllowed):
        DomainHold.objects.release_by_hand("example.org", editor)


# Who may


@pytest.fixture(params=ROLES)
def role(request):
    return request.param


@pytest.fixture
def client(role):
    client = Client()
    if role != "anonymous":
        client.force_login(UserFactory(**{role: True}))
    return client


PAGES = {
    "deliverability": COMPOSERS,
    "domain_hold": SENDERS,
    "domain_release": SENDERS,
}


@pytest.mark.parametrize("name", PAGES)
def test_who_sees_the_pages(client, role, held, name):
    response = client.get(address(name), {"domain": "example.org"})
    assert_answer(response, role in PAGES[name], role)


def test_who_lets_mail_through(client, role, held):
    response = client.post(address("domain_release"), {"domain": "example.org"})

    assert_answer(response, role in SENDERS, role)
    assert DomainHold.objects.exists() is (role not in SENDERS)


def test_who_holds_a_domain(client, role):
    values = {"domain": "example.org", "hours": "4", "because": "Why"}
    response = client.post(address("domain_hold"), values)

    assert_answer(response, role in SENDERS, role)
    assert DomainHold.objects.exists() is (role in SENDERS)


def test_who_has_a_sender_checked(client, role, edition):
    response = client.post(address("sender_check", edition.newsletter_id))

    assert_answer(response, role in SENDERS, role)
    assert SenderCheck.objects.exists() is (role in SENDERS)


# Senders


def test_the_page_shows_what_was_found_of_each_sender(newsletter_editor, edition):
    SenderCheck.objects.create(
        newsletter=edition.newsletter,
        domain="meridian.example",
        records=[
            {
                "name": "SPF",
                "domain": "news.example.org",
                "text": "v=spf1 -all",
                "aligned": False,
            },
            {"name": "DKIM", "domain": "?", "text": "", "aligned": None},
            {
                "name": "DMARC",
                "domain": "_dmarc.meridian.example",
                "text": "v=DMARC1; p=reject",
                "aligned": None,
            },
        ],
        findings=[{"level": "error", "text": "Messages would be refused."}],
        checked_at=timezone.now(),
    )

    said = words(newsletter_editor.get(PAGE))

    assert "SPF Not aligned news.example.org v=spf1 -all" in said
    assert "DKIM Not known" in said
    assert "DMARC Found _dmarc.meridian.example v=DMARC1; p=reject" in said
    assert "Fix Messages would be refused." in said
    assert "Check again" not in said


def test_checking_again_has_an_end(newsletter_manager, edition, monkeypatch):
    monkeypatch.setattr("newsletter.admin.deliverability.CHECKS_AN_HOUR", 1)
    check = address("sender_check", edition.newsletter_id)
    assert "Checked:" in words(newsletter_manager.post(check, follow=True))
    assert newsletter_manager.get(check).status_code == 405

    said = words(newsletter_manager.post(check, follow=True))

    assert "1 checks an hour are the most" in said


# Elsewhere at the desk


def test_the_editions_page_says_which_domains_wait(newsletter_editor, held, edition):
    Edition.objects.update(audience_count=3)
    page = newsletter_editor.get(address("edition_change", edition.pk))

    until = f"{timezone.localtime(held.until):%-d %b, %H:%M}"
    assert f"example.org is left alone until {until}; 3 wait. 421 Too many" in words(
        page
    )


def test_the_desk_says_that_mail_is_held(newsletter_editor, contributor, held):
    said = words(newsletter_editor.get("/admin/"))
    assert "Mail is held" in said
    assert "example.org until" in said
    assert "Mail is held" not in words(contributor.get("/admin/"))

    DomainHold.objects.release("example.org")
    assert "Mail is held" not in words(newsletter_editor.get("/admin/"))


def test_the_editions_page_says_what_the_test_group_waits_for(
    newsletter_editor, edition
):
    edition.newsletter.canary = 4
    edition.newsletter.save()
    Edition.objects.update(audience_count=5)
    deliver(edition, 1, wave=0, sent_at=timezone.now())
    deliver(edition, 1, wave=0, state="failed")
    [third, fourth] = deliver(edition, 2, wave=0, state="pending")

    def said():
        return words(newsletter_editor.get(address("edition_progress", edition.pk)))

    assert "Test group: 2 of 4 decided, 1 bounced. 2 wait for a server" in said()

    edition.deliveries.filter(pk__in=[third.pk, fourth.pk]).update(state="retry")
    at = timezone.localtime() + timedelta(minutes=30)
    assert f"1 bounced. The others follow at {at:%H:%M}" in said()


def test_held_domains_are_measured(held):
    assert count_holds() == 1
    DomainHold.objects.update(until=timezone.now())
    assert count_holds() == 0
