from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from articles.models.attachment import Attachment
from articles.models.byline import Byline
from articles.models.correction import Correction
from articles.models.taxonomy import Topic
from articles.workflow import State
from authors.models import Programme
from ecfr_site.queries import Rows

# Who wrote each of several articles: one query for all.
BYLINES = models.Prefetch("bylines", Byline.objects.select_related("author"))


class ArticleQuerySet(models.QuerySet):
    def published(self):
        """What readers may see, at this moment. Everything public goes through it."""
        return self.filter(state=State.PUBLISHED, published_at__lte=timezone.now())

    def scheduled(self):
        return self.filter(state=State.PUBLISHED, published_at__gt=timezone.now())

    def waiting_for_review(self):
        return self.filter(state=State.IN_REVIEW)

    def drafts_of(self, user):
        """Unpublished work that the user began or signs."""
        return self.filter(state__in=[State.DRAFT, State.APPROVED]).filter(
            Q(created_by=user)
            | Exists(Byline.objects.filter(article=OuterRef("pk"), author__user=user))
        )

    def with_problems(self):
        return self.exclude(problems=[])

    def about(self, topic):
        """On a topic or region, or on one below it in the tree."""
        through = self.model.topics.through.objects
        return self.filter(
            Exists(through.filter(article=OuterRef("pk"), topic__in=topic.family()))
        )

    def in_site_language(self):
        return self.filter(language=settings.LANGUAGES[0][0])

    def featured(self):
        """What editors chose to lead the home page, the latest choice first."""
        return self.filter(featured_at__isnull=False).order_by("-featured_at")

    def research(self):
        return self.filter(
            kind__in=[self.model.Kind.REPORT, self.model.Kind.POLICY_BRIEF]
        )

    def for_lists(self):
        """Cards and lines: without the text, with image and authors; two queries."""
        return (
            self.select_related("image")
            .defer("body", "typeset_body", "contents")
            .prefetch_related(BYLINES)
        )

    def with_corrections(self):
        rows = Rows(Correction.objects.filter(article=OuterRef("pk")), "date", "text")
        return self.annotate(page_corrections=rows)

    def for_page(self):
        """An article's own page in three queries, whatever it holds."""
        return (
            self.select_related("image")
            .defer("body")
            .with_corrections()
            .annotate(
                page_topics=Rows(
                    Topic.objects.filter(articles=OuterRef("pk")),
                    "kind",
                    "name",
                    "slug",
                ),
                page_programmes=Rows(
                    Programme.objects.filter(articles=OuterRef("pk")), "name", "slug"
                ),
                page_attachments=Rows(
                    Attachment.objects.filter(article=OuterRef("pk")),
                    "title",
                    "file",
                    "bytes",
                ),
                page_translations=Rows(
                    self.model.objects.published()
                    .filter(
                        Q(translation_of=OuterRef("pk"))
                        | Q(pk=OuterRef("translation_of"))
                        | Q(translation_of=OuterRef("translation_of"))
                    )
                    .exclude(pk=OuterRef("pk"))
                    .order_by("language"),
                    "language",
                    "title",
                    "slug",
                ),
            )
            .prefetch_related(models.Prefetch("bylines", Byline.objects.for_page()))
        )
