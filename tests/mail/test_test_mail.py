"""An operator learns what the mail server says to a mail, before readers sign up."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from ecfr_site.mail.models import MailHold
from tests.newsletter.mail_server import MailServer
from tests.test_run import free_port

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(settings):
    with MailServer() as server:
        settings.MAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


def send():
    out = StringIO()
    call_command("send_test_mail", "ada@reader.example", stdout=out)
    return out.getvalue()


def test_the_mail_goes_out_and_each_answer_is_said(server):
    said = send()

    assert "DATA: 250 Accepted" in said
    assert server.accepted == {"ada@reader.example": 1}


def test_a_refusal_is_said_in_the_words_of_the_server(server):
    server.faults["ada@reader.example"] = "550 5.7.1 Relaying denied"

    with pytest.raises(CommandError, match="RCPT: 550 5.7.1 Relaying denied"):
        send()


def test_a_server_that_is_not_there_is_said(server, settings):
    settings.EMAIL_PORT = free_port()

    with pytest.raises(CommandError, match="Connection refused"):
        send()


def test_a_restored_copy_sends_none(server):
    MailHold.objects.start()

    with pytest.raises(CommandError, match="restored copy"):
        send()
    assert not server.accepted
