"""Articles as readers meet them: which are public, and the rows that pages show."""

from collections.abc import Collection
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce

from articles.models.attachment import Attachment
from articles.models.byline import Byline
from articles.models.correction import Correction
from articles.models.document import Document
from articles.models.funder import Funder
from articles.models.imported_item import ImportedItem
from articles.models.kind import Kind
from articles.models.related_article import RelatedArticle
from articles.models.taxonomy import Topic
from articles.workflow import State
from authors.models import Programme
from ecfr_site.caching.seen import ComingChange, fill_tags, find_lists
from ecfr_site.database.compiled import CurrentTime
from ecfr_site.database.queries import InOrder, Rows

if TYPE_CHECKING:
    from articles.models.article import Article

# A working copy is shown as the article that it will be.
ITSELF = Coalesce(OuterRef("live"), OuterRef("pk"))

# Who wrote each of several articles: one query for all.
BYLINES = models.Prefetch("bylines", Byline.objects.select_related("author"))
# The same for their names alone.
_BYLINE_NAMES = models.Prefetch(
    "bylines",
    Byline.objects.select_related("author").only(
        "article", "role", "order", "author__name"
    ),
)

# What lists have no use for.
LONG_FIELDS = ("body", "body_html", "contents", "approved_content", "key_points")

# What an article's own page has no use for: the text as it was written, and the desk's.
DESK_FIELDS = (
    "body",
    "approved_by",
    "approved_at",
    "approved_content",
    "check_asked_at",
    "checked_at",
    "doi_answer",
    "doi_checked_at",
    "due",
    "featured_at",
    "losses",
    "problems",
)

# Of a series, on the pages of its parts.
SERIES_FIELDS = ("series__description", "series__summary")


@cache
def _build_page_rows():
    """{name: expression}: short lists on an article's page that no moment changes.

    Put together once a process; each query takes copies.
    """
    article = OuterRef("pk")
    return {
        "page_topics": Rows(
            Topic.objects.filter(articles=article), "id", "kind", "name", "slug"
        ),
        "page_programmes": Rows(
            Programme.objects.filter(articles=article),
            *("id", "name", "slug", "disclaimer"),
        ),
        "page_funders": Rows(
            Funder.objects.filter(articles=article), "name", "url", "ror", "statement"
        ),
        "page_attachments": Rows(
            Attachment.objects.filter(article=article),
            "title",
            "file",
            "bytes",
            "is_full_text",
            "data_of",
        ),
        "page_documents": Rows(
            Document.objects.made().filter(
                article=article, version=OuterRef("version")
            ),
            "format",
            "version",
            "bytes",
            "pages",
        ),
    }


def are_public():
    """The condition of what readers may see now."""
    now = CurrentTime()
    return Q(
        Q(ends_at=None) | Q(ends_at__gt=now),
        live=None,
        state=State.PUBLISHED,
        published_at__lte=now,
    )


class ReadersQuerySet(models.QuerySet["Article"]):
    def published(self):
        """Return what readers may see now. Everything public goes through it."""
        return self.filter(are_public())

    def published_here(self):
        """Without pieces that were published before they came over from elsewhere."""
        imported = ImportedItem.objects.filter(
            model=self.model._meta.label_lower,
            target=OuterRef("pk"),
            archive_import__created__gte=OuterRef("published_at"),
        )
        return self.exclude(Exists(imported))

    def in_site_language(self):
        return self.filter(language=settings.LANGUAGES[0][0])

    def featured(self):
        """Articles chosen to lead the home page, the latest choice first."""
        return self.filter(featured_at__isnull=False).order_by("-featured_at")

    def research(self):
        kinds = Kind.objects.filter(template=Kind.Template.REPORT).order_by()
        return self.alias(of_kind=InOrder("kind_id")).filter(
            of_kind__in=kinds.values("slug")
        )

    def about(self, topic):
        """On a topic or region, or on one below it in the tree, which a query finds.

        PostgreSQL knows of each number how many articles it has, of a subquery not.
        """
        family = [each.pk for each in topic.family]
        rows = self.model.topics.through.objects.filter(topic__in=family)
        return self._among(rows.values("article"))

    def in_programme(self, programme):
        rows = self.model.programmes.through.objects.filter(programme=programme)
        return self._among(rows.values("article"))

    def _among(self, numbers):
        """Those whose numbers a query finds, by the order of the list."""
        return self.alias(number=InOrder("pk")).filter(number__in=numbers)

    def offering(self, file_name):
        """With the attachment that is stored under this name."""
        return self.filter(attachments__file=file_name)

    def in_series_order(self):
        """The parts of a series: by their numbers, then those that have none."""
        return self.order_by(
            F("series_number").asc(nulls_last=True), "published_at", "pk"
        )

    def find_neighbours(self, article):
        """([the part before], [the part after]) of one whose page is not stored yet."""
        number = article.series_number
        if article.series_id is None or number is None:
            return [], []
        parts = self.published().filter(series=article.series_id)
        parts = parts.exclude(pk=article.original_id).without_texts()
        before = parts.filter(series_number__lt=number).order_by("-series_number")
        after = parts.filter(series_number__gt=number).order_by("series_number")
        return list(before[:1]), list(after[:1])

    def in_other_languages(self, article):
        """The published translations of the article, or what it translates."""
        original = article.translation_of_id
        same = Q(translation_of=article.pk)
        if original:
            same |= Q(pk=original) | Q(translation_of=original)
        return self.published().filter(same).exclude(pk=article.pk).order_by("language")

    def related_to(self, article, original):
        """Other published work: what editors pinned, then what is most like it.

        By the numbers of the article and of its original. What is most like it was
        computed before (articles/related/); a working copy has that of its article.
        """
        pins = self.model.pinned.through.objects.filter(from_article=article)
        chosen = pins.values("to_article")
        found = RelatedArticle.objects.filter(article=original)
        place = found.filter(other=OuterRef("pk")).values("place")[:1]
        return (
            self.published()
            # Not two conditions, for which PostgreSQL would read all articles.
            .filter(pk__in=chosen.union(found.values("other"), all=True))
            .exclude(pk=original)
            .order_by(
                Case(
                    When(pk__in=chosen, then=-1),
                    default=Subquery(place),
                    output_field=models.IntegerField(),
                ),
                "-published_at",
                "-pk",
            )
            .only("kind", "title", "slug", "published_at", "precision")
        )

    def corrections(self):
        """The corrections of these articles, newest first, with the article's lines."""
        return (
            Correction.objects.filter(
                Exists(self.order_by().filter(pk=OuterRef("article")))
            )
            .select_related("article__kind")
            .only(
                "date",
                "text",
                "article__title",
                "article__slug",
                "article__kind__name",
                "article__kind__colour",
                "article__language",
            )
            .order_by("-date", "-pk")
        )

    def list_coming_changes(self, since, until):
        """ComingChange of articles that appear, end or are replaced by themselves in
        this time; one query, answered by indexes, and another if there are any."""
        rows = self.filter(state=State.PUBLISHED).order_by().select_related(None)
        public, copies = rows.filter(live=None), rows.filter(live__isnull=False)
        found = [
            articles.filter(**{f"{field}__gt": since, f"{field}__lte": until}).values(
                "live_id",
                "translation_of_id",
                "series_id",
                at=F(field),
                own=F("pk"),
                # A working copy is the article that it replaces.
                original=Coalesce("live_id", "pk"),
            )
            for field, articles in (
                ("published_at", public),
                ("ends_at", public),
                ("replaces_at", copies),
            )
        ]
        coming = list(found[0].union(*found[1:], all=True))
        lists = coming and find_lists(
            self.model, {row[key] for row in coming for key in ("own", "original")}
        )
        for row in coming:
            row["id"] = row["original"]
            tags = fill_tags(self.model, row) | lists[row["own"]] | lists[row["id"]]
            yield ComingChange(row["at"], tags)

    def changed_for_readers(self, since, until):
        """Those whose page became another between the two times, or went.

        Some of them only at the desk: saving tells no difference.
        """
        within = {"gt": since, "lte": until}

        def happened(field):
            return Q(**{f"{field}__{sign}": time for sign, time in within.items()})

        changed = happened("changed") & Q(published_at__lte=until)
        appeared = happened("published_at") | happened("ends_at")
        return self.filter(
            changed | Q(state=State.PUBLISHED) & appeared,
            live=None,
            state__in=[State.PUBLISHED, State.WITHDRAWN],
        )

    def for_page(self):
        """An article's own page in three queries, whatever it holds."""
        pins = self.model.pinned.through.objects.filter(from_article=OuterRef("pk"))
        related = RelatedArticle.objects.filter(article=ITSELF)
        return self._with_page_rows().annotate(
            page_related=Rows(related, "other_id"),
            page_pins=Rows(pins, "to_article_id"),
        )

    def for_api(self):
        """The same for lists, without text and related work; three queries."""
        return self._with_page_rows().defer(*DESK_FIELDS, *LONG_FIELDS)

    def _with_page_rows(self):
        parts = (
            self.model.objects.published()
            .filter(series=OuterRef("series"))
            .exclude(pk=ITSELF)
        )
        before = parts.filter(series_number__lt=OuterRef("series_number"))
        after = parts.filter(series_number__gt=OuterRef("series_number"))
        named = ("title", "slug", "series_number")
        return (
            self.select_related("image", "series")
            .defer(*DESK_FIELDS, *SERIES_FIELDS)
            .with_corrections()
            .annotate(
                **_build_page_rows(),
                page_translations=Rows(
                    self.model.objects.published()
                    .filter(
                        Q(translation_of=ITSELF)
                        | Q(pk=OuterRef("translation_of"))
                        | Q(translation_of=OuterRef("translation_of"))
                    )
                    .exclude(pk=ITSELF)
                    .order_by("language"),
                    "language",
                    "title",
                    "slug",
                ),
                page_previous=Rows(before.order_by("-series_number")[:1], *named),
                page_next=Rows(after.order_by("series_number")[:1], *named),
            )
            .prefetch_related(models.Prefetch("bylines", Byline.objects.for_page()))
        )

    def for_lists(self):
        """Cards and lines: without the text, with image and authors; two queries."""
        return (
            self.select_related("image").defer(*LONG_FIELDS).prefetch_related(BYLINES)
        )

    def for_results(self):
        """Lines of a search, which show no image: what they say alone; two queries."""
        return self.only(
            "kind",
            "language",
            "precision",
            "published_at",
            "slug",
            "standfirst",
            "title",
        ).prefetch_related(_BYLINE_NAMES)

    def for_feeds(self):
        """The text with all that feeds and the API say of an article; two queries."""
        return (
            self.select_related("image", "series")
            .defer(*DESK_FIELDS, "contents", *SERIES_FIELDS)
            .with_corrections()
            .annotate(**_build_page_rows())
            .prefetch_related(BYLINES)
        )

    def for_subjects(self):
        """Without texts, with all that has a feed of them; six queries."""
        return (
            self.order_by()
            .select_related("series")
            .only("kind", "language", "series__slug")
            .prefetch_related("authors", "programmes", "topics__parent__parent")
        )

    def with_page_total(self):
        """With `page_total`, as `documents.addresses.count_pages` counts pages."""
        made = Document.objects.made().filter(
            article=OuterRef("pk"),
            version=OuterRef("version"),
            format=Document.Format.PDF,
        )
        counted = Case(
            When(
                kind__template=Kind.Template.REPORT,
                then=Subquery(made.order_by().values("pages")[:1]),
            ),
            output_field=models.IntegerField(),
        )
        return self.annotate(
            page_total=Coalesce(
                "page_count", counted, output_field=models.IntegerField()
            )
        )

    def with_corrections(self):
        rows = Rows(Correction.objects.filter(article=OuterRef("pk")), "date", "text")
        return self.annotate(page_corrections=rows)

    def without_texts(self):
        """For questions about an article that its long texts do not answer."""
        return self.defer(*LONG_FIELDS)

    def in_order_of(self, ids: Collection[int]) -> list["Article"]:
        """The articles of these numbers as a list in the order of the numbers."""
        found = self.in_bulk(ids)
        return [found[pk] for pk in ids if pk in found]
