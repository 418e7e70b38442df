"""An authenticator in Python: a phone, or a security key, that keeps passkeys."""

import hashlib
import json
import secrets

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from lxml import html
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, encode_cbor

ORIGIN = "http://localhost:8000"
ADD = "/admin/account/passkeys/add/"
# Flags of authenticator data: present, seen by finger or PIN, brings a new key.
PRESENT, VERIFIED, BRINGS_KEY = 0x01, 0x04, 0x40


class Authenticator:
    """Keeps one passkey; `verifies` who is there, or notes a touch alone."""

    def __init__(self, verifies=True):
        self.verifies = verifies
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(16)
        self.handle = None
        self.count = 0

    @classmethod
    def of(cls, user, name="Laptop", **kwargs):
        """One whose passkey is the user's; `row` is how it is stored."""
        made = cls(**kwargs)
        made.handle = secrets.token_bytes(64)
        made.row = user.passkey_set.create(
            name=name,
            credential_id=bytes_to_base64url(made.id),
            public_key=bytes_to_base64url(made.public_key()),
            user_handle=bytes_to_base64url(made.handle),
        )
        return made

    def public_key(self):
        numbers = self.key.public_key().public_numbers()
        x, y = (each.to_bytes(32, "big") for each in (numbers.x, numbers.y))
        return encode_cbor({1: 2, 3: -7, -1: 1, -2: x, -3: y})

    def data(self, rp_id, flags=0):
        self.count += 1
        flags |= PRESENT | (VERIFIED if self.verifies else 0)
        return (
            hashlib.sha256(rp_id.encode()).digest()
            + bytes([flags])
            + self.count.to_bytes(4, "big")
        )

    def create(self, options, origin=ORIGIN):
        """Answer `navigator.credentials.create`."""
        self.handle = base64url_to_bytes(options["user"]["id"])
        data = self.data(options["rp"]["id"], BRINGS_KEY)
        data += bytes(16) + len(self.id).to_bytes(2, "big") + self.id
        attestation = {
            "fmt": "none",
            "attStmt": {},
            "authData": data + self.public_key(),
        }
        return self.answer(
            clientDataJSON=client_data("webauthn.create", options, origin),
            attestationObject=encode_cbor(attestation),
            transports=["internal"],
        )

    def get(self, options, origin=ORIGIN, rp_id=None, handle=None):
        """Answer `navigator.credentials.get`."""
        data = self.data(rp_id or options["rpId"])
        client = client_data("webauthn.get", options, origin)
        signed = data + hashlib.sha256(client).digest()
        return self.answer(
            clientDataJSON=client,
            authenticatorData=data,
            signature=self.key.sign(signed, ec.ECDSA(SHA256())),
            userHandle=handle or self.handle,
        )

    def answer(self, **response):
        return json.dumps(
            {
                "id": bytes_to_base64url(self.id),
                "rawId": bytes_to_base64url(self.id),
                "type": "public-key",
                "response": {
                    name: bytes_to_base64url(value) if type(value) is bytes else value
                    for name, value in response.items()
                },
            }
        )


def client_data(kind, options, origin):
    asked = {"type": kind, "challenge": options["challenge"], "origin": origin}
    return json.dumps(asked).encode()


def ask(client, own=True):
    """Return the page's request to an authenticator: for one's own passkey or any."""
    address = "/admin/account/passkey/" if own else "/admin/login/passkey/"
    answer = client.post(address)
    assert answer.status_code == 200, answer.content
    return answer.json()


def begin_adding(client, name="Laptop", **proof):
    """Give name and proof; what the page then asks an authenticator, or None."""
    page = client.post(ADD, {"name": name, **proof}, follow=True)
    found = html.fromstring(page.content).xpath("//button/@data-create")
    return json.loads(found[0]) if found else None
