from newsletter.models.alert_run import AlertRun
from newsletter.models.consent import ConsentRecord, Wording
from newsletter.models.consent_origin import ConsentOrigin
from newsletter.models.delivery import Delivery
from newsletter.models.domain_hold import DomainHold
from newsletter.models.edition import Edition
from newsletter.models.edition_state import NotAllowed
from newsletter.models.event import Event
from newsletter.models.following import Following, Frequency
from newsletter.models.heartbeat import Heartbeat
from newsletter.models.interest import AlertPiece, Interest
from newsletter.models.item import EditionItem
from newsletter.models.leaving_reason import LeavingReason
from newsletter.models.link import Link
from newsletter.models.mail_request import MailRequest
from newsletter.models.newsletter import Newsletter
from newsletter.models.pace import Pace
from newsletter.models.segment import Segment, SegmentProgramme, SegmentTopic
from newsletter.models.sender_check import SenderCheck
from newsletter.models.signup import Signup, digest_network
from newsletter.models.subscriber import Subscriber
from newsletter.models.subscriber_import import RefusedRow, SubscriberImport
from newsletter.models.subscription import Subscription
from newsletter.models.suppression import Suppression, digest_address
from newsletter.models.welcome_mail import WelcomeMail

__all__ = [
    "AlertPiece",
    "AlertRun",
    "ConsentOrigin",
    "ConsentRecord",
    "Delivery",
    "DomainHold",
    "Edition",
    "EditionItem",
    "Event",
    "Following",
    "Frequency",
    "Heartbeat",
    "Interest",
    "LeavingReason",
    "Link",
    "MailRequest",
    "Newsletter",
    "NotAllowed",
    "Pace",
    "RefusedRow",
    "Segment",
    "SegmentProgramme",
    "SegmentTopic",
    "SenderCheck",
    "Signup",
    "Subscriber",
    "SubscriberImport",
    "Subscription",
    "Suppression",
    "WelcomeMail",
    "Wording",
    "digest_address",
    "digest_network",
]
