"""Messages of other mail servers, in their own forms; written for these tests.

Each takes the address it is sent to and the headers of the message it returns.
"""

SUBJECT = "Subject: The week in Europe\n"


def headers(delivery):
    """Of the message as it was sent, so far as they matter here."""
    return (
        f"Message-ID: <{delivery.token('message')}@example.org>\n"
        f"From: Letters <letters@example.org>\nTo: {delivery.subscriber.email}\n"
        f"{SUBJECT}List-Unsubscribe:\n"
        f" <https://example.org/newsletter/unsubscribe/{delivery.token('unsubscribe')}/>\n"
    )


def dsn(to, original, *, status="5.1.1", action="failed", answer="", extra=""):
    """A notice in the form of RFC 3464, as Postfix writes it."""
    answer = answer or f"550 {status} <ada@mail.example>: User unknown"
    return f"""\
Return-Path: <>
Date: Tue, 24 Nov 2026 09:12:44 +0100 (CET)
From: MAILER-DAEMON@mx.mail.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {to}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="4fX/mx.mail.example"
Message-Id: <20261124081244.4fX@mx.mail.example>

This is a MIME-encapsulated message.

--4fX/mx.mail.example
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I am the mail system at host mx.mail.example. Your message was not delivered:

<ada@mail.example>: host 192.0.2.7[192.0.2.7] said: {answer}
    (in reply to RCPT TO command)

--4fX/mx.mail.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.mail.example
X-Postfix-Queue-ID: 4fX
Arrival-Date: Tue, 24 Nov 2026 09:12:43 +0100 (CET)

Final-Recipient: rfc822; ada@mail.example
Original-Recipient: rfc822;ada@mail.example
Action: {action}
Status: {status}
Remote-MTA: dns; 192.0.2.7
Diagnostic-Code: smtp; {answer}
{extra}
--4fX/mx.mail.example
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

Return-Path: <{to}>
{original}
--4fX/mx.mail.example--
"""


def international(to, original):
    """RFC 6533: for addresses that are not ASCII."""
    return (
        dsn(to, original)
        .replace("message/delivery-status", "message/global-delivery-status")
        .replace("rfc822; ada@", "utf-8; zoë@")
        .replace("text/rfc822-headers", "message/global-headers")
    )


def exim(to, original, *, answer=""):
    answer = answer or "550 5.1.1 <ada@mail.example>: Recipient address rejected"
    return f"""\
Return-path: <>
X-Failed-Recipients: ada@mail.example
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@exim.example>
To: {to}
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1x-0001@exim.example>

This message was created automatically by mail delivery software.

A message sent by you did not reach all of its recipients. This error is for good:

  ada@mail.example
    SMTP error from remote mail server after RCPT TO:<ada@mail.example>:
    {answer}

------ This is a copy of the message, including all the headers. ------

{original}
Dear reader, 452 pages await you.
"""


def qmail(to, original, *, answer="Sorry, no mailbox here by that name. (#5.1.1)"):
    return f"""\
Return-Path: <>
From: MAILER-DAEMON@qmail.example
To: {to}
Subject: failure notice

Hi. This is the qmail-send program at qmail.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<ada@mail.example>:
{answer}

--- Below this line is a copy of the message.

Return-Path: <{to}>
{original}
Dear reader.
"""


def exchange(to, original, *, status="5.1.10", answer=""):
    """Exchange Online, with HTML first and the whole message inside."""
    answer = answer or (
        "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient\n"
        " ada@mail.example not found by SMTP address lookup"
    )
    return f"""\
From: <postmaster@outlook.example>
To: <{to}>
Date: Tue, 24 Nov 2026 08:00:00 +0000
Content-Type: multipart/report; report-type=delivery-status;
 boundary="9B095B5A"
X-MS-Exchange-Message-Is-Ndr:
Message-ID: <1-2-3@outlook.example>
Subject: Undeliverable: The week in Europe

--9B095B5A
Content-Type: text/html; charset="us-ascii"
Content-Transfer-Encoding: quoted-printable

<html><body><p>Your message to ada@mail.example couldn't be delivered.</p>
</body></html>

--9B095B5A
Content-Type: message/delivery-status

Reporting-MTA: dns;mail.outlook.example
Received-From-MTA: dns;mx.example.org
Arrival-Date: Tue, 24 Nov 2026 08:00:00 +0000

Final-Recipient: rfc822;ada@mail.example
Action: failed
Status: {status}
Diagnostic-Code: smtp;{answer}

--9B095B5A
Content-Type: message/rfc822

{original}
Dear reader.

--9B095B5A--
"""


def gmail(to, original, *, status="5.1.1", answer=""):
    """With several lines of answer, each with its code."""
    answer = answer or (
        "550-5.1.1 The email account that you tried to reach does not exist.\n"
        " 550-5.1.1 Try double-checking the address.\n"
        " 550 5.1.1 For more, see the help pages. a1-2si.3 - gsmtp"
    )
    return dsn(to, original, status=status, answer=answer).replace(
        "MAILER-DAEMON@mx.mail.example", "mailer-daemon@googlemail.example"
    )


def sendmail(to, original, *, answer):
    """A transcript, as before there were notices in a standard form."""
    return f"""\
From: Mail Delivery Subsystem <MAILER-DAEMON@sendmail.example>
To: {to}
Subject: Returned mail: see transcript for details

The original message was received at Tue, 24 Nov 2026 08:00:00 GMT

   ----- The following addresses had permanent fatal errors -----
<ada@mail.example>

   ----- Transcript of session follows -----
{answer}

   ----- Original message follows -----

Return-Path: <{to}>
{original}
Dear reader.
"""


def dragonfly(to, original, *, answer):
    """DragonFly Mail Agent, which has a name and no address."""
    return f"""\
From: MAILER-DAEMON <>
To: {to}
Subject: Mail delivery failed
Message-Id: <e0720@df.example>

This is the DragonFly Mail Agent v0.13 at df.example.

There was an error delivering your mail to <ada@mail.example>.

mx.mail.example [192.0.2.7] did not like our final DATA:
{answer}

Message headers follow.

{original}
"""


def mailru(to, original, *, answer):
    """It calls what it returns a reply, and does not name whom it failed to reach."""
    return f"""\
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mx1.mail.ru.example>
To: {to}
Subject: Mail failure.
Content-Type: text/plain; charset="utf-8"

Это письмо создано автоматически, отвечать на него не нужно.

{answer}

------ This is a copy of your message, including all the headers. ------

{original}
"""


def homemade(to, original, *, answer="The account was closed."):
    """A server that knows no standard."""
    return f"""\
From: Postmaster <postmaster@old.example>
To: {to}
Subject: Mail returned

{answer}
"""


def delay_by_post(to, original):
    """An old warning in plain text: the server still tries."""
    return f"""\
From: Mail Delivery Subsystem <MAILER-DAEMON@sendmail.example>
To: {to}
Subject: Warning: could not send message for past 4 hours

    **********************************************
    **      THIS IS A WARNING MESSAGE ONLY      **
    **  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **
    **********************************************

The original message was received at Tue, 24 Nov 2026 08:00:00 GMT

   ----- Transcript of session follows -----
<ada@mail.example>... Deferred: Connection timed out with mx.mail.example
Warning: message still undelivered after 4 hours
Will keep trying until message is 5 days old
"""


def holiday(to, original, more="Auto-Submitted: auto-replied (vacation)\n"):
    return f"""\
Return-Path: <>
From: Ada <ada@mail.example>
To: {to}
Subject: Re: The week in Europe
{more}In-Reply-To: <1@example.org>

I am away until 550 letters have piled up. 5.1.1 is my room.
"""


def letter(to, original):
    """A person answers the newsletter."""
    return f"""\
From: Ada <ada@mail.example>
To: {to}
Subject: Re: The week in Europe

Thank you for this!
"""


def arf(to, original, kind="abuse", part="message/rfc822"):
    """A complaint as the great providers send it (RFC 5965)."""
    return f"""\
From: <feedback@provider.example>
To: {to}
Subject: FW: The week in Europe
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report;
     boundary="part1"

--part1
Content-Type: text/plain; charset="US-ASCII"

This is an abuse report for a message received on 24 November 2026.

--part1
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: Provider-Feedback/2.1
Version: 1
Original-Rcpt-To: <ada@mail.example>
Source-IP: 192.0.2.1

--part1
Content-Type: {part}

{original}
Dear reader.

--part1--
"""


def complaint_about_message(to, original):
    """Outlook.com's form (JMRP): the message as it was, and no report."""
    return f"""\
From: staff@hotmail.example
To: {to}
Subject:  complaint about message from 192.0.2.1
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="F0000EEE2"

--F0000EEE2
Content-Type: message/rfc822
Content-Disposition: inline

X-HmXmrOriginalRecipient: ada@mail.example
X-Reporter-IP: 192.0.2.22
{original}
Dear reader.

--F0000EEE2--
"""


def complaint_by_service(to, original):
    """The same without the field, as Amazon passes complaints on."""
    return complaint_about_message(to, original).replace(
        "X-HmXmrOriginalRecipient: ada@mail.example\n", ""
    )


def complaint_without_subject(to, original):
    return complaint_about_message(to, original).replace(
        "complaint about message from 192.0.2.1", "FW: The week in Europe"
    )


def complaint_in_text(to, original):
    """The fields of a report as text, as from before the format had a type."""
    return arf(to, original).replace("message/feedback-report\n", "text/plain\n")


def other(to, headers, body):
    """Whatever else arrives at the address for bounces."""
    return f"To: {to}\n{headers.strip()}\n\n{body.strip()}\n"
