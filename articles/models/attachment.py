import reversion
from django.core.exceptions import ValidationError
from django.core.validators import FileExtensionValidator
from django.db import models
from django.db.models.fields.files import FieldFile
from django.urls import reverse

from ecfr_site.caching.triggers import Seen
from ecfr_site.storage.private import private_storage

FOLDER = "attachments/"


def validate_pdf(file):
    """Refuse what only calls itself a PDF (ISO 32000-1, 7.5.2: the file header)."""
    head = file.read(1024)
    file.seek(0)
    if b"%PDF-" not in head:
        raise ValidationError("This file is not a PDF, or it is damaged.")


class ProtectedFile(FieldFile):
    """Its address asks who wants it: docs/decisions/0015-protected-files.md."""

    @property
    def path_below(self):
        """The part of the address that names the file."""
        return self.name.removeprefix(FOLDER)

    @property
    def url(self):
        self._require_file()
        return reverse("file", args=[self.path_below])


class ProtectedFileField(models.FileField):
    attr_class = ProtectedFile


@reversion.register()
class Attachment(models.Model):
    """A file that readers download with the article, usually its PDF."""

    article = models.ForeignKey(
        "articles.Article", models.CASCADE, related_name="attachments"
    )
    title = models.CharField(max_length=150, help_text="“Full report (PDF)”")
    file = ProtectedFileField(
        upload_to=f"{FOLDER}%Y/%m",
        storage=private_storage,
        # Each download looks its article up by it.
        db_index=True,
        validators=[FileExtensionValidator(["pdf"]), validate_pdf],
    )
    bytes = models.PositiveIntegerField(default=0, editable=False)
    order = models.PositiveSmallIntegerField(default=0)

    readers_see = Seen()

    class Meta:
        ordering = ["order", "pk"]

    def __str__(self):
        return self.title

    def save(self, *args, **kwargs):
        self.bytes = self.file.size
        super().save(*args, **kwargs)
