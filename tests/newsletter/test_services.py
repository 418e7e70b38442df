"""Through a mail service's API: what it answers becomes a row of the ledger."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from newsletter.models import Edition, Heartbeat, Pace
from newsletter.sending import worker
from tests.factories import (
    ArticleFactory,
    EditionFactory,
    NewsletterFactory,
    SubscriberFactory,
)

pytestmark = pytest.mark.django_db

ADA, BO = "ada@example.org", "bo@example.org"


class Service(ThreadingHTTPServer):
    """Answers like Postmark; ``service.answers[address] = (status, body)``."""

    def __init__(self):
        self.answers, self.taken = {}, {}
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        sent = sent[0] if isinstance(sent, list) else sent
        to = sent["To"]
        status, body = self.server.answers.get(to, (200, None))
        if status == "cut":
            self.connection.close()
            return
        if body is None:
            self.server.taken[to] = sent
            body = {"ErrorCode": 0, "Message": "OK", "To": to, "MessageID": f"id-{to}"}
        answer = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args):
        pass


@pytest.fixture
def service(settings):
    service = Service()
    thread = threading.Thread(target=service.serve_forever)
    thread.start()
    settings.EMAIL_SERVICE = "postmark"
    settings.MAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.NEWSLETTER_CONNECTIONS = 1
    settings.ANYMAIL = {
        "POSTMARK_SERVER_TOKEN": "secret",
        "POSTMARK_API_URL": f"http://127.0.0.1:{service.server_port}/",
        "REQUESTS_TIMEOUT": 5,
    }
    yield service
    service.shutdown()
    service.server_close()
    thread.join()


@pytest.fixture
def edition(db):
    Heartbeat.beat()
    newsletter = NewsletterFactory()
    for address in (ADA, BO):
        SubscriberFactory(email=address, tracked=True, newsletters=[newsletter])
    return EditionFactory(
        due=True, newsletter=newsletter, articles=[ArticleFactory(published=True)]
    )


def send(edition):
    worker.start(edition)
    worker.step(edition.pk)
    edition.refresh_from_db()
    rows = edition.deliveries.select_related("subscriber")
    return {row.subscriber.email: row for row in rows}


def test_each_gets_a_message_of_their_own_without_the_services_tracking(
    service, edition
):
    rows = send(edition)

    assert edition.state == Edition.State.SENT
    taken = service.taken[ADA]
    assert taken["TrackOpens"] is False
    assert taken["TrackLinks"] == "None"
    headers = {header["Name"]: header["Value"] for header in taken["Headers"]}
    assert rows[ADA].token("unsubscribe") in headers["List-Unsubscribe"]
    assert rows[ADA].token("click") in taken["HtmlBody"]
    assert rows[BO].token("click") not in taken["HtmlBody"]
    # By which its webhooks name the message.
    assert rows[ADA].remote_id == f"id-{ADA}"


def test_an_address_that_it_does_not_mail_is_a_bounce(service, edition):
    said = f"Found inactive addresses: {BO}. Inactive recipients have bounced."
    service.answers[BO] = (422, {"ErrorCode": 406, "Message": said})

    rows = send(edition)

    assert (rows[ADA].state, rows[BO].state) == ("sent", "failed")
    assert rows[BO].events.get().kind == "bounce"


def test_asking_for_patience_slows_the_sender_and_fails_nobody(service, edition):
    service.answers[BO] = (429, {"ErrorCode": 429, "Message": "Rate limit"})

    rows = send(edition)

    assert (rows[BO].state, rows[BO].attempts) == ("pending", 0)
    assert Pace.objects.exists()


@pytest.mark.parametrize(
    "answer",
    [
        (500, {"Message": "Oops"}),
        ("cut", None),
        (422, {"ErrorCode": 406, "Message": "in other words than usual"}),
    ],
)
def test_without_a_clear_word_it_is_uncertain(service, edition, answer):
    service.answers[BO] = answer

    rows = send(edition)

    assert (rows[ADA].state, rows[BO].state) == ("sent", "uncertain")


def test_a_wrong_key_pauses_the_edition_and_fails_nobody(service, edition):
    wrong = (401, {"ErrorCode": 10, "Message": "Bad or missing API token"})
    service.answers = {ADA: wrong, BO: wrong}

    rows = send(edition)

    assert edition.state == Edition.State.PAUSED
    assert "API token" in edition.held_because
    assert {row.state for row in rows.values()} == {"pending"}


def test_a_service_that_is_not_reached_costs_nobody_an_attempt(
    service, edition, settings
):
    settings.ANYMAIL = {**settings.ANYMAIL, "POSTMARK_API_URL": "http://127.0.0.1:1/"}

    rows = send(edition)

    assert "cannot be reached" in edition.trouble
    assert {(row.state, row.attempts) for row in rows.values()} == {("pending", 0)}
