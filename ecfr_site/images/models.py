import hashlib
import logging
import secrets
from contextlib import suppress
from copy import copy
from datetime import timedelta
from pathlib import PurePath

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.validators import MaxValueValidator
from django.db import models, transaction
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from PIL import Image as Pillow

from ecfr_site.caching.seen import LISTS, SUBJECTS, Seen
from ecfr_site.images.intake import ProcessedImage, process_upload
from ecfr_site.images.renditions import (
    GROUNDS,
    SHAPES,
    choose_ground,
    render,
    rendition_file,
    rendition_folder,
    rendition_name,
    rendition_set,
)
from ecfr_site.images.tasks import render_image

logger = logging.getLogger(__name__)

# How long a task may take before it is thought lost and asked for again, in seconds.
LOST_AFTER = 600


def unguessable(image, name):
    """The path of an upload, which nobody can guess: drafts have images, too."""
    path = PurePath(name)
    kept = f"{path.stem[:55]}-{secrets.token_hex(8)}{path.suffix}"
    return f"images/{timezone.localdate():%Y/%m}/{kept}"


class ImageQuerySet(models.QuerySet):
    def awaiting_renditions(self):
        complete = Q(rendered=F("fingerprint")) & ~Q(ground="")
        return self.exclude(complete).filter(render_error="")

    def due(self):
        """Images whose renditions nobody has been asked for, or not of late."""
        lost = timezone.now() - timedelta(seconds=LOST_AFTER)
        return self.awaiting_renditions().filter(
            Q(render_asked_at__isnull=True) | Q(render_asked_at__lt=lost)
        )

    def failed(self):
        return self.exclude(render_error="")

    def without_credit(self):
        return self.filter(credit="")

    def unused(self):
        return self.filter(**{f"{use.name}__isnull": True for use in self.model.uses()})

    def with_use_count(self):
        """With `use_count`: how many rows of other models show the image."""
        counts = [
            Coalesce(Subquery(_count_uses(use), output_field=models.IntegerField()), 0)
            for use in self.model.uses()
        ]
        return self.annotate(use_count=sum(counts, models.Value(0)))


def _count_uses(use):
    rows = use.related_model.objects.filter(**{use.field.name: OuterRef("pk")})
    return rows.order_by().values(use.field.name).values(count=models.Count("*"))


class Image(models.Model):
    """An image and what belongs to it wherever it is used.

    Alternative text is not here but where the image is used, since it depends on
    what the image does there; `alt` is only the text offered first.
    """

    file = models.ImageField(
        upload_to=unguessable, width_field="width", height_field="height"
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
        help_text="What the image shows; offered first where it is used.",
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
    # The renditions there should be, and those there are:
    # docs/decisions/0006-renditions.md
    fingerprint = models.CharField(max_length=16, editable=False)
    rendered = models.CharField(max_length=16, blank=True, editable=False)
    # Behind a transparent image (GROUNDS); "none": it is opaque; empty: not known yet.
    ground = models.CharField(
        max_length=5, default="", db_default="", blank=True, editable=False
    )
    render_asked_at = models.DateTimeField(null=True, editable=False)
    render_error = models.CharField(max_length=300, blank=True, editable=False)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False
    )
    created = models.DateTimeField(auto_now_add=True)

    readers_see = Seen(
        tags=("image-{id}", SUBJECTS, LISTS),
        where_shown=True,
        unseen=(
            # The first is told to the desk alone, the second offered there.
            "title",
            "alt",
            "created",
            "fingerprint",
            "render_asked_at",
            "render_error",
            "uploaded_by",
        ),
    )

    objects = ImageQuerySet.as_manager()

    class Meta:
        ordering = ["-created", "-pk"]

    def __str__(self):
        return self.title

    def save(self, *args, **kwargs):
        digest = self.fingerprint[:12]
        if not self.file._committed:
            if not isinstance(self.file.file, ProcessedImage):
                self.file = process_upload(self.file)
            digest = hashlib.sha256(self.file.read()).hexdigest()[:12]
            # The renditions of another file have other sizes than this row says.
            self.rendered = self.ground = ""
        fingerprint = f"{digest}{self.focal_x:02x}{self.focal_y:02x}"
        is_other = fingerprint != self.fingerprint
        if is_other:
            self.fingerprint = fingerprint
            self.render_error = ""
            # Not due before its first task had time.
            self.render_asked_at = timezone.now()
        super().save(*args, **kwargs)
        if is_other:
            # Not earlier: outside a transaction it asks at once, and needs the key.
            transaction.on_commit(self.request_renditions)

    def delete(self, *args, **kwargs):
        """Delete the files too. Raises ProtectedError while a page shows the image."""
        # The database keeps what foreign keys name; what stands in texts is kept here.
        if articles := set(self.showing_articles.all()):
            raise models.ProtectedError("Articles show it in their text.", articles)
        # Deleting takes the key from this instance, and the files' names with it.
        transaction.on_commit(copy(self).delete_files)
        return super().delete(*args, **kwargs)

    # Uses

    @classmethod
    def uses(cls):
        """The relations by which other models show images, whatever models those are.

        Known only once all apps are loaded.
        """
        return cls._meta.related_objects

    def index_uses_soon(self):
        """Have searches of what shows the image know its caption."""
        for use in self.uses():
            rows = use.related_model.objects.filter(**{use.field.name: self.pk})
            # Not all that shows images is searched.
            if hasattr(rows, "index_soon"):
                rows.index_soon()

    def find_uses(self):
        """The articles, people and so on that show the image; a query a relation."""
        rows = [
            row
            for use in self.uses()
            for row in use.related_model.objects.filter(**{use.field.name: self.pk})
        ]
        # An article may show it twice.
        return list(dict.fromkeys(rows))

    # Renditions

    def request_renditions(self, again=False):
        """Queue the task; `again` also for a set that is there, as if it were not."""
        asked = {"render_asked_at": timezone.now(), "render_error": ""}
        if again:
            asked["rendered"] = ""
        Image.objects.filter(pk=self.pk).update(**asked)
        render_image.enqueue(self.pk)

    def render(self):
        """Make the set of renditions, show it, delete those before."""
        wanted = self.fingerprint
        image = Image.objects.filter(pk=self.pk, fingerprint=wanted)
        try:
            ground = self.make_renditions(wanted)
        # Whatever is wrong with one image or its file, editors see it and may ask
        # again; the task does not come back by itself.
        except Exception as error:
            logger.exception("Image %s cannot be rendered", self.pk)
            image.update(render_error=str(error)[:300] or type(error).__name__)
            return
        with transaction.atomic():
            # A newer focal point may have come meanwhile; its task is on the way.
            if not image.update(rendered=wanted, ground=ground):
                return
            self.rendered, self.ground = wanted, ground
            for article in self.showing_articles.all():
                article.refresh_text()
        self.delete_renditions(keep=wanted)

    def make_renditions(self, fingerprint):
        """Store the files of a set; return the ground that the image needs."""
        with self.file.open() as file:
            picture = Pillow.open(file)
            picture.load()
        ground = choose_ground(picture)
        if self.rendered == fingerprint and ground not in GROUNDS:
            # Complete since before transparency was kept, and without any.
            return ground
        fingerprint = rendition_set(fingerprint, ground)
        for shape, width, extension, content in render(
            picture, self.focal_x, self.focal_y
        ):
            name = rendition_name(self.pk, fingerprint, shape, width, extension)
            # A task that was killed may have left half a file.
            self.file.storage.delete(name)
            self.file.storage.save(name, ContentFile(content))
        return ground

    def delete_renditions(self, keep=""):
        """Delete all sets but one, also what killed tasks have left."""
        storage = self.file.storage
        # Not there: nothing was rendered, or the same task runs twice.
        with suppress(FileNotFoundError):
            for fingerprint in storage.listdir(rendition_folder(self.pk))[0]:
                # The set of before transparency was kept stays, for sent mail shows it.
                if keep and fingerprint in (keep, f"{keep}-alpha"):
                    continue
                folder = rendition_folder(self.pk, fingerprint)
                for name in storage.listdir(folder)[1]:
                    storage.delete(f"{folder}/{name}")
                # Some storages have folders as such.
                storage.delete(folder)

    def delete_files(self):
        self.delete_renditions()
        for name in (rendition_folder(self.pk), self.file.name):
            self.file.storage.delete(name)

    @property
    def share_url(self):
        """The image for other sites' cards: its largest JPEG."""
        return (self.jpegs("full") or [self.file.url])[-1]

    def jpegs(self, shape):
        """Addresses of its JPEGs, smallest first; none before they are made."""
        return [
            self.file.storage.url(self.rendition_name(shape, width, "jpg"))
            for width, _ in SHAPES[shape].sizes(self.width, self.height)
            if self.rendered
        ]

    def rendition_name(self, shape, width, extension):
        """Return where a rendition of the complete set lies in the storage."""
        return f"{self.rendition_folder}/{rendition_file(shape, width, extension)}"

    @property
    def rendition_folder(self):
        """The folder of the complete set in the storage."""
        return rendition_folder(self.pk, rendition_set(self.rendered, self.ground))
