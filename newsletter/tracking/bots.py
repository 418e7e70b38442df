"""Rules by which scanners and prefetching programs are told from people.

They are estimates. What is too strict hides a reader, what is too lax invents one; so
each event keeps the name of the rule, and reports can count with and without. Nothing
of what a rule looks at is stored: no address, no User-Agent.
"""

from datetime import timedelta

from django.db.models import Count
from django.utils import timezone

from ecfr_site.security.user_agents import is_prefetch, names_scanner
from newsletter.models import Delivery, Event

# Nobody reads a message and decides on a link so soon after it left here.
TOO_SOON = timedelta(seconds=5)
# So many different links of one message within so long.
BURST = 3
BURST_WITHIN = timedelta(seconds=3)


def no_user_agent(request, delivery):
    """Every mail program and browser names itself; some of the gateways do not."""
    return not request.headers.get("User-Agent", "").strip()


def known_scanner(request, delivery):
    """By the names that gateways publish, or administrators found in their logs."""
    return names_scanner(request.headers.get("User-Agent", ""))


def prefetch(request, delivery):
    """It says so: Sec-Purpose (Fetch standard), and the older forms of browsers."""
    return is_prefetch(request.headers)


def image_proxy(request, delivery):
    """Apple's Mail Privacy Protection loads images unread, as bare "Mozilla/5.0".

    Since iOS 15 (2021), soon after a message arrives or when Mail is next started, so
    that the moment tells nothing. The proxies of Gmail and Yahoo load when somebody
    reads, and count as people.
    """
    return request.headers.get("User-Agent", "") == "Mozilla/5.0"


def too_soon(request, delivery):
    """Gateways open what a message holds before they let it pass to the mailbox."""
    if delivery.sent_at is None:
        # Faster than the worker that is still noting that the message is out.
        return delivery.state == Delivery.State.SUBMITTING
    return timezone.now() - delivery.sent_at < TOO_SOON


# The first that says yes gives the event its name.
RULES = {
    "no-user-agent": no_user_agent,
    "known-scanner": known_scanner,
    "prefetch": prefetch,
    "too-soon": too_soon,
}
RULES_FOR_OPENS = {**RULES, "image-proxy": image_proxy}
ALL_LINKS = "all-links"


def match_rule(request, delivery, rules=RULES):
    """The rule by which no person made this request, or ""."""
    return next(
        (match_rule for match_rule, says in rules.items() if says(request, delivery)),
        "",
    )


def mark_bursts(delivery):
    """Mark the clicks just made if they are of one who tries all links.

    To be called after a click is stored: of several at the same time, the last one to
    come here sees all of them. One query.
    """
    just_now = Event.objects.filter(
        kind=Event.Kind.CLICK, at__gt=timezone.now() - BURST_WITHIN
    )
    bursts = (
        just_now.filter(delivery=delivery)
        .order_by()
        .values("delivery")
        .annotate(links=Count("link", distinct=True))
        .filter(links__gte=BURST)
    )
    just_now.filter(delivery__in=bursts.values("delivery"), machine="").update(
        machine=ALL_LINKS
    )
