from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Case, Value, When
from django.db.models.functions import Coalesce
from django.utils.functional import cached_property

from articles.models.related_article import RelatedStatus
from ecfr_site.caching.seen import LISTS, SUBJECTS, Seen
from ecfr_site.institution.feed_formats import list_feed_paths
from ecfr_site.redirects.models import SlugRedirectMixin
from ecfr_site.redirects.paths import get_path

MAX_DEPTH = 3


class TopicQuerySet(models.QuerySet):
    def mark_related(self):
        """Have related work computed anew that may have been found by these."""
        labels = Topic.articles.through.objects.filter(topic__in=self)
        RelatedStatus.objects.mark_like(list(labels.values_list("article", flat=True)))

    @transaction.atomic
    def delete(self):
        self.mark_related()
        return super().delete()

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def topics(self):
        return self.filter(kind=Topic.Kind.TOPIC)

    def roots(self):
        return self.filter(parent=None)

    def in_tree_order(self):
        """Each topic after the one above it, with its `depth`; no query more."""
        above = Coalesce("parent__parent__name", "parent__name", "name")
        return self.annotate(
            depth=Case(
                When(parent=None, then=0),
                When(parent__parent=None, then=1),
                default=2,
            ),
            _first=above,
            _second=Case(
                When(parent=None, then=Value("")),
                When(parent__parent=None, then="name"),
                default="parent__name",
                output_field=models.CharField(),
            ),
        ).order_by("kind", "_first", "_second", "depth", "name")


class Topic(SlugRedirectMixin):
    """A subject or a region; a tree at most three deep."""

    class Kind(models.TextChoices):
        TOPIC = "topic", "topic"
        REGION = "region", "region"

    ADDRESS_FIELDS = ("kind", "slug")

    kind = models.CharField(max_length=10, choices=Kind, default=Kind.TOPIC)
    name = models.CharField(max_length=100)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children"
    )
    summary = models.CharField(max_length=300, blank=True)

    readers_see = Seen(tags=("topic-{id}", SUBJECTS, LISTS))

    objects = TopicQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "name"]
        verbose_name = "topic or region"
        verbose_name_plural = "topics and regions"
        constraints = [
            models.UniqueConstraint(fields=["kind", "name"], name="unique_topic_name")
        ]

    def __str__(self):
        return self.name

    @property
    def unnamed_slug(self):
        return self.kind

    @transaction.atomic
    def delete(self, *args, **kwargs):
        Topic.objects.filter(pk=self.pk).mark_related()
        return super().delete(*args, **kwargs)

    def get_absolute_url(self):
        return get_path(self.kind, self.slug)

    def list_feeds(self):
        return list_feed_paths(self.kind, self.slug)

    def clean(self):
        ancestors = self.ancestors()
        if self.pk and self in ancestors:
            raise ValidationError({"parent": "A topic cannot stand under itself."})
        if len(ancestors) >= MAX_DEPTH:
            raise ValidationError({"parent": "Topics go three levels deep at most."})
        if self.parent and self.parent.kind != self.kind:
            raise ValidationError(
                {"parent": "Topics stand under topics, regions under regions."}
            )

    def ancestors(self):
        """The topics above, nearest first; a query each, three at most."""
        found = []
        above = self.parent
        while above and above not in found and len(found) <= MAX_DEPTH:
            found.append(above)
            above = above.parent
        return found

    @cached_property
    def family(self):
        """This topic and all below it, as a list; one query."""
        under = models.Q(pk=self.pk)
        for depth in range(1, MAX_DEPTH):
            under |= models.Q(**{"__".join(["parent"] * depth): self.pk})
        return list(Topic.objects.filter(under))

    def list_children(self):
        return [topic for topic in self.family if topic.parent_id == self.pk]
