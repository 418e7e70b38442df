"""Reasons for unsubscribing, by newsletter."""

from dataclasses import dataclass

from django.db.models import Count

from newsletter.models import LeavingReason, Newsletter

LATEST = 50


@dataclass(frozen=True)
class Leaving:
    """Reasons of those who left one newsletter: how many what, and the latest words."""

    newsletter: Newsletter
    reasons: list[tuple[str, int]]
    texts: list[str]


def list_leaving_reasons() -> list[Leaving]:
    """One for each newsletter that has any; three queries."""
    counted = _count_reasons()
    labels = [*LeavingReason.Reason.choices, ("", "No reason chosen")]
    latest = list(LeavingReason.objects.exclude(text="")[:LATEST])
    newsletters = Newsletter.objects.filter(leaving_reasons__isnull=False).distinct()
    return [
        Leaving(
            newsletter,
            [
                (str(label), counted[newsletter.pk, reason])
                for reason, label in labels
                if (newsletter.pk, reason) in counted
            ],
            [said.text for said in latest if said.newsletter_id == newsletter.pk],
        )
        for newsletter in newsletters
    ]


def _count_reasons() -> dict[tuple[int, str], int]:
    """By the number of the newsletter and the reason; one query."""
    given = LeavingReason.objects.order_by().values_list("newsletter", "reason")
    return {
        (newsletter, reason): number
        for newsletter, reason, number in given.annotate(Count("pk"))
    }
