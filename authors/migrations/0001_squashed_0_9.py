"""The tables of people and programmes as of version 0.9, in place of all before."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import ecfr_site.richtext.fields


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("authors", "0001_initial"),
        ("authors", "0002_plain_words"),
    ]

    dependencies = [
        ("images", "0001_squashed_0_9"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Author",
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
                    "slug",
                    models.SlugField(
                        help_text="The last part of the page's address. When it changes, the old address keeps working.",
                        max_length=120,
                        unique=True,
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="As it is printed in bylines.", max_length=150
                    ),
                ),
                (
                    "sort_name",
                    models.CharField(
                        blank=True,
                        help_text="For alphabetical lists: “Östlund, Karin”. Empty: made from the name's last word.",
                        max_length=150,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("person", "person"),
                            ("group", "group"),
                            ("institution", "institution"),
                        ],
                        default="person",
                        max_length=20,
                    ),
                ),
                (
                    "standing",
                    models.CharField(
                        choices=[
                            ("staff", "staff"),
                            ("guest", "guest"),
                            ("council", "council member"),
                        ],
                        default="staff",
                        max_length=20,
                    ),
                ),
                ("biography", ecfr_site.richtext.fields.RichTextField(blank=True)),
                (
                    "orcid",
                    models.CharField(
                        blank=True,
                        max_length=19,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^\\d{4}-\\d{4}-\\d{4}-\\d{3}[\\dX]$",
                                "An ORCID iD has four groups of four: 0000-0002-1825-0097.",
                            )
                        ],
                        verbose_name="ORCID",
                    ),
                ),
                (
                    "email",
                    models.EmailField(
                        blank=True,
                        help_text="Shown on the public page.",
                        max_length=254,
                        verbose_name="e-mail address",
                    ),
                ),
                (
                    "photo",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="images.image",
                    ),
                ),
                (
                    "user",
                    models.OneToOneField(
                        blank=True,
                        help_text="Only for authors who sign in here.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="account",
                    ),
                ),
            ],
            options={
                "ordering": ["sort_name", "name"],
            },
        ),
        migrations.CreateModel(
            name="AuthorLink",
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
                    "label",
                    models.CharField(
                        help_text="“Mastodon”, “Personal site”.", max_length=60
                    ),
                ),
                ("url", models.URLField(verbose_name="address")),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="links",
                        to="authors.author",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="Programme",
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
                    "slug",
                    models.SlugField(
                        help_text="The last part of the page's address. When it changes, the old address keeps working.",
                        max_length=120,
                        unique=True,
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="Without the word “programme”: “Middle East and North Africa”.",
                        max_length=120,
                        unique=True,
                    ),
                ),
                (
                    "summary",
                    models.CharField(
                        blank=True,
                        help_text="One or two sentences, for lists.",
                        max_length=300,
                    ),
                ),
                ("description", ecfr_site.richtext.fields.RichTextField(blank=True)),
                (
                    "image_alt",
                    models.CharField(
                        blank=True,
                        help_text="What the image shows. Leave empty if it is only decoration.",
                        max_length=300,
                        verbose_name="alternative text",
                    ),
                ),
                (
                    "order",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="Lower numbers come first."
                    ),
                ),
                (
                    "active",
                    models.BooleanField(
                        default=True,
                        help_text="A closed programme keeps its page but leaves the lists.",
                    ),
                ),
                (
                    "image",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="images.image",
                    ),
                ),
            ],
            options={
                "ordering": ["order", "name"],
            },
        ),
        migrations.CreateModel(
            name="Position",
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
                    "title",
                    models.CharField(
                        help_text="“Director”, “Senior Policy Fellow”.", max_length=120
                    ),
                ),
                (
                    "directs",
                    models.BooleanField(
                        default=False,
                        help_text="A directorship: named on the programme's page, and first among several posts.",
                        verbose_name="directs the programme",
                    ),
                ),
                ("started", models.DateField()),
                (
                    "ended",
                    models.DateField(
                        blank=True,
                        help_text="The last day in the position. Leave empty while it is held.",
                        null=True,
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="positions",
                        to="authors.author",
                    ),
                ),
                (
                    "programme",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="positions",
                        to="authors.programme",
                    ),
                ),
            ],
            options={
                "ordering": ["-started", "-pk"],
                "indexes": [
                    models.Index(
                        fields=["programme", "-started"], name="position_by_programme"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ended__isnull", True),
                            ("ended__gte", models.F("started")),
                            _connector="OR",
                        ),
                        name="position_ends_after_it_starts",
                        violation_error_message="A position cannot end before it starts.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("directs", False),
                            ("programme__isnull", False),
                            _connector="OR",
                        ),
                        name="directorship_has_a_programme",
                        violation_error_message="A directorship needs its programme.",
                    ),
                ],
            },
        ),
    ]
