"""Deliverability: what recipients' domains did with the last editions.

A fixed number of queries, however many domains.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any

from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone

from ecfr_site.admin_site.charts import format_per_cent
from newsletter.bounces.answers import Fault, Stage, judge
from newsletter.models import Delivery, DomainHold, Edition, Event
from newsletter.reports import advice
from newsletter.reports.figures import compute_share

State = Delivery.State
Kind = Event.Kind

EDITIONS = 10
DAYS = 90
DOMAINS = 50
# In per cent. Gmail and Yahoo ask senders to stay below the first and never to reach
# the second (support.google.com/a/answer/81126, senders.yahooinc.com).
COMPLAINTS_ASKED, COMPLAINTS_MOST = 0.1, 0.3
HARD_MOST = 2
BLOCKED_MOST = 1
RETRIED_MOST = 5
# One complaint among twenty readers says nothing of the others.
FEWEST = 2
# Faults by which a message is blocked rather than bounced.
BLOCKS = (Fault.SERVER, Fault.DOMAIN, Fault.MESSAGE)

# The first fields of DomainFigures.
COUNTS = {
    "sent": Count("pk", filter=Q(state=State.SENT)),
    "failed": Count("pk", filter=Q(state=State.FAILED)),
    "uncertain": Count("pk", filter=Q(state=State.UNCERTAIN)),
    "waiting": Count("pk", filter=Q(state__in=Delivery.WAITING)),
    "retried": Count("pk", filter=Q(state=State.RETRY)),
}


@dataclass(frozen=True)
class Problem:
    level: str  # As those of findings: "error" or "warning".
    text: str
    advice: str


@dataclass
class DomainFigures:
    """A domain's messages. Recipients are sent, failed, uncertain and waiting."""

    domain: str
    sent: int = 0
    failed: int = 0
    uncertain: int = 0
    waiting: int = 0
    retried: int = 0
    returned: int = 0  # Of the sent: bounced afterwards.
    blocked: int = 0
    hard: int = 0
    soft: int = 0
    complaints: int = 0
    # Of whatever was blocked, bounced or is tried again: (fault, reason).
    causes: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def recipients(self) -> int:
        return self.sent + self.failed + self.uncertain + self.waiting

    @property
    def answered(self) -> int:
        return self.sent + self.failed

    @property
    def delivered(self) -> int:
        return max(self.sent - self.returned, 0)

    @property
    def delivered_share(self) -> float | None:
        return compute_share(self.delivered, self.recipients)

    @property
    def hard_share(self) -> float | None:
        return compute_share(self.hard, self.answered)

    @property
    def blocked_share(self) -> float | None:
        return compute_share(self.blocked, self.answered)

    @property
    def complaint_share(self) -> float | None:
        return compute_share(self.complaints, self.delivered)

    @property
    def bar(self) -> list[tuple[str, float, float]]:
        """Triples of a part's name, its start and its share in per cent."""
        lost = self.recipients - self.delivered - self.waiting
        parts = {"sent": self.delivered, "waiting": self.waiting, "failed": lost}
        bar, start = [], 0.0
        for name, number in parts.items():
            share = compute_share(number, self.recipients) or 0.0
            bar.append((name, start, share))
            start += share
        return bar

    @cached_property
    def problems(self) -> list[Problem]:
        found = [self._complained(), self._blocked(), self._bounced(), self._retried()]
        return [problem for problem in found if problem]

    @property
    def level(self) -> str:
        """The worst level of its problems, or ""."""
        levels = {problem.level for problem in self.problems}
        return "error" if "error" in levels else "warning" if levels else ""

    def _complained(self) -> Problem | None:
        share = self.complaint_share or 0
        if self.complaints < FEWEST or share < COMPLAINTS_ASKED:
            return None
        text = (
            f"{self.complaints:,} spam complaints, {format_per_cent(share)} of what "
            f"was delivered. Gmail and Yahoo ask for less than {COMPLAINTS_ASKED}%, "
            f"and never {COMPLAINTS_MOST}%."
        )
        level = "error" if share >= COMPLAINTS_MOST else "warning"
        return Problem(level, text, advice.COMPLAINTS)

    def _blocked(self) -> Problem | None:
        share = self.blocked_share or 0
        if self.blocked < FEWEST or share < BLOCKED_MOST:
            return None
        fault, reason = self._find_cause(BLOCKS)
        text = f"{self.blocked:,} blocked, {format_per_cent(share)}: {reason}."
        return Problem("error", text, advice.advise(fault, reason))

    def _bounced(self) -> Problem | None:
        share = self.hard_share or 0
        if self.hard < FEWEST or share < HARD_MOST:
            return None
        text = (
            f"{self.hard:,} hard bounces, {format_per_cent(share)}. More than "
            f"{HARD_MOST}% looks like an old or a bought list."
        )
        return Problem("warning", text, advice.BY_FAULT[Fault.ADDRESS])

    def _retried(self) -> Problem | None:
        share = compute_share(self.retried, self.recipients) or 0
        if self.retried < FEWEST or share < RETRIED_MOST:
            return None
        fault, reason = self._find_cause([*BLOCKS, Fault.MAILBOX])
        text = f"{self.retried:,} are being retried: {reason}."
        return Problem("warning", text, advice.advise(fault, reason))

    def _find_cause(self, faults: list[Fault] | tuple[Fault, ...]) -> tuple[str, str]:
        """The most frequent cause among the faults."""
        for (fault, reason), _ in self.causes.most_common():
            if fault in faults:
                return fault, reason
        return Fault.NOBODY, "no reason given"


class DeliverabilityReport:
    """Of the last editions that began; each query is made once."""

    @cached_property
    def editions(self) -> list[Edition]:
        """The newest first."""
        since = timezone.now() - timedelta(days=DAYS)
        recent = Edition.objects.issues().filter(started_at__gte=since)
        return list(recent.select_related("newsletter").newest_first()[:EDITIONS])

    @cached_property
    def domains(self) -> list[DomainFigures]:
        """The largest domains, the largest first."""
        rows = (
            self._deliveries.values_list("domain")
            .annotate(**COUNTS)
            .annotate(size=Count("pk"))
            .order_by("-size", "domain")[:DOMAINS]
        )
        figures = {
            domain: DomainFigures(domain, *counts[:-1]) for domain, *counts in rows
        }
        for row in self._events:
            if domain := figures.get(row["delivery__domain"]):
                _add_event(domain, row)
        for row in self._answers:
            if domain := figures.get(row["domain"]):
                _add_answer(domain, row)
        return list(figures.values())

    @cached_property
    def total(self) -> DomainFigures:
        total = DomainFigures("", **self._deliveries.aggregate(**COUNTS))
        for row in self._events:
            _add_event(total, row)
        for row in self._answers:
            _add_answer(total, row)
        return total

    @property
    def rest(self) -> DomainFigures:
        """All smaller domains together."""
        names = [*COUNTS, "returned", "blocked", "hard", "soft", "complaints"]
        return DomainFigures(
            "",
            **{
                name: getattr(self.total, name)
                - sum(getattr(domain, name) for domain in self.domains)
                for name in names
            },
        )

    @property
    def in_trouble(self) -> list[DomainFigures]:
        """The domains that need attention, the worst first."""
        found = [domain for domain in self.domains if domain.problems]
        return sorted(found, key=lambda domain: domain.level != "error")

    @cached_property
    def holds(self) -> list[DomainHold]:
        """The domains that are left alone, with `waiting`."""
        holds = DomainHold.objects.active().with_waiting()
        return list(holds.select_related("edition__newsletter"))

    @property
    def _deliveries(self) -> QuerySet[Delivery]:
        """Without those who were skipped or forgotten."""
        mine = Delivery.objects.filter(edition__in=[e.pk for e in self.editions])
        return mine.exclude(Q(state=State.SKIPPED) | Q(domain="")).order_by()

    @cached_property
    def _events(self) -> list[dict[str, Any]]:
        """Bounces and complaints: numbers by domain, kind, cause and state."""
        mine = Event.objects.filter(
            edition__in=[e.pk for e in self.editions],
            kind__in=[Kind.BOUNCE, Kind.COMPLAINT],
        )
        keys = ["delivery__domain", "delivery__state", "kind", "hard", "fault"]
        counted = mine.order_by().values(*keys, "reason").annotate(number=Count("pk"))
        known = counted.exclude(Q(delivery__domain="") | Q(delivery=None))
        return [dict(row) for row in known]

    @cached_property
    def _answers(self) -> list[dict[str, Any]]:
        """Answers of servers that did not take a message: numbers, and one of each."""
        mine = self._deliveries.filter(state__in=[State.FAILED, State.RETRY])
        mine = mine.filter(fault__in=[*BLOCKS, Fault.MAILBOX])
        counted = mine.values("domain", "state", "fault")
        counted = counted.annotate(number=Count("pk"), sample=Max("reason"))
        return [dict(row) for row in counted]


def _add_event(figures: DomainFigures, row: dict[str, Any]) -> None:
    number = row["number"]
    if row["kind"] == Kind.COMPLAINT:
        figures.complaints += number
        return
    if row["delivery__state"] == State.SENT:
        figures.returned += number
    if row["fault"] in BLOCKS:
        figures.blocked += number
    elif row["hard"]:
        figures.hard += number
    else:
        figures.soft += number
    figures.causes[row["fault"], row["reason"] or "no reason given"] += number


def _add_answer(figures: DomainFigures, row: dict[str, Any]) -> None:
    if row["state"] == State.FAILED and row["fault"] in BLOCKS:
        figures.blocked += row["number"]
    reason = judge(Stage.MESSAGE, row["sample"]).reason
    figures.causes[row["fault"], reason] += row["number"]


def list_holds(edition: Edition) -> list[DomainHold]:
    """The holds that keep its deliveries waiting, with `waiting`; two queries."""
    holds = list(DomainHold.objects.active())
    if not holds:
        return []
    mine = edition.deliveries.waiting().filter(domain__in=[h.domain for h in holds])
    waiting = dict(mine.order_by().values_list("domain").annotate(Count("pk")))
    for hold in holds:
        hold.waiting = waiting.get(hold.domain, 0)
    return [hold for hold in holds if hold.waiting]
