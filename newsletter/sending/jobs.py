"""Jobs: a claimed delivery, and the message that many of them share."""

import threading
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from ecfr_site.mail.addresses import ascii_address
from newsletter.bounces import handler
from newsletter.composing.messages import Recipient, compose
from newsletter.models import Delivery, Edition, EditionItem
from newsletter.sending.mail_merge import MailMergeTemplate


@dataclass
class Variant:
    """A message that many get: its pieces, and whether it is tracked."""

    edition: Edition
    items: list[EditionItem]
    tracked: bool
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def template(self) -> MailMergeTemplate:
        """Made once, whichever connection asks first."""
        with self.lock:
            return self._template

    @cached_property
    def _template(self) -> MailMergeTemplate:
        return MailMergeTemplate(self.build_message(Recipient.placeholder()))

    def build_message(self, recipient: Recipient) -> EmailMultiAlternatives:
        return compose(self.edition, recipient, self.items, self.tracked)


@dataclass
class Job:
    """A claimed delivery with all that its transport needs."""

    delivery: Delivery
    variant: Variant
    not_before: datetime = field(default_factory=timezone.now)
    remote_id: str = ""

    @cached_property
    def address(self) -> str:
        return ascii_address(self.delivery.subscriber.email)

    @property
    def return_path(self) -> str:
        return handler.build_return_path(self.delivery)

    def render(self) -> bytes:
        template = self.variant.template
        recipient = Recipient.from_delivery(self.delivery, template.purposes)
        return template.render(self.address, recipient.tokens)

    def build_message(self) -> EmailMultiAlternatives:
        return self.variant.build_message(Recipient.from_delivery(self.delivery))
