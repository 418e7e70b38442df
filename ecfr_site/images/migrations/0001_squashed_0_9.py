"""The tables of the image library as of version 0.9, in place of all before."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import ecfr_site.images.models


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("images", "0001_initial"),
        ("images", "0002_unguessable_names"),
        ("images", "0003_transparent_images"),
        ("images", "0004_plain_words"),
    ]

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Image",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                (
                    "file",
                    models.ImageField(
                        height_field="height",
                        upload_to=ecfr_site.images.models.unguessable,
                        width_field="width",
                    ),
                ),
                ("width", models.PositiveIntegerField(editable=False)),
                ("height", models.PositiveIntegerField(editable=False)),
                (
                    "title",
                    models.CharField(
                        help_text="For finding it again; readers do not see it.",
                        max_length=200,
                    ),
                ),
                (
                    "alt",
                    models.CharField(
                        blank=True,
                        help_text="What the image shows; offered first where it is used.",
                        max_length=300,
                        verbose_name="alternative text",
                    ),
                ),
                ("caption", models.CharField(blank=True, max_length=300)),
                (
                    "credit",
                    models.CharField(
                        blank=True,
                        help_text="Photographer and agency, as agreed.",
                        max_length=200,
                    ),
                ),
                ("licence", models.CharField(blank=True, max_length=100)),
                (
                    "focal_x",
                    models.PositiveSmallIntegerField(
                        default=50,
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="focal point, from the left (%)",
                    ),
                ),
                (
                    "focal_y",
                    models.PositiveSmallIntegerField(
                        default=50,
                        validators=[django.core.validators.MaxValueValidator(100)],
                        verbose_name="focal point, from the top (%)",
                    ),
                ),
                ("fingerprint", models.CharField(editable=False, max_length=16)),
                (
                    "rendered",
                    models.CharField(blank=True, editable=False, max_length=16),
                ),
                (
                    "ground",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        editable=False,
                        max_length=5,
                    ),
                ),
                ("render_asked_at", models.DateTimeField(editable=False, null=True)),
                (
                    "render_error",
                    models.CharField(blank=True, editable=False, max_length=300),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-created", "-pk"],
            },
        ),
    ]
