"""From a topic's page to the mail about new work on it, as a reader has it."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from ecfr_site.institution.models import Institution
from newsletter import antispam, tasks
from newsletter.alerts import runs
from newsletter.models import Heartbeat, Interest
from tests.factories import ArticleFactory, TopicFactory
from tests.newsletter.mail_helpers import link_in
from tests.newsletter.mail_server import MailServer

ADA = "ada@example.org"


@pytest.fixture
def midday(settings):
    """A time zone in which it is day now: at night nothing is sent."""
    offset = datetime.now(UTC).hour - 12
    settings.TIME_ZONE = f"Etc/GMT{offset:+d}"


def test_a_reader_follows_a_topic_and_gets_new_work_at_once(
    page, settings, mailoutbox, midday, monkeypatch
):
    # The browser fills in the form faster than anybody.
    monkeypatch.setattr(antispam, "LEAST_TIME", timedelta(0))
    # No further piece is waited for.
    monkeypatch.setattr(runs, "GATHERS", timedelta(0))
    settings.SIGNUP_PROOF_OF_WORK = True
    Institution.objects.update_or_create(pk=1, defaults={"offers_alerts": True})
    topic = TopicFactory(name="Climate", slug="climate")
    page.goto(topic.get_absolute_url())
    page.get_by_role("link", name="E-mail me new work").click()
    page.get_by_role("radio", name="within minutes").check()
    page.get_by_label("E-mail address").fill(ADA)
    page.locator("form.signup button[type=submit]").click()
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    assert not Interest.objects.exists()
    page.goto(link_in(mailoutbox[0], "confirm"))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()

    article = ArticleFactory(
        state="published",
        published_at=timezone.now(),
        title="A warm sea",
        topics=[topic],
    )
    with MailServer() as server:
        settings.MAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.NEWSLETTER_CONNECTIONS = 1
        Heartbeat.beat()
        tasks.enqueue_due()
        mail = message_from_bytes(server.handler.messages[ADA], policy=policy.default)

    assert mail["Subject"].endswith("A warm sea")
    page.set_content(mail.get_body(["html"]).get_content())
    link = page.get_by_role("link", name="A warm sea").first
    assert link.get_attribute("href").endswith(article.get_absolute_url())
