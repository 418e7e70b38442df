from newsletter.models.consent import ConsentRecord, Wording
from newsletter.models.delivery import Delivery
from newsletter.models.edition import Edition
from newsletter.models.edition_state import NotAllowed
from newsletter.models.event import Event
from newsletter.models.heartbeat import Heartbeat
from newsletter.models.item import EditionItem
from newsletter.models.link import Link
from newsletter.models.newsletter import Newsletter
from newsletter.models.pace import Pace
from newsletter.models.signup import Signup, network_digest
from newsletter.models.subscriber import Subscriber
from newsletter.models.subscription import Subscription
from newsletter.models.suppression import Suppression, address_digest

__all__ = [
    "ConsentRecord",
    "Delivery",
    "Edition",
    "EditionItem",
    "Event",
    "Heartbeat",
    "Link",
    "Newsletter",
    "NotAllowed",
    "Pace",
    "Signup",
    "Subscriber",
    "Subscription",
    "Suppression",
    "Wording",
    "address_digest",
    "network_digest",
]
