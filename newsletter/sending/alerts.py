"""The pieces of a run of alerts for each recipient, and the hours when none may go."""

import threading
from collections.abc import Callable
from datetime import datetime
from functools import cached_property, lru_cache, partial

from django.conf import settings
from django.db.models.functions import Coalesce
from django.utils import timezone

from articles.models import Article
from newsletter.alerts import hours
from newsletter.composing.alerts import build_alert, fetch_articles
from newsletter.languages import is_translated
from newsletter.models import AlertPiece, Edition, Subscriber
from newsletter.sending.jobs import Variant

# A mail shows so many pieces, the newest, and says how many more there are.
MOST_SHOWN = 20

# Pairs of an article's number and the name of what is followed, as they are shown.
Choice = tuple[tuple[int, str], ...]


def find_wait(subscriber: Subscriber) -> datetime | None:
    """The end of the quiet hours that it is at the subscriber's; None by day."""
    zone, now = hours.find_zone(subscriber.time_zone), timezone.now()
    return hours.find_morning(now, zone) if hours.is_quiet(now, zone) else None


class AlertVariants:
    """The messages of a run: one for each choice of pieces, language and tracking."""

    def __init__(self, run: Edition, size: int) -> None:
        self.run = run
        self.variant = lru_cache(maxsize=size)(self._build_variant)
        self.lock = threading.Lock()

    def choose(self, people: list[int]) -> Callable[[Subscriber], Variant | str]:
        """A function from one of these to the message or why there is none; a query."""
        return partial(self._choose, fetch_choices(self.run, people))

    @cached_property
    def articles(self) -> dict[int, Article]:
        return fetch_articles(self.run)

    def _choose(
        self, choices: dict[int, Choice], subscriber: Subscriber
    ) -> Variant | str:
        with self.lock:
            mine = tuple(
                (number, heading)
                for number, heading in choices.get(subscriber.pk, ())
                if number in self.articles
            )
            if not mine:
                return "nothing that is still followed and public"
            return self.variant(
                mine, find_language(subscriber.language), subscriber.is_tracked
            )

    def _build_variant(self, choice: Choice, language: str, tracked: bool) -> Variant:
        shown = sort_by_heading(choice[:MOST_SHOWN])
        pieces = [(self.articles[number], heading) for number, heading in shown]
        more = len(choice) - len(shown)
        return Variant(*build_alert(self.run, language, pieces, more), tracked)


def fetch_choices(run: Edition, people: list[int]) -> dict[int, Choice]:
    """Each person's pieces of the run, public and still followed; one query.

    The newest first.
    """
    public = Article.objects.published()  # type: ignore[no-untyped-call] # of the models
    rows = (
        AlertPiece.objects.filter(
            edition=run,
            subscriber__in=people,
            article__in=public.values("pk"),
            interest__subscriber__in=people,
        )
        .order_by("-article__published_at", "-article")
        .values_list(
            "subscriber",
            "article",
            Coalesce(
                "interest__topic__name",
                "interest__programme__name",
                "interest__author__name",
            ),
        )
    )
    found: dict[int, list[tuple[int, str]]] = {}
    for subscriber, article, heading in rows:
        found.setdefault(subscriber, []).append((article, heading))
    return {subscriber: tuple(pieces) for subscriber, pieces in found.items()}


def sort_by_heading(pieces: Choice) -> Choice:
    """Under each heading once, in the order in which the headings come."""
    order = {heading: place for place, (_, heading) in reversed([*enumerate(pieces)])}
    return tuple(sorted(pieces, key=lambda piece: order[piece[1]]))


def find_language(language: str) -> str:
    """The language of the mail: the subscriber's, or the site's if it has none."""
    return language if is_translated(language) else settings.LANGUAGES[0][0]
