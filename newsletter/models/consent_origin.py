from django.db import models

from newsletter.models.consent import ConsentRecord


class ConsentOrigin(models.Model):
    """The network addresses that another service recorded with a consent.

    Apart from the record, which can never change: erasure removes them.
    """

    record = models.OneToOneField(
        ConsentRecord, models.PROTECT, related_name="origin", primary_key=True
    )
    optin_ip = models.GenericIPAddressField("signed up from", null=True)
    confirm_ip = models.GenericIPAddressField("confirmed from", null=True)

    readers_see = None

    def __str__(self):
        return f"origin of consent record {self.pk}"
