"""Run the checklist on an article, as saved or as just typed.

The editorial policy sets for each rule whether it blocks publication, warns, or is off
(`EditorialPolicy.checklist`: rule → level, limit → number; what is missing there has
its default, what is unknown is passed over).
"""

from collections import Counter
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import Prefetch, prefetch_related_objects
from django.utils import timezone

from articles.body import extract_words, parse_body
from articles.checklist.rules import BLOCK, ESSENTIAL, NOTE, OFF, RULES, WARN
from articles.checklist.text import find_links
from articles.models.link import Link
from articles.models.policy import EditorialPolicy
from authors.models import Position
from ecfr_site.admin_site.wall_clock import format_moment

if TYPE_CHECKING:
    # Which asks the checklist.
    from articles.models.article import Article

# What has rows of its own: no field of the form bears its name.
ROWS = ("bylines", "attachments", "corrections")

# Rows that a form holds and nobody saved yet, by the name of their relation.
Typed = dict[str, list[Any]]


@dataclass(frozen=True)
class Finding:
    rule: str
    level: str
    text: str
    where: str
    passage: str = ""

    as_data = asdict


class Checklist:
    """The findings on an article; `typed` are rows not yet saved, by name.

    At most nine queries, whatever the article holds.
    """

    def __init__(self, article, typed=None, policy=None):
        policy = policy or EditorialPolicy.objects.current()
        piece = Piece(article, typed or {}, policy)
        self.findings = []
        # How many rules there are, and the labels of those that found nothing.
        self.count = 0
        self.fine = []
        for each in RULES:
            level = each.get_level(piece.chosen)
            if level == OFF:
                continue
            self.count += 1
            found = [
                Finding(each.key, one.level or level, one.text, one.where, one.passage)
                for one in each.find(piece)
            ]
            self.findings += found
            if not found:
                self.fine.append(each.label)
        order = [BLOCK, WARN, NOTE]
        self.findings.sort(key=lambda finding: order.index(finding.level))

    def filter_by_level(self, level):
        return [finding for finding in self.findings if finding.level == level]

    @property
    def blocking(self):
        return self.filter_by_level(BLOCK)

    @property
    def warnings(self):
        return self.filter_by_level(WARN)

    @property
    def notes(self):
        return self.filter_by_level(NOTE)

    @property
    def problems(self):
        """Findings that an editor can act on, as JSON-ready data."""
        return [found.as_data() for found in self.blocking + self.warnings]

    def require(self, rules=None):
        """Raise ValidationError, by field, for what blocks; of these rules, or all."""
        missing = {}
        for found in self.blocking:
            if rules is not None and found.rule not in rules:
                continue
            field = NON_FIELD_ERRORS if found.where in ROWS else found.where
            missing.setdefault(field, []).append(found.text)
        if missing:
            raise ValidationError(missing)


class Piece:
    """An article as the rules see it: each part is read once, and only if asked for."""

    def __init__(self, article, typed, policy):
        self.article = article
        self.typed = typed
        self.chosen = policy.checklist
        self.embargoed = policy.embargoed_words
        self._rows = {}

    def get_rows(self, name):
        if name in self.typed:
            return self.typed[name]
        if name not in self._rows:
            stored = getattr(self.article, name).all() if self.article.pk else ()
            self._rows[name] = list(stored)
        return self._rows[name]

    @cached_property
    def tree(self):
        return parse_body(self.article.body)

    @cached_property
    def bylines(self):
        bylines = self.get_rows("bylines")
        authors = [byline.author for byline in bylines]
        positions = Position.objects.select_related("programme")
        prefetch_related_objects(authors, Prefetch("positions", positions))
        for byline in bylines:
            byline.article = self.article
        return bylines

    @cached_property
    def has_topic(self):
        if "topics" in self.typed:
            return bool(self.typed["topics"])
        return self.article.pk and self.article.topics.exists()

    @cached_property
    def links(self):
        return find_links(self.article, self.tree)

    @cached_property
    def results(self):
        """The last answers of the addresses, by address; one query if there are any."""
        addresses = {link.address for link in self.links if link.address}
        if not addresses:
            return {}
        known = Link.objects.filter(address__in=addresses).exclude(checked_at=None)
        return {link.address: link for link in known}

    @cached_property
    def changed_words(self):
        """The difference in words between a working copy and the live text."""
        live = self.article.live
        before = Counter(_list_words(live, parse_body(live.body)))
        now = Counter(_list_words(self.article, self.tree))
        return ((now - before) + (before - now)).total()

    def get_limit(self, limit):
        return limit.get_value(self.chosen)


def _list_words(article, tree):
    text = extract_words(tree, notes=True)
    return f"{article.title} {article.standfirst} {text}".split()


def check_written(article: "Article", typed: Typed | None = None) -> None:
    """Raise ValidationError, by field, for what a reviewer could not do without.

    `typed` are people, topics and files that a form holds and nobody saved yet.
    """
    Checklist(article, typed).require(ESSENTIAL)


def check_complete(article: "Article", typed: Typed | None = None) -> None:
    """Raise ValidationError, by field, for what keeps it from readers."""
    Checklist(article, typed).require()


def check_end(article: "Article") -> None:
    """Raise ValidationError if no time is left for readers to see it."""
    if article.live_id and article.published_at is None:
        raise ValidationError({"published_at": "A published article needs its time."})
    now = timezone.now()
    if article.ends_at and article.ends_at <= max(article.goes_live_at or now, now):
        raise ValidationError(
            {
                "ends_at": "It would be over before readers see it: the end is "
                f"{format_moment(article.ends_at)}. Choose a later one, or none."
            }
        )
