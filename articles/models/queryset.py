from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import Case, Exists, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from articles.models.attachment import Attachment
from articles.models.byline import Byline
from articles.models.comment import Comment
from articles.models.correction import Correction
from articles.models.taxonomy import Topic
from articles.models.workflow_event import WorkflowEvent
from articles.workflow import State
from authors.models import Programme
from ecfr_site.database.queries import Rows

if TYPE_CHECKING:
    from articles.models.article import Article

# Who wrote each of several articles: one query for all.
BYLINES = models.Prefetch("bylines", Byline.objects.select_related("author"))

# What lists have no use for.
LONG_FIELDS = ("body", "body_html", "contents", "approved_content")

# What an article's own page has no use for: the text as it was written, and the desk's.
DESK_FIELDS = (
    "body",
    "approved_by",
    "approved_at",
    "approved_content",
    "check_asked_at",
    "checked_at",
    "due",
    "featured_at",
    "problems",
)


def _first(field, articles, after):
    """The first time in the articles' field after a moment, as an expression."""
    found = articles.filter(**{f"{field}__gt": after}).order_by(field)
    return Subquery(found.values(field)[:1])


@cache
def _page_rows():
    """{name: expression}: short lists on an article's page that no moment changes.

    Put together once a process; each query takes copies.
    """
    article = OuterRef("pk")
    return {
        "page_topics": Rows(
            Topic.objects.filter(articles=article), "kind", "name", "slug"
        ),
        "page_programmes": Rows(
            Programme.objects.filter(articles=article), "name", "slug"
        ),
        "page_attachments": Rows(
            Attachment.objects.filter(article=article), "title", "file", "bytes"
        ),
    }


class ArticleQuerySet(models.QuerySet["Article"]):
    def published(self):
        """Return what readers may see now. Everything public goes through it."""
        now = timezone.now()
        return self.filter(
            Q(ends_at=None) | Q(ends_at__gt=now),
            live=None,
            state=State.PUBLISHED,
            published_at__lte=now,
        )

    def originals(self):
        """Each article once: without working copies."""
        return self.filter(live=None)

    def locked(self, pk: int) -> "Article | None":
        """The article, locked together with its original, or None; full and fresh.

        Always in this order, so that two who do it do not wait for each other.
        """
        rows = self.filter(Q(pk=pk) | Q(working_copy=pk)).order_by("pk")
        rows = rows.select_for_update(of=["self"])
        return next((row for row in rows if row.pk == pk), None)

    def with_changes(self, user):
        """With `changes_state` and `changes_at`: where its working copy stands.

        None without one that `user` sees. No query of its own.
        """
        copies = self.model.objects.visible_to(user).filter(live=OuterRef("pk"))
        return self.annotate(
            changes_state=Subquery(copies.values("state")[:1]),
            changes_at=Subquery(copies.values("replaces_at")[:1]),
        )

    def status(self, state, user):
        """Articles in the state, or with changes in it that `user` sees."""
        copies = self.model.objects.visible_to(user).filter(state=state)
        return self.filter(
            Q(state=state) | Q(pk__in=copies.exclude(live=None).values("live"))
        )

    def visible_to(self, user: User) -> "ArticleQuerySet":
        """Articles the desk shows to `user`: published and own work, to editors all."""
        if user.has_perm("articles.approve_article"):
            return self
        return self.filter(
            Q(pk__in=self.model.objects.published().values("pk"))
            | Q(pk__in=self.model.objects.of(user).values("pk"))
        )

    def of(self, user):
        """Work that the user began, signs or is assigned to."""
        return self.filter(
            Q(created_by=user)
            | Q(assigned_to=user)
            | Exists(Byline.objects.filter(article=OuterRef("pk"), author__user=user))
        )

    def scheduled(self):
        """Articles, and changes to articles, that go live by themselves."""
        now = timezone.now()
        return self.filter(
            Q(live=None, published_at__gt=now)
            | Q(live__isnull=False, replaces_at__gt=now),
            state=State.PUBLISHED,
        )

    def in_order_of_going_live(self):
        at = Case(When(live=None, then="published_at"), default="replaces_at")
        return self.order_by(at, "pk")

    def going_live(self, user):
        """Articles that are scheduled, or have scheduled changes that `user` sees."""
        scheduled = self.model.objects.visible_to(user).scheduled()
        return self.originals().filter(
            Q(pk__in=scheduled.filter(live=None).values("pk"))
            | Q(pk__in=scheduled.exclude(live=None).values("live"))
        )

    def due_copies(self) -> "ArticleQuerySet":
        """Working copies that readers should see by now."""
        return self.filter(
            state=State.PUBLISHED,
            replaces_at__lte=timezone.now(),
            live__state=State.PUBLISHED,
        )

    def next_changes(self):
        """{name: expression}: when readers' pages next change with nobody's doing."""
        now = timezone.now()
        public = self.filter(live=None, state=State.PUBLISHED)
        return {
            "next_publication": _first("published_at", public, now),
            "next_end": _first("ends_at", public, now),
            "next_replacement": _first(
                "replaces_at",
                self.filter(live__isnull=False, state=State.PUBLISHED),
                now,
            ),
        }

    def waiting_for_review(self):
        return self.filter(state=State.IN_REVIEW)

    def approved(self):
        return self.filter(state=State.APPROVED)

    def under_way(self):
        """Articles that readers do not see yet, working copies among them."""
        now = timezone.now()
        before_readers = Q(live=None, state=State.PUBLISHED, published_at__lte=now)
        return self.exclude(before_readers).exclude(state=State.WITHDRAWN)

    def overdue(self):
        return self.under_way().filter(due__lt=timezone.localdate())

    def with_problems(self):
        return self.exclude(problems=[])

    def to_mend(self):
        """With problems, each article once: as its working copy if it has one."""
        return self.with_problems().filter(working_copy=None)

    def about(self, topic):
        """On a topic or region, or on one below it in the tree."""
        through = self.model.topics.through.objects
        return self.filter(
            Exists(through.filter(article=OuterRef("pk"), topic__in=topic.family()))
        )

    def in_programme(self, programme):
        through = self.model.programmes.through.objects
        return self.filter(
            Exists(through.filter(article=OuterRef("pk"), programme=programme))
        )

    def in_other_languages(self, article):
        """The published translations of the article, or what it translates."""
        original = article.translation_of_id
        same = Q(translation_of=article.pk)
        if original:
            same |= Q(pk=original) | Q(translation_of=original)
        return self.published().filter(same).exclude(pk=article.pk).order_by("language")

    def offering(self, file_name):
        """With the attachment that is stored under this name."""
        return self.filter(attachments__file=file_name)

    def in_site_language(self):
        return self.filter(language=settings.LANGUAGES[0][0])

    def featured(self):
        """Articles chosen to lead the home page, the latest choice first."""
        return self.filter(featured_at__isnull=False).order_by("-featured_at")

    def research(self):
        return self.filter(
            kind__in=[self.model.Kind.REPORT, self.model.Kind.POLICY_BRIEF]
        )

    def for_lists(self):
        """Cards and lines: without the text, with image and authors; two queries."""
        return (
            self.select_related("image").defer(*LONG_FIELDS).prefetch_related(BYLINES)
        )

    def for_desk(self, user):
        """Lists of work under way as `user` may see it; two queries.

        Each has `open_comments`, a number, and `last_steps` with its last step, if any.
        """
        original = Coalesce(OuterRef("live"), OuterRef("pk"))
        comments = (
            Comment.objects.open()
            .visible_to(user)
            .filter(article=original)
            .order_by()
            .annotate(count=models.Func("pk", function="COUNT"))
        )
        steps = WorkflowEvent.objects.filter(
            Q(article=OuterRef("pk"), on_working_copy=False)
            | Q(article=OuterRef("live"), on_working_copy=True),
            at__gte=OuterRef("created"),
        )
        return (
            self.for_lists()
            .select_related("image", "assigned_to", "changed_by")
            .annotate(
                open_comments=Subquery(comments.values("count")),
                last_steps=Rows(steps[:1], "name", "note"),
            )
        )

    def without_texts(self):
        """For questions about an article that its long texts do not answer."""
        return self.defer(*LONG_FIELDS)

    def their_corrections(self):
        """The corrections of these articles, newest first, with the article's lines."""
        return (
            Correction.objects.filter(article__in=self.order_by().values("pk"))
            .select_related("article")
            .only(
                "date",
                "text",
                "article__title",
                "article__slug",
                "article__kind",
                "article__language",
            )
            .order_by("-date", "-pk")
        )

    def with_corrections(self):
        rows = Rows(Correction.objects.filter(article=OuterRef("pk")), "date", "text")
        return self.annotate(page_corrections=rows)

    def for_page(self):
        """An article's own page in three queries, whatever it holds."""
        # A working copy is shown as the article that it will be.
        itself = Coalesce(OuterRef("live"), OuterRef("pk"))
        return (
            self.select_related("image")
            .defer(*DESK_FIELDS)
            .with_corrections()
            .annotate(
                **_page_rows(),
                page_translations=Rows(
                    self.model.objects.published()
                    .filter(
                        Q(translation_of=itself)
                        | Q(pk=OuterRef("translation_of"))
                        | Q(translation_of=OuterRef("translation_of"))
                    )
                    .exclude(pk=itself)
                    .order_by("language"),
                    "language",
                    "title",
                    "slug",
                ),
            )
            .prefetch_related(models.Prefetch("bylines", Byline.objects.for_page()))
        )

    def related_to(self, article, topics=None, programmes=None):
        """Other published work on its topics or of its programmes, newest first.

        Of the given topics and programmes instead, for one whose own are not saved.
        """
        on_topics = self.model.topics.through.objects
        of_programmes = self.model.programmes.through.objects
        if topics is None:
            topics = on_topics.filter(article=article.pk).values("topic")
        if programmes is None:
            programmes = of_programmes.filter(article=article.pk).values("programme")
        return (
            self.published()
            .filter(language=article.language)
            .exclude(pk=article.original_id)
            .filter(
                # Not Exists, for which PostgreSQL gathers all that share a topic where
                # the latest few articles have them.
                Q(pk=_itself(on_topics.filter(topic__in=topics)))
                | Q(pk=_itself(of_programmes.filter(programme__in=programmes)))
            )
            .only("kind", "title", "slug", "published_at", "precision")
        )


def _itself(links):
    """The number of the article in question if it is among the links, or else NULL."""
    return Subquery(links.filter(article=OuterRef("pk")).values("article")[:1])
