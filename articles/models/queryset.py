"""Every question about articles in one class, and how many are saved at once."""

from functools import partial
from typing import TYPE_CHECKING

from django.db import models, transaction
from django.db.models import Q

from articles.models.desk_queryset import DeskQuerySet
from articles.models.related_article import RelatedStatus
from articles.models.search_text import SearchText
from articles.models.search_word import SearchWord
from ecfr_site.richtext.plain_text import clean_fields

if TYPE_CHECKING:
    from articles.models.article import Article


class ArticleQuerySet(DeskQuerySet):
    @transaction.atomic
    def save_together(self, articles):
        """Save new articles as `save` does each, in some queries for all.

        No signal is sent.
        """
        shown = [(article, article.set_text()) for article in articles]
        for article in articles:
            clean_fields(article)
        self.bulk_create(articles)
        through = self.model.body_images.through
        through.objects.bulk_create(
            through(article_id=article.pk, image_id=image.pk)
            for article, images in shown
            for image in images
        )
        numbers = [article.pk for article in articles]
        SearchText.objects.index(articles)
        RelatedStatus.objects.mark_changed(numbers)
        learn = partial(SearchWord.objects.learn_from, *numbers)
        transaction.on_commit(learn, robust=True)

    def index_soon(self) -> None:
        """Have the scheduler write anew what searches find these articles by."""
        SearchText.objects.filter(article__in=self.order_by()).update(analyser=0)

    def locked(self, pk: int) -> "Article | None":
        """The article, locked together with its original, or None; full and fresh.

        Always in this order, so that two who do it do not wait for each other.
        """
        rows = self.filter(Q(pk=pk) | Q(working_copy=pk)).order_by("pk")
        rows = rows.select_for_update(of=["self"])
        return next((row for row in rows if row.pk == pk), None)

    def set_texts(self, show_progress=lambda done, total: None):
        """Set all texts anew, one transaction each; calls back with done and total."""
        ids = list(self.order_by("pk").values_list("pk", flat=True))
        for done, pk in enumerate(ids, 1):
            # Locked, so that nothing older is written over what is saved meanwhile.
            with transaction.atomic():
                for article in self.filter(pk=pk).select_for_update(of=["self"]):
                    article.refresh_text()
            show_progress(done, len(ids))


# Named for mypy, which knows no class whose base is a call.
_ArticleManager = models.Manager.from_queryset(ArticleQuerySet)


class ArticleManager(_ArticleManager):
    """Articles with their kinds, by which every list, page and answer calls them."""

    def get_queryset(self):
        return super().get_queryset().select_related("kind")
