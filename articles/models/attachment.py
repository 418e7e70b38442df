import reversion
from django.core.exceptions import ValidationError
from django.core.validators import FileExtensionValidator
from django.db import models
from django.db.models.fields.files import FieldFile
from django.urls import reverse

from articles.models.data_file import DATA_TYPES, get_ending, is_data, validate_data
from ecfr_site.caching.seen import Seen
from ecfr_site.storage.private import private_storage
from ecfr_site.storage.space import refuse_without_room

FOLDER = "attachments/"
PDF = "application/pdf"
# Of the names of files that there may be.
ENDINGS = ["pdf", *DATA_TYPES]


def validate_pdf(file):
    """Refuse what only calls itself a PDF (ISO 32000-1, 7.5.2: the file header).

    And one that there is no room for.
    """
    head = file.read(1024)
    file.seek(0)
    if b"%PDF-" not in head:
        raise ValidationError("This file is not a PDF, or it is damaged.")
    refuse_without_room(file, private_storage())


def validate_file(file):
    """Refuse what is not of the kind that its name says.

    A name of another kind is refused by the validator of the field alone.
    """
    if get_ending(file.name) not in ENDINGS:
        return
    if is_data(file.name):
        validate_data(file)
        refuse_without_room(file, private_storage())
    else:
        validate_pdf(file)


def find_media_type(name):
    return DATA_TYPES.get(get_ending(name), PDF)


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
    """A file that readers download with the article.

    Its PDF, an annex, or the data of one of its figures.
    """

    article = models.ForeignKey(
        "articles.Article", models.CASCADE, related_name="attachments"
    )
    title = models.CharField(max_length=150, help_text="“Full report (PDF)”")
    file = ProtectedFileField(
        upload_to=f"{FOLDER}%Y/%m",
        storage=private_storage,
        # Each download looks its article up by it.
        db_index=True,
        validators=[FileExtensionValidator(ENDINGS), validate_file],
    )
    bytes = models.PositiveIntegerField(default=0, editable=False)
    order = models.PositiveSmallIntegerField(default=0)
    is_full_text = models.BooleanField(
        "the whole publication",
        default=True,
        db_default=True,
        help_text="Readers get this file in place of the PDF that is typeset of the "
        "text. Clear it for an annex.",
    )

    data_of = models.CharField(
        "data of",
        max_length=30,
        blank=True,
        default="",
        db_default="",
        help_text="For a file of data (CSV, XLSX, ODS, JSON): the figure or table, as "
        "its caption begins: “Figure 3”. Its link stands in that caption.",
    )

    readers_see = Seen(tags=("article-{article_id}",), part_of="article")

    class Meta:
        ordering = ["order", "pk"]

    def __str__(self):
        return self.title

    def save(self, *args, **kwargs):
        self.bytes = self.file.size
        super().save(*args, **kwargs)

    def clean(self):
        self.data_of = " ".join(self.data_of.split()).rstrip(" .:|–—")
        if self.data_of:
            self.is_full_text = False
        if not self.file or get_ending(self.file.name) not in ENDINGS:
            return
        if is_data(self.file.name) == bool(self.data_of):
            return
        raise ValidationError(
            {
                "data_of": "A PDF is no file of data: leave this empty, or choose a "
                "CSV, XLSX, ODS or JSON file."
                if self.data_of
                else "Name the figure or table as its caption begins, “Figure 3”."
            }
        )

    @property
    def media_type(self):
        return find_media_type(self.file.name)

    @property
    def file_type(self):
        """As readers call it: “PDF”, “CSV”."""
        return get_ending(self.file.name).upper()
