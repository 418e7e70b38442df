"""Jobs: a claimed delivery, and the message that many of them share."""

from dataclasses import dataclass
from functools import cached_property

from ecfr_site.mail.addresses import ascii_address
from newsletter.bounces import handler
from newsletter.composing.messages import Recipient, compose
from newsletter.models import Delivery, Edition
from newsletter.sending.mail_merge import MailMergeTemplate


@dataclass
class Variant:
    """A message that many get: its pieces, and whether it is tracked."""

    edition: Edition
    items: list
    tracked: bool

    @cached_property
    def template(self):
        return MailMergeTemplate(self.build_message(Recipient.placeholder()))

    def build_message(self, recipient):
        return compose(self.edition, recipient, self.items, self.tracked)


@dataclass
class Job:
    """A claimed delivery with all that its transport needs."""

    delivery: Delivery
    variant: Variant
    not_before: object = None
    remote_id: str = ""

    @cached_property
    def address(self):
        return ascii_address(self.delivery.subscriber.email)

    @property
    def return_path(self):
        return handler.return_path(self.delivery)

    def render(self):
        template = self.variant.template
        recipient = Recipient.of(self.delivery, template.purposes)
        return template.render(self.address, recipient.tokens)

    def build_message(self):
        return self.variant.build_message(Recipient.of(self.delivery))
