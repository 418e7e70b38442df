"""A small name server on loopback that answers for TXT records."""

import socket
import threading

import dns.message
import dns.rcode
import dns.rrset


class NameServer:
    """`records` are texts by name; `silent` answers nothing. Use it with `with`."""

    def __init__(self):
        self.records = {}
        self.silent = False
        self.asked = []

    def __enter__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()
        return self

    def __exit__(self, *exception):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as knock:
            knock.sendto(b"", ("127.0.0.1", self.port))
        self.thread.join()
        self.socket.close()

    def serve(self):
        while True:
            wire, client = self.socket.recvfrom(4096)
            if not wire:
                return
            if not self.silent:
                self.socket.sendto(self.answer(dns.message.from_wire(wire)), client)

    def answer(self, query):
        response = dns.message.make_response(query)
        [question] = query.question
        name = question.name.to_text(omit_final_dot=True)
        self.asked.append(name)
        if name in self.records:
            texts = [f'"{text}"' for text in self.records[name]]
            record = dns.rrset.from_text(question.name, 60, "IN", "TXT", *texts)
            response.answer.append(record)
        else:
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response.to_wire()
