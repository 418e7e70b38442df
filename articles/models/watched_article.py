import hashlib
import json

from django.db import connections, models
from django.db.models import Count, Exists, F, OuterRef, Value
from django.db.models.functions import Concat
from django.urls import reverse

from articles.history.snapshot import get_content


class WatchedArticleQuerySet(models.QuerySet["WatchedArticle"]):
    def remember(self, articles):
        """Know of all these, without a digest: one INSERT … SELECT."""
        before, after = reverse("article", args=["-"]).rsplit("-", 1)
        rows = articles.order_by().annotate(
            number=F("pk"),
            path=Concat(
                Value(before), "slug", Value(after), output_field=models.CharField()
            ),
            digest=Value(""),
            count=Count("corrections"),
            seen_at=F("changed"),
        )
        names = ("number", "path", "digest", "count", "seen_at")
        sql, parameters = rows.values_list(*names).query.sql_with_params()
        connection = connections[self.db]
        with connection.cursor() as cursor:
            cursor.execute(
                # Django's own SQL, with its values bound.
                "INSERT INTO articles_watchedarticle "
                f"(number, path, digest, corrections, seen_at) {sql} "
                "ON CONFLICT DO NOTHING",
                parameters,
            )
            if connection.vendor == "postgresql":
                # It would take the table for empty until it looks by itself.
                cursor.execute("ANALYZE articles_watchedarticle")

    def unknown_among(self, articles):
        """The articles that are not remembered."""
        # Not `exclude`: PostgreSQL looks through all of a NOT IN for each row.
        return articles.filter(~Exists(self.filter(number=OuterRef("pk"))))

    def without_digest(self, published):
        """Those that were there before, and say what they said then."""
        same = published.filter(pk=OuterRef("number"), changed__lte=OuterRef("seen_at"))
        return self.filter(Exists(same), digest="")

    def gone(self, published):
        """Those that readers see no longer; `published` are those that they see."""
        return self.exclude(Exists(published.filter(pk=OuterRef("number"))))

    def saved_since(self, published):
        """Those that somebody has saved since they were looked at."""
        newer = published.filter(pk=OuterRef("number"), changed__gt=OuterRef("seen_at"))
        return self.filter(Exists(newer))


class WatchedArticle(models.Model):
    """A published article as webhooks told of it last (articles/webhooks.py)."""

    # Of the article. No foreign key: that it was deleted is news, too.
    number = models.BigIntegerField(primary_key=True)
    path = models.CharField(max_length=200)
    # Of what it said; empty where it was published before anybody was told.
    digest = models.CharField(max_length=64, blank=True)
    corrections = models.PositiveSmallIntegerField(default=0)
    # When the article had last been saved by then.
    seen_at = models.DateTimeField()

    readers_see = None

    objects = WatchedArticleQuerySet.as_manager()

    def __str__(self):
        return self.path


def digest_content(article):
    """A digest of all that editors can change; five queries."""
    content = json.dumps(get_content(article), sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()
