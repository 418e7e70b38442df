from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from django.db import models, transaction
from reversion.models import Version

from articles.models.attachment import Attachment
from ecfr_site.storage.private import private_storage

if TYPE_CHECKING:
    from articles.models.article import Article


class AttachmentTextQuerySet(models.QuerySet["AttachmentText"]):
    def texts_of(self, articles: "Iterable[Article]") -> dict[int, str]:
        """The texts of the articles' files, by the article's number; one query."""
        offered = Attachment.objects.filter(
            article__in=[article.pk for article in articles]
        ).values_list("article", "file")
        pairs = list(offered)
        if not pairs:
            return {}
        files = dict(
            self.filter(file__in={name for _, name in pairs}).values_list(
                "file", "text"
            )
        )
        texts: dict[int, str] = {}
        for article, name in pairs:
            if text := files.get(name):
                texts[article] = f"{texts.get(article, '')}\n{text}".strip()
        return texts

    def forget_files(self, names: Iterable[str]) -> None:
        """Delete stored files with their words, but for those that are in use: offered
        by an article, or known to the history of one. Some queries a file."""
        for name in names:
            kept = Version.objects.get_for_model(Attachment)
            if (
                not Attachment.objects.filter(file=name).exists()
                and not kept.filter(serialized_data__contains=name).exists()
            ):
                self.filter(file=name).delete()
                transaction.on_commit(partial(private_storage().delete, name))


class AttachmentText(models.Model):
    """The words of a stored PDF, read once in the background.

    By the file's name: an attachment's row is made anew with each text that replaces
    the live one, and several may offer the same file.
    """

    file = models.CharField(max_length=255, primary_key=True)
    text = models.TextField(blank=True)
    # Why there is none, or not all of it.
    trouble = models.CharField(max_length=200, blank=True)
    read_at = models.DateTimeField(auto_now=True)

    readers_see = None

    objects = AttachmentTextQuerySet.as_manager()

    def __str__(self) -> str:
        return self.file
