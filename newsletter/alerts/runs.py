"""Put runs of alerts together: who gets which pieces now.

A run is an edition that goes out at once. One transaction writes it, its pieces by
person and its deliveries, each with a fixed number of statements; from there on it goes
the way of every edition (docs/decisions/0034-alerts.md).
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from articles.models import Article
from ecfr_site.institution.models import Institution
from newsletter.alerts import hours
from newsletter.models import (
    AlertPiece,
    Delivery,
    Edition,
    Frequency,
    Interest,
    Link,
    Newsletter,
    Subscriber,
)
from newsletter.models.edition_state import State

# Only what was published lately, and of that the newest.
WINDOW = timedelta(days=14)
MOST_CANDIDATES = 100
# So long what is published gathers in one mail that goes at once.
GATHERS = timedelta(minutes=10)
# From an interest to the articles: first the most particular, which names the heading.
WAYS = (
    "author__articles",
    "programme__articles",
    "topic__articles",
    "topic__children__articles",
    "topic__children__children__articles",
)
# The columns of AlertPiece in what `find_pieces` finds.
PIECE = ("subscriber", "article", "original", "pk")


def start_due() -> int:
    """Start the runs that are due; return how many."""
    newsletter = Newsletter.objects.offered().first()
    if newsletter is None or not Institution.objects.current().offers_alerts:
        return 0
    now = timezone.now()
    candidates = find_candidates(now)
    if not candidates:
        return 0
    runs = [start(name, newsletter, candidates, now) for name in Frequency.values]
    return sum(run is not None for run in runs)


def find_candidates(now: datetime) -> dict[int, datetime]:
    """{number: time of publication} of what alerts may bring, the newest first."""
    here = Article.objects.published().published_here()
    lately = here.filter(published_at__gt=now - WINDOW)
    newest = lately.order_by("-published_at", "-pk")
    return dict(newest.values_list("pk", "published_at")[:MOST_CANDIDATES])


def start(
    frequency: str,
    newsletter: Newsletter,
    candidates: dict[int, datetime],
    now: datetime,
) -> Edition | None:
    """Start a run for whoever is due; None if it would bring nobody anything."""
    zones = Interest.objects.filter(frequency=frequency).order_by()
    names = set(zones.values_list("subscriber__time_zone", flat=True).distinct())
    cutoff = hours.build_cutoffs(frequency, now, names, "subscriber__time_zone")
    ready = list(candidates)
    if frequency == Frequency.AT_ONCE:
        ready = [pk for pk, at in candidates.items() if at <= now - GATHERS]
    if cutoff is None or not ready:
        return None
    due = find_due(frequency, cutoff)
    if not any(find_pieces(due, way, ready).exists() for way in WAYS):
        return None
    with transaction.atomic():
        run = create_run(frequency, newsletter, now)
        for way in WAYS:
            add_pieces(run, find_pieces(due, way, ready))
        # Who gets a mail now need not wait for what has only just been published.
        if young := list(candidates.keys() - set(ready)):
            begun = AlertPiece.objects.filter(edition=run).values("subscriber")
            mine = due.filter(subscriber__in=begun)
            for way in WAYS:
                add_pieces(run, find_pieces(mine, way, young))
        return begin(run)


def find_due(frequency: str, cutoff: Case) -> QuerySet[Interest]:
    """Interests of those who may get an alert of this frequency, with its `cutoff`.

    Once a day or a week, whatever is entered afterwards with an earlier time.
    """
    people = Subscriber.objects.following().values("pk")
    due = Interest.objects.filter(frequency=frequency, subscriber__in=people)
    due = due.annotate(cutoff=cutoff)
    if frequency == Frequency.AT_ONCE:
        return due
    had = Delivery.objects.filter(
        subscriber=OuterRef("subscriber"),
        edition__alert=frequency,
        edition__started_at__gte=OuterRef("cutoff"),
    )
    return due.exclude(Exists(had))


def find_pieces(due: QuerySet[Interest], way: str, articles: list[int]) -> QuerySet:
    """Interests, each with the `article` that it newly brings, and its `original`.

    Several may bring the same: those in the subscriber's language come first.
    """
    own = Q(**{f"{way}__language": F("subscriber__language")})
    site_language = Q(**{f"{way}__language": settings.LANGUAGES[0][0]})
    found = due.filter(
        own | site_language,
        **{
            f"{way}__in": articles,
            f"{way}__published_at__gt": F("counts_from"),
            f"{way}__published_at__lte": F("cutoff"),
        },
    ).annotate(
        article=F(f"{way}__pk"),
        original=Coalesce(f"{way}__translation_of", f"{way}__pk"),
        foreign=Case(When(own, then=0), default=1),
    )
    had = AlertPiece.objects.filter(
        subscriber=OuterRef("subscriber"), original=OuterRef("original")
    )
    return found.exclude(Exists(had)).order_by("foreign", "pk")


def add_pieces(run: Edition, found: QuerySet) -> int:
    """Write them down for the run; what another run was faster with stays its own."""
    rows = found.annotate(run=Value(run.pk)).values_list("run", *PIECE)
    sql, parameters = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            # Django's own SQL, with its values bound.
            "INSERT INTO newsletter_alertpiece (edition_id, subscriber_id, article_id, "
            f"original_id, interest_id) {sql} ON CONFLICT DO NOTHING",
            parameters,
        )
        return cursor.rowcount


def create_run(frequency: str, newsletter: Newsletter, now: datetime) -> Edition:
    return Edition.objects.create(
        newsletter=newsletter,
        alert=frequency,
        state=State.SENDING,
        started_at=now,
        released_at=now,
        gathered_at=now,
    )


def begin(run: Edition) -> Edition | None:
    """A delivery for whoever has pieces in the run; without any it never was."""
    pieces = AlertPiece.objects.filter(edition=run)
    people = Subscriber.objects.filter(Exists(pieces.filter(subscriber=OuterRef("pk"))))
    run.audience_count = run.add_deliveries(people, Value(run.started_at))
    if not run.audience_count:
        run.delete()
        return None
    run.tracked_count = people.tracked().count()
    run.save(update_fields=["audience_count", "tracked_count"])
    number_pieces(run)
    return run


def number_pieces(run: Edition) -> None:
    """Number the addresses of its pieces, so that clicks can be counted."""
    brought = run.alert_pieces.values("article")
    found = Article.objects.filter(pk__in=brought).select_related(None)
    articles = found.only("slug").order_by("pk")
    Link.objects.bulk_create(
        Link(
            edition=run,
            number=number,
            url=f"{settings.SITE_URL}{article.get_absolute_url()}",
            article=article,
        )
        for number, article in enumerate(articles, start=1)
    )
