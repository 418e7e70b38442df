from django.db import models
from django_otp.models import Device


class Passkey(Device):
    """A WebAuthn credential of a colleague, as a device of django-otp.

    Its fields are those of a credential record (WebAuthn Level 3, section 4). Bytes are
    stored as base64url, so that what is stored of a person can be given out as JSON.
    """

    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)
    # Of 1023 bytes at most, by the standard.
    credential_id = models.CharField(max_length=1364, unique=True)
    public_key = models.TextField()
    # Of the person, the same for all their passkeys; random, so that it tells nothing.
    user_handle = models.CharField(max_length=86)
    sign_count = models.PositiveBigIntegerField(default=0)
    # How a browser reaches it: "internal", "usb", "hybrid" and others.
    transports = models.JSONField(default=list)

    readers_see = None

    class Meta:
        ordering = ["created_at", "pk"]
        # It is its owner's alone: nobody is given a permission for it.
        default_permissions: list[str] = []

    def __str__(self):
        return self.name
