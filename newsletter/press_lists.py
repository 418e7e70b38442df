"""Press lists: newsletters that only editors add people to.

Whoever is added is told so by the list's welcome mail, which says who added them and
how to leave (docs/decisions/0035-segments-and-press-lists.md).
"""

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from ecfr_site.institution.models import Institution
from ecfr_site.mail.addresses import check_reachable
from newsletter.languages import override_language
from newsletter.models import (
    ConsentRecord,
    Newsletter,
    Subscriber,
    Suppression,
    WelcomeMail,
)

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Action, Method = ConsentRecord.Action, ConsentRecord.Method
Status = Subscriber.Status
SUPPRESSED = "This address is suppressed: no mail is sent there."
COMING_BACK = (
    "Only they can come back, by the link to their preferences in every message."
)


@transaction.atomic
def add_person(
    newsletter: Newsletter,
    address: str,
    *,
    evidence: str,
    by: "User",
    language: str = "",
) -> Subscriber:
    """Put somebody on a press list, tell them, and return the subscriber.

    `evidence` says who gave the address, when, and what allows us to write. Raises
    ValidationError for an address that mail cannot reach or that is suppressed, and for
    whoever left.
    """
    if not (newsletter.is_press_list and newsletter.active):
        raise ValidationError("People are added only to press lists that go on.")
    normalised = check_reachable(address)
    if Suppression.objects.of(normalised).exists():
        raise ValidationError(SUPPRESSED)
    subscriber, _ = Subscriber.objects.get_or_create(
        normalised=normalised,
        defaults={
            "email": address.strip(),
            "language": language or newsletter.language,
        },
    )
    subscriber._lock()
    _check_may_be_added(subscriber, newsletter)
    subscriber.subscriptions.update_or_create(
        newsletter=newsletter, defaults={"confirmed_at": timezone.now()}
    )
    source = f"{evidence}; {by.get_username()}"[:200]
    subscriber._record_consent(Action.ADDED, Method.DESK, newsletter, source=source)
    subscriber._activate()
    notify([subscriber], newsletter)
    return subscriber


def remove_person(newsletter: Newsletter, subscriber: Subscriber) -> bool:
    """Take somebody off, who did not ask for it; an editor may add them again."""
    return bool(
        subscriber.unsubscribe(newsletter, method=Method.DESK, action=Action.REMOVED)
    )


def notify(subscribers: list[Subscriber], newsletter: Newsletter) -> None:
    """Have people told that they were added, once. Raises ValidationError.

    By the list's welcome mail, which is made if there is none.
    """
    check_notice(newsletter)
    if not newsletter.welcome_mails.exists():
        _create_notice(newsletter)
    newsletter.welcome_mails.queue_all(subscribers, newsletter)


def check_notice(newsletter: Newsletter) -> None:
    """Raise ValidationError if people who are added could not be told."""
    mails = newsletter.welcome_mails
    if mails.exists() and not mails.active().choose(newsletter.language):
        raise ValidationError(
            f"The welcome mail of “{newsletter}” in the list’s own language is turned "
            "off. It tells people that they were added: turn it on first."
        )


def _create_notice(newsletter: Newsletter) -> WelcomeMail:
    with override_language(newsletter.language):
        subject = gettext("You are on the press list of %(institution)s") % {
            "institution": Institution.objects.current().short_name
        }
        text = gettext("From now on we send you what we have for the press.")
    return newsletter.welcome_mails.create(
        language=newsletter.language,
        subject=subject[:150],
        body=f"<p>{text}</p>",
        with_latest_edition=False,
        active=True,
    )


def _check_may_be_added(subscriber: Subscriber, newsletter: Newsletter) -> None:
    if subscriber.status in (Status.BOUNCED, Status.COMPLAINED):
        raise ValidationError(SUPPRESSED)
    if subscriber.subscriptions.confirmed().filter(newsletter=newsletter).exists():
        raise ValidationError("This person is on the list already.")
    last = subscriber.consent.comings_and_goings().filter(newsletter=newsletter).last()
    if last and last.action == Action.UNSUBSCRIBED:
        day = timezone.localtime(last.at)
        raise ValidationError(
            f"This person left the list on {day:%-d %B %Y}. {COMING_BACK}"
        )
    left = subscriber.consent.filter(action=Action.UNSUBSCRIBED)
    if subscriber.status == Status.UNSUBSCRIBED and left.exists():
        raise ValidationError(
            f"This person has unsubscribed from everything. {COMING_BACK}"
        )
