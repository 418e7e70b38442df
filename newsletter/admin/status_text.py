"""The status of an edition, in words."""

from datetime import timedelta

from django.utils import timezone
from django.utils.html import format_html

from newsletter.composing.choice import count_without_pieces
from newsletter.models import Subscriber
from newsletter.models.edition_state import State
from newsletter.reports.deliverability import list_holds


def describe_progress(edition):
    """The ledger for people: what is done, what waits, and how the canary does."""
    if not edition.started_at and not edition.is_welcome:
        return {"moving": edition.is_due}
    ledger = edition.ledger()
    lines, start = [], 0.0
    for name in ("sent", "waiting", "failed", "skipped", "uncertain"):
        share = 100 * ledger[name] / max(ledger["audience"], 1)
        number = {"number": ledger[name], "shown": f"{ledger[name]:,}"}
        lines.append({"name": name, "share": share, "start": start, **number})
        start += share
    return {
        "lines": lines,
        "ledger": ledger,
        "total": f"{ledger['audience']:,}",
        "waiting": format_people(ledger["waiting"]),
        "uncertain_shown": f"{ledger['uncertain']:,}",
        "closes": edition.is_welcome or ledger["audience"] == edition.audience_count,
        "moving": edition.state == State.SENDING,
        "canary": describe_canary(edition),
        "holds": list_holds(edition) if ledger["waiting"] else [],
    }


def describe_canary(edition):
    newsletter = edition.newsletter
    if (
        not edition.is_issue
        or not newsletter.canary
        or edition.audience_count <= newsletter.canary
    ):
        return ""
    if edition.released_at:
        return (
            f"The test group of {newsletter.canary:,} went well. The others have been "
            f"following since {timezone.localtime(edition.released_at):%H:%M}."
        )
    limit = newsletter.canary_limit
    if edition.state != State.SENDING:
        return (
            f"It goes to {newsletter.canary:,} people first. The others follow after "
            f"{newsletter.canary_minutes} minutes, if no more than {limit} per cent "
            "bounce."
        )
    return describe_waiting_canary(edition.count_canary(), newsletter)


def describe_waiting_canary(known, newsletter):
    """Say what the others wait for; `known` is what `Edition.count_canary` found."""
    said = (
        f"Test group: {known['decided']:,} of {known['all']:,} decided, "
        f"{known['bad']:,} bounced. "
    )
    if known["waiting"]:
        return f"{said}{known['waiting']:,} wait for a server’s answer."
    if not known["last"]:
        return f"{said}None was accepted yet."
    if known["decided"] * 2 < known["all"]:
        return f"{said}The others wait until half of it is decided."
    at = known["last"] + timedelta(minutes=newsletter.canary_minutes)
    return (
        f"{said}The others follow at {timezone.localtime(at):%H:%M}, if no more than "
        f"{newsletter.canary_limit} per cent bounce."
    )


def state_badge(edition):
    shown = {
        State.SENDING: "in-review",
        State.PAUSED: "withdrawn",
        State.SENT: "published",
        State.CANCELLED: "withdrawn",
    }.get(edition.state, edition.state)
    label = edition.get_state_display()
    if edition.state == State.DRAFT and edition.held_because:
        shown, label = "withdrawn", "held"
    return format_html('<span class="state-badge state-{}">{}</span>', shown, label)


def describe_time(edition):
    match edition.state:
        case State.SCHEDULED:
            return f"goes out {format_moment(edition.scheduled_at)}"
        case State.SENDING | State.PAUSED:
            return f"began {format_moment(edition.started_at)}"
        case State.SENT | State.CANCELLED:
            return f"ended {format_moment(edition.finished_at)}"
    return f"changed {format_moment(edition.changed)}"


def describe_schedule(edition, at):
    if not at:
        return "Edition queued for sending."
    return f"Scheduled for {format_moment(edition.scheduled_at)}."


def describe_audience(edition, number):
    """For templates: `audience`, whom it will be sent to of the `number` it is for.

    `without_pieces` are the others, who chose topics; with a segment its `criteria` and
    `everybody`. Five queries, three more with a segment.
    """
    without = count_without_pieces(edition) if number else 0
    words = {"audience": format_people(number - without)}
    if without:
        words["without_pieces"] = format_people(without)
    if edition.segment and edition.may_be_changed:
        everybody = Subscriber.objects.mailable(edition.newsletter).count()
        words["criteria"] = edition.segment.describe()
        words["everybody"] = f"{everybody:,}"
    return words


def format_moment(time):
    return f"{timezone.localtime(time):%-d %b %Y, %H:%M}" if time else "–"


def format_people(number):
    return "1 person" if number == 1 else f"{number:,} people"


def format_messages(number):
    return "1 message" if number == 1 else f"{number:,} messages"


def format_pieces(number):
    return "1 piece" if number == 1 else f"{number} pieces"
