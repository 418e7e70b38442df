"""A real SMTP server on loopback that misbehaves as told, and notes what it took."""

import asyncio
import socket
from collections import Counter

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


class Faults:
    """The fate of a message, by its recipient's address: ``faults[address] = …``.

    A text like "550 No such user" is the answer to RCPT, or to the message when it is
    a pair ("message", text). The others are "drop" (before the last byte is read),
    "drop after" (accepted, and the connection gone before the answer), "hang after"
    (accepted, and no answer) and ("slow", seconds), and perhaps a refusal after them.
    ``faults["@example.org"]`` is for everybody there; a list is used up one by one.
    `at_mail` is what every conversation meets at MAIL: a text, or "drop".
    """

    def __init__(self):
        self.by_address = {}
        self.at_mail = ""

    def __setitem__(self, address, fault):
        self.by_address[address] = fault

    def scatter(self, addresses, per_cent, chance, final=()):
        """{address: fault}: `per_cent` of them meet each, `final` ones for ever."""
        kinds = [*per_cent, ""]
        weights = [*per_cent.values(), 100 - sum(per_cent.values())]
        drawn = chance.choices(kinds, weights, k=len(addresses))
        given = {
            who: fault for who, fault in zip(addresses, drawn, strict=True) if fault
        }
        for address, fault in given.items():
            self[address] = fault if fault in final else [fault]
        return given

    def next(self, address):
        domain = address[address.index("@") :]
        fault = self.by_address.get(address) or self.by_address.get(domain, "")
        if isinstance(fault, list):
            return fault.pop(0) if fault else ""
        return fault


class Handler:
    def __init__(self, pipelining, faults):
        self.pipelining = pipelining
        self.faults = faults
        self.accepted = Counter()
        self.messages = {}
        self.senders = {}
        self.connections = 0

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.connections += 1
        session.host_name = hostname
        if self.pipelining:
            responses.insert(1, "250-PIPELINING")
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):
        if self.faults.at_mail == "drop":
            server.transport.abort()
        elif self.faults.at_mail:
            return self.faults.at_mail
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        fault = self.faults.next(address)
        envelope.fault = fault
        if isinstance(fault, str) and fault[:3].isdigit():
            return fault
        if fault == "drop":
            server.transport.abort()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        fault = envelope.fault
        if fault and fault[0] == "message":
            return fault[1]
        [address] = envelope.rcpt_tos
        self.accepted[address] += 1
        self.messages[address] = envelope.original_content
        self.senders[address] = envelope.mail_from
        if fault == "drop after":
            server.transport.abort()
        if fault and fault[0] == "slow":
            _, seconds, *refusal = fault
            await asyncio.sleep(seconds)
            if refusal:
                return refusal[0]
        if fault == "hang after":
            await asyncio.sleep(3600)
        return "250 Accepted"


class MailServer(Controller):
    """``with MailServer() as server:`` listens at `server.port`."""

    handler_class = Handler

    def __init__(self, pipelining=True):
        self.faults = Faults()
        handler = self.handler_class(pipelining, self.faults)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        super().__init__(handler, hostname="127.0.0.1", port=port, ready_timeout=20)

    def factory(self):
        return SMTP(self.handler, enable_SMTPUTF8=True, timeout=3600)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *error):
        self.stop(no_assert=True)

    @property
    def accepted(self):
        return self.handler.accepted
