import hashlib
import logging
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.validators import MaxValueValidator
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from PIL import Image as Pillow

from ecfr_site.images.intake import KeptPicture, taken_in
from ecfr_site.images.renditions import (
    SHAPES,
    render,
    rendition_folder,
    rendition_name,
)
from ecfr_site.images.tasks import render_image

logger = logging.getLogger(__name__)

# How long a task may take before it is thought lost and asked for again, in seconds.
LOST_AFTER = 600


class ImageQuerySet(models.QuerySet):
    def without_renditions(self):
        return self.filter(rendered="", render_error="")

    def due(self):
        """Images whose renditions nobody has been asked for, or not of late."""
        lost = timezone.now() - timedelta(seconds=LOST_AFTER)
        return self.exclude(rendered=models.F("fingerprint")).filter(
            Q(render_asked_at__isnull=True) | Q(render_asked_at__lt=lost),
            render_error="",
        )


class Image(models.Model):
    """A picture and what belongs to it wherever it is used.

    Alternative text is not here but where the picture is used, since it depends on
    what the picture does there; `alt` is only the text offered first.
    """

    file = models.ImageField(
        upload_to="images/%Y/%m", width_field="width", height_field="height"
    )
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    title = models.CharField(
        max_length=200, help_text="For finding it again; readers do not see it."
    )
    alt = models.CharField(
        "alternative text",
        max_length=300,
        blank=True,
        help_text="What the picture shows; offered first where it is used.",
    )
    caption = models.CharField(max_length=300, blank=True)
    credit = models.CharField(
        max_length=200, blank=True, help_text="Photographer and agency, as agreed."
    )
    licence = models.CharField(max_length=100, blank=True)
    focal_x = models.PositiveSmallIntegerField(
        "focal point, from the left (%)",
        default=50,
        validators=[MaxValueValidator(100)],
    )
    focal_y = models.PositiveSmallIntegerField(
        "focal point, from the top (%)", default=50, validators=[MaxValueValidator(100)]
    )
    # The renditions there should be, and those there are: docs/decisions/renditions.md
    fingerprint = models.CharField(max_length=16, editable=False)
    rendered = models.CharField(max_length=16, blank=True, editable=False)
    render_asked_at = models.DateTimeField(null=True, editable=False)
    render_error = models.CharField(max_length=300, blank=True, editable=False)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False
    )
    created = models.DateTimeField(auto_now_add=True)

    objects = ImageQuerySet.as_manager()

    class Meta:
        ordering = ["-created", "-pk"]

    def __str__(self):
        return self.title

    def save(self, *args, **kwargs):
        if self.has_new_file:
            self.take_in()
        digest = self.fingerprint[:12]
        if not self.file._committed:
            digest = hashlib.sha256(self.file.read()).hexdigest()[:12]
        fingerprint = f"{digest}{self.focal_x:02x}{self.focal_y:02x}"
        if fingerprint != self.fingerprint:
            self.fingerprint = fingerprint
            self.render_error = ""
            self.render_asked_at = timezone.now()
            transaction.on_commit(self.ask_for_renditions)
        super().save(*args, **kwargs)

    def clean_fields(self, exclude=None):
        super().clean_fields(exclude)
        if self.has_new_file:
            try:
                self.take_in()
            except ValidationError as error:
                raise ValidationError({"file": error}) from error

    @property
    def has_new_file(self):
        """Whether the file is as it was uploaded, not yet as it is kept."""
        return self.file and not (
            self.file._committed or isinstance(self.file.file, KeptPicture)
        )

    def take_in(self):
        """Replace a new file by what is kept of it. Raises ValidationError."""
        self.file = taken_in(self.file)

    # Renditions

    def ask_for_renditions(self):
        Image.objects.filter(pk=self.pk).update(render_asked_at=timezone.now())
        render_image.enqueue(self.pk)

    def render(self):
        """Make the set of renditions, show it, delete the one before."""
        wanted, before = self.fingerprint, self.rendered
        try:
            self.make_renditions(wanted)
        except OSError as error:
            logger.exception("Image %s cannot be rendered", self.pk)
            Image.objects.filter(pk=self.pk).update(render_error=str(error)[:300])
            return
        # A newer file or focal point may have come meanwhile; its task is on the way.
        shown = Image.objects.filter(pk=self.pk, fingerprint=wanted)
        if not shown.update(rendered=wanted):
            return
        self.rendered = wanted
        for article in self.showing_articles.all():
            article.refresh_pictures()
        if before:
            self.delete_renditions(before)

    def make_renditions(self, fingerprint):
        with self.file.open() as file:
            picture = Pillow.open(file)
            picture.load()
        for shape, width, extension, content in render(
            picture, self.focal_x, self.focal_y
        ):
            name = rendition_name(self.pk, fingerprint, shape, width, extension)
            # A task that was killed may have left half a file.
            self.file.storage.delete(name)
            self.file.storage.save(name, ContentFile(content))

    def delete_renditions(self, fingerprint):
        folder = rendition_folder(self.pk, fingerprint)
        for name in self.file.storage.listdir(folder)[1]:
            self.file.storage.delete(f"{folder}/{name}")

    @property
    def share_url(self):
        """The picture for other sites' cards: its largest JPEG."""
        if not self.rendered:
            return self.file.url
        width, _ = SHAPES["full"].sizes(self.width, self.height)[-1]
        return self.file.storage.url(self.rendition_name("full", width, "jpg"))

    def rendition_name(self, shape, width, extension):
        """Where a rendition of the complete set lies in the storage."""
        return rendition_name(self.pk, self.rendered, shape, width, extension)
