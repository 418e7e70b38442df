"""Status badges of articles."""

from django.utils.html import format_html
from django.utils.timezone import localtime
from reversion.models import Revision, Version

from articles import staff
from articles.workflow import PublicationStatus, State
from ecfr_site.admin_site.wall_clock import format_moment
from ecfr_site.images.markup import render_picture

# What is said of a working copy, after “changes”.
_CHANGES = {
    State.DRAFT: "begun",
    State.IN_REVIEW: "in review",
    State.APPROVED: "approved",
}
_NUMBERS = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
)


def describe_state(article):
    """Return where an article stands, as a sentence without its stop."""
    if article.is_scheduled:
        what = "The live page changes on" if article.live_id else "It goes live on"
        return f"{what} {format_moment(article.goes_live_at)}"
    if article.live_id:
        return {
            State.DRAFT: "The changes are saved; readers go on seeing the live page",
            State.IN_REVIEW: "The changes wait for review",
            State.APPROVED: "The changes are approved, not yet published",
            State.PUBLISHED: "The live page has been updated",
        }[article.state]
    if article.status == PublicationStatus.ENDED:
        return f"Its publication ended on {format_moment(article.ends_at)}"
    if article.state == State.WITHDRAWN and (other := article.published_replacement):
        return f"Withdrawn: readers are sent to “{other}”"
    return {
        State.DRAFT: "Saved as a draft",
        State.IN_REVIEW: "Waiting for review",
        State.APPROVED: "Approved, not yet published",
        State.PUBLISHED: "The page is live",
        State.WITHDRAWN: "Withdrawn: readers see the reason",
    }[article.state]


def state_badge(article):
    """The state of an article, with that of its changes where `with_changes` knows it.

    Of a working copy: that it is one, and how far it is.
    """
    if article.live_id:
        return _render_badge("published", "live", article.state, article.replaces_at)
    state, label = article.state, article.get_state_display()
    if article.is_scheduled:
        state, label = "scheduled", f"scheduled {_format_short(article.published_at)}"
    elif article.is_public:
        label = "live"
    elif state == State.PUBLISHED:
        state, label = "ended", "ended"
    changes = getattr(article, "changes_state", None)
    return _render_badge(state, label, changes, getattr(article, "changes_at", None))


def _render_badge(state, label, changes, at):
    badge = format_html('<span class="state-badge state-{}">{}</span>', state, label)
    if not changes:
        return badge
    scheduled = changes == State.PUBLISHED
    how_far = f"scheduled {_format_short(at)}" if scheduled else _CHANGES[changes]
    return format_html(
        '<span class="state-badges">{} <span class="state-badge state-{}">changes {}'
        "</span></span>",
        badge,
        "scheduled" if scheduled else changes,
        how_far,
    )


def describe_copy(live, changes):
    """“Live since 3 May 2026; changes by two people, not yet published.”

    A query if there are changes; nothing for what was never published.
    """
    if live.state == State.WITHDRAWN:
        story = "Withdrawn"
    elif not live.is_changed_aside:
        return ""
    elif live.has_ended:
        story = f"Live until {_format_long(live.ends_at)}"
    else:
        story = f"Live since {live.date_text}"
    if not changes:
        return f"{story}."
    who = _find_people(changes)
    if changes.is_scheduled:
        return (
            f"{story}; changes by {who} go live {_format_long(changes.goes_live_at)}."
        )
    how_far = {
        State.DRAFT: "not yet published",
        State.IN_REVIEW: "waiting for review",
        State.APPROVED: "approved, not yet published",
        State.PUBLISHED: "about to go live",
    }[changes.state]
    return f"{story}; changes by {who}, {how_far}."


def _find_people(changes):
    """The people who saved the working copy, by name or number."""
    revisions = Version.objects.get_for_object(changes).values("revision")
    users = {
        revision.user
        for revision in Revision.objects.filter(pk__in=revisions, user__isnull=False)
        .select_related("user")
        .only("user")
    } or {changes.changed_by}
    if len(users) > 1:
        count = len(users)
        return f"{_NUMBERS[count] if count < len(_NUMBERS) else count} people"
    return get_name(users.pop())


def get_name(user):
    return staff.get_display_name(user) if user else "somebody"


def _format_short(moment):
    return f"{localtime(moment):%-d %b %Y, %H:%M}"


def _format_long(moment):
    return f"{localtime(moment):%-d %B %Y, %H:%M %Z}"


def show_thumbnail(image):
    if image is None:
        return ""
    return render_picture(image, "card", sizes="90px", css_class="thumbnail")
