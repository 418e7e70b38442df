"""Figures of an edition, and of a list: a fixed number of queries, however long."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from django.db.models import CharField, Count, F, Q, Value
from django.db.models.functions import Cast, Coalesce, NullIf, TruncHour, TruncWeek
from django.utils import timezone

from ecfr_site.database.days import get_midnight
from newsletter.bounces.handler import ADDRESS
from newsletter.models import (
    ConsentRecord,
    Delivery,
    Edition,
    Event,
    Newsletter,
    Subscriber,
)

Kind = Event.Kind
State = Delivery.State
Action = ConsentRecord.Action

HOURS = 72
EARLIER = 8
WEEKS = 26
REASONS = 100
JOINED = [Action.SUBSCRIBED, Action.IMPORTED, Action.ADDED]
LEFT = [Action.UNSUBSCRIBED, Action.REMOVED, Action.SUPPRESSED, Action.ERASED]


def compute_share(part, whole):
    """In per cent, or None of nothing."""
    return 100 * part / whole if whole else None


def identify_reader(events=""):
    """Tells one person from another, also where it is forgotten who they were."""
    known = Cast(f"{events}delivery", CharField())
    return Coalesce(known, NullIf(f"{events}reader", Value("")))


def count_people(kind, **more):
    """Counts persons."""
    return Count(identify_reader(), distinct=True, filter=Q(kind=kind, **more))


# A message that was taken and then came back. What was refused at the door has failed.
BOUNCED = count_people(Kind.BOUNCE, delivery__state=State.SENT)
BOUNCED_HARD = count_people(Kind.BOUNCE, delivery__state=State.SENT, hard=True)
CLICKERS = count_people(Kind.CLICK, machine="")


@dataclass(frozen=True)
class Sent:
    """An edition in the row of its newsletter's editions."""

    edition: Edition
    audience: int
    delivered: int
    unsubscribed: int
    clickers: int
    tracked: int

    @property
    def delivered_share(self):
        return compute_share(self.delivered, self.audience)

    @property
    def unsubscribed_share(self):
        return compute_share(self.unsubscribed, self.delivered)

    @property
    def clickers_share(self):
        return compute_share(self.clickers, self.tracked)


class EditionReport:
    """Each property is one query at most, and is made once."""

    def __init__(self, edition):
        self.edition = edition

    @cached_property
    def ledger(self):
        return self.edition.ledger()

    @cached_property
    def events(self):
        return self.edition.events.aggregate(
            bounced=BOUNCED,
            hard=BOUNCED_HARD,
            unsubscribed=count_people(Kind.UNSUBSCRIBE),
            complained=count_people(Kind.COMPLAINT),
            clickers=CLICKERS,
            clicks=Count("pk", filter=Q(kind=Kind.CLICK, machine="")),
            openers=count_people(Kind.OPEN, machine=""),
            opens=Count("pk", filter=Q(kind=Kind.OPEN, machine="")),
        )

    @property
    def tracked(self):
        return self.edition.tracked_count

    @property
    def delivered(self):
        return max(self.ledger[State.SENT] - self.events["bounced"], 0)

    def totals(self):
        """Triples of a figure's name, its number, and its share of what it is part of.

        Those down to "waiting" add up to the audience.
        """
        ledger, events, delivered = self.ledger, self.events, self.delivered
        audience, sent = ledger["audience"], ledger[State.SENT]
        soft = events["bounced"] - events["hard"]
        figures = [
            ("recipients", audience, None),
            ("delivered", delivered, audience),
            ("hard bounces", events["hard"], sent),
            ("soft bounces", soft, sent),
            ("failed", ledger[State.FAILED], audience),
            ("skipped", ledger[State.SKIPPED], audience),
            ("uncertain", ledger[State.UNCERTAIN], audience),
            ("waiting", ledger["waiting"], audience),
            ("unsubscribed", events["unsubscribed"], delivered),
            ("complaints", events["complained"], delivered),
            ("clickers", events["clickers"], self.tracked),
            ("clicks", events["clicks"], None),
            ("estimated openers", events["openers"], self.tracked),
            ("estimated opens", events["opens"], None),
        ]
        return [
            (name, number, compute_share(number, whole) if whole is not None else None)
            for name, number, whole in figures
        ]

    @cached_property
    def reasons(self):
        """Triples of state, reason and number, most frequent first.

        Without the addresses that mail servers put into their answers. The rarest of
        very many are summed up.
        """
        odd = [State.FAILED, State.SKIPPED, State.UNCERTAIN]
        found = (
            self.edition.deliveries.order_by()
            .filter(state__in=odd)
            .values_list("state", "reason")
            .annotate(number=Count("pk"))
            .order_by("-number")[:REASONS]
        )
        summed = {}
        for state, reason, number in found:
            key = State(state), ADDRESS.sub("…", reason) or "no reason given"
            summed[key] = summed.get(key, 0) + number
        for state in odd:
            listed = sum(n for (of, _), n in summed.items() if of == state)
            if rest := self.ledger[state] - listed:
                summed[state, "other reasons"] = rest
        return [(state, reason, n) for (state, reason), n in summed.items()]

    @cached_property
    def links(self):
        """The edition's links with `clicks` and `clickers` of people, and `machine`."""
        by_people = Q(events__kind=Kind.CLICK, events__machine="")
        by_machines = Q(events__kind=Kind.CLICK) & ~Q(events__machine="")
        return list(
            self.edition.links.select_related("article")
            .annotate(
                clicks=Count("events", filter=by_people),
                clickers=Count(
                    identify_reader("events__"), distinct=True, filter=by_people
                ),
                machine=Count("events", filter=by_machines),
            )
            .order_by("-clicks", "number")
        )

    @cached_property
    def articles(self):
        """Dicts of an article's `title`, `clicks`, `clickers` and `machine`."""
        return list(
            self.edition.events.order_by()
            .filter(kind=Kind.CLICK, link__article__isnull=False)
            .values("link__article", title=F("link__article__title"))
            .annotate(
                clicks=Count("pk", filter=Q(machine="")),
                clickers=CLICKERS,
                machine=Count("pk", filter=~Q(machine="")),
            )
            .order_by("-clicks", "title")
        )

    @cached_property
    def machines(self):
        """Opens and clicks by machines: dicts of `machine`, `opens` and `clicks`."""
        return list(
            self.edition.events.order_by()
            .exclude(machine="")
            .values("machine")
            .annotate(
                opens=Count("pk", filter=Q(kind=Kind.OPEN)),
                clicks=Count("pk", filter=Q(kind=Kind.CLICK)),
            )
            .order_by("machine")
        )

    @cached_property
    def hours(self):
        """Triples of hour, clicks and opens of people, for the first three days."""
        start = self.edition.started_at.replace(minute=0, second=0, microsecond=0)
        found = (
            self.edition.events.by_people()
            .order_by()
            .filter(
                kind__in=[Kind.CLICK, Kind.OPEN],
                at__gte=start,
                at__lt=start + timedelta(hours=HOURS),
            )
            .values_list(TruncHour("at"), "kind")
            .annotate(number=Count("pk"))
        )
        numbers = {(hour, kind): number for hour, kind, number in found}
        hours = [start + timedelta(hours=n) for n in range(HOURS)]
        return [
            (
                timezone.localtime(hour),
                numbers.get((hour, Kind.CLICK), 0),
                numbers.get((hour, Kind.OPEN), 0),
            )
            for hour in hours
        ]

    @cached_property
    def recent_editions(self):
        """This edition after the ones before it: a list of Sent; two queries."""
        alert = self.edition.alert
        alike = (
            Edition.objects.filter(alert=alert) if alert else Edition.objects.begun()
        )
        editions = alike.filter(
            newsletter=self.edition.newsletter_id,
            started_at__lt=self.edition.started_at,
        ).order_by("-started_at")[:EARLIER]
        earlier = list(editions)[::-1]
        counted = {
            row.pop("edition"): row
            for row in Event.objects.order_by()
            .filter(edition__in=[edition.pk for edition in earlier])
            .values("edition")
            .annotate(
                bounced=BOUNCED,
                unsubscribed=count_people(Kind.UNSUBSCRIBE),
                clickers=CLICKERS,
            )
        }
        nothing = {"bounced": 0, "unsubscribed": 0, "clickers": 0}
        pairs = [(e, e.sent_count, counted.get(e.pk, nothing)) for e in earlier]
        pairs.append((self.edition, self.ledger[State.SENT], self.events))
        return [
            Sent(
                edition=edition,
                audience=edition.audience_count,
                delivered=max(sent - events["bounced"], 0),
                unsubscribed=events["unsubscribed"],
                clickers=events["clickers"],
                tracked=edition.tracked_count,
            )
            for edition, sent, events in pairs
        ]

    def rows(self):
        """All figures as a table: the head, then part, name, number and per cent."""
        yield "part", "name", "number", "per cent"
        for name, number, part in self.totals():
            yield "total", name, number, "" if part is None else round(part, 2)
        for state, reason, number in self.reasons:
            yield str(state), reason, number, ""
        for link in self.links:
            yield "clicks by people", link.url, link.clicks, ""
            yield "people who clicked", link.url, link.clickers, ""
            yield "clicks by machines", link.url, link.machine, ""


def list_deliveries(edition):
    """The ledger as rows of a table, the head first; memory does not grow with it."""
    yield "address", "state", "reason", "sent at", "attempts"
    found = edition.deliveries.select_related("subscriber").order_by("pk")
    for delivery in found.iterator(chunk_size=2000):
        yield (
            delivery.subscriber.email,
            delivery.state,
            delivery.reason,
            delivery.sent_at.isoformat() if delivery.sent_at else "",
            delivery.attempts,
        )


@dataclass(frozen=True)
class Moment:
    """`kind` says what `row` is: consent, delivery or event."""

    at: datetime
    kind: str
    row: object


def list_history(subscriber):
    """All that is known of how it went with somebody, the latest first; three queries.

    What was opened and clicked only of who agrees to that today.
    """
    consent = subscriber.consent.select_related("newsletter", "wording")
    sent = subscriber.deliveries.select_related("edition__newsletter")
    events = Event.objects.filter(delivery__subscriber=subscriber)
    if not subscriber.is_tracked:
        events = events.exclude(kind__in=[Kind.OPEN, Kind.CLICK])
    moments = [
        *(Moment(record.at, "consent", record) for record in consent),
        *(Moment(d.sent_at or d.due_at, "delivery", d) for d in sent),
        *(
            Moment(e.at, "event", e)
            for e in events.select_related("edition__newsletter", "link")
        ),
    ]
    return sorted(moments, key=lambda moment: moment.at)[::-1]


# The list


def count_statuses():
    """Pairs of a status, in words, and how many subscribers have it; one query."""
    counted = dict(
        Subscriber.objects.order_by()
        .values_list("status")
        .annotate(number=Count("pk"))
        .order_by()
    )
    return [(status, counted.get(status, 0)) for status in Subscriber.Status]


def list_newsletters():
    """Newsletters with `active`, the number of people who get them; one query."""
    gets_it = Q(
        subscriptions__confirmed_at__isnull=False,
        subscriptions__subscriber__status=Subscriber.Status.ACTIVE,
    )
    return Newsletter.objects.annotate(people=Count("subscriptions", filter=gets_it))


@dataclass(frozen=True)
class Week:
    begins: date
    joined: int
    left: int


def list_weeks(weeks=WEEKS):
    """The last Weeks by the log of consent: how many joined and left; one query.

    Whoever left one newsletter of several counts too.
    """
    today = timezone.localdate()
    monday = today - timedelta(days=today.weekday())
    mondays = [monday - timedelta(weeks=n) for n in reversed(range(weeks))]
    since = get_midnight(mondays[0])
    found = (
        ConsentRecord.objects.order_by()
        .filter(at__gte=since, action__in=[*JOINED, *LEFT])
        .values(week=TruncWeek("at"))
        .annotate(
            joined=Count("subscriber", distinct=True, filter=Q(action__in=JOINED)),
            left=Count("subscriber", distinct=True, filter=Q(action__in=LEFT)),
        )
    )
    counted = {timezone.localdate(row["week"]): row for row in found}
    nothing = {"joined": 0, "left": 0}
    return [
        Week(day, **{name: counted.get(day, nothing)[name] for name in nothing})
        for day in mondays
    ]
