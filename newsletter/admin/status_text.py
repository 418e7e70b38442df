"""The status of an edition, in words."""

from django.utils import timezone
from django.utils.html import format_html

from newsletter.models.edition_state import State


def progress_of(edition):
    """The ledger for people: what is done, what waits, and how the canary does."""
    if not edition.started_at:
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
        "waiting": people(ledger["waiting"]),
        "uncertain_shown": f"{ledger['uncertain']:,}",
        "closes": ledger["audience"] == edition.audience_count,
        "moving": edition.state == State.SENDING,
        "canary": canary_of(edition),
    }


def canary_of(edition):
    newsletter = edition.newsletter
    if not newsletter.canary or edition.audience_count <= newsletter.canary:
        return ""
    if edition.released_at:
        return (
            f"The first {newsletter.canary:,} were well received, so the others follow "
            f"since {timezone.localtime(edition.released_at):%H:%M}."
        )
    return (
        f"It goes to {newsletter.canary:,} people first. The others follow after "
        f"{newsletter.canary_minutes} minutes, if no more than "
        f"{newsletter.canary_limit} per cent come back."
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


def when(edition):
    match edition.state:
        case State.SCHEDULED:
            return f"goes out {moment(edition.scheduled_at)}"
        case State.SENDING | State.PAUSED:
            return f"began {moment(edition.started_at)}"
        case State.SENT | State.CANCELLED:
            return f"ended {moment(edition.finished_at)}"
    return f"changed {moment(edition.changed)}"


def what_happens(edition, at):
    if not at:
        return "It is on its way."
    return f"It goes out {moment(edition.scheduled_at)}."


def moment(time):
    return f"{timezone.localtime(time):%-d %b %Y, %H:%M}" if time else "–"


def people(number):
    return "1 person" if number == 1 else f"{number:,} people"


def messages_in_words(number):
    return "1 message" if number == 1 else f"{number:,} messages"


def pieces(number):
    return "1 piece" if number == 1 else f"{number} pieces"
