"""The tables of the desk's articles as of version 0.9, in place of all before."""

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import articles.models.attachment
import ecfr_site.richtext.fields
import ecfr_site.storage.private


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("articles", "0001_initial"),
        ("articles", "0002_editorial_desk"),
        ("articles", "0003_protected_files"),
        ("articles", "0004_index_of_ends"),
        ("articles", "0005_search_text"),
        ("articles", "0006_editorial_policy"),
        ("articles", "0007_names_of_the_field"),
    ]

    dependencies = [
        ("authors", "0001_squashed_0_9"),
        ("images", "0001_squashed_0_9"),
        ("reversion", "0002_add_index_on_version_for_content_type_and_db"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Article",
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
                    ),
                ),
                ("title", models.CharField(max_length=250)),
                (
                    "standfirst",
                    models.TextField(
                        blank=True,
                        help_text="One or two sentences under the headline: what the piece argues. Lists, feeds and search engines show it too.",
                        max_length=600,
                    ),
                ),
                ("body", ecfr_site.richtext.fields.RichTextField(blank=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("commentary", "Commentary"),
                            ("policy-brief", "Policy brief"),
                            ("report", "Report"),
                            ("explainer", "Explainer"),
                            ("podcast", "Podcast"),
                            ("event-note", "Event note"),
                            ("open-letter", "Open letter"),
                        ],
                        default="commentary",
                        max_length=20,
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        choices=[
                            ("en", "English"),
                            ("de", "German"),
                            ("es", "Spanish"),
                            ("fr", "French"),
                            ("it", "Italian"),
                            ("pl", "Polish"),
                        ],
                        default="en",
                        max_length=10,
                    ),
                ),
                (
                    "image_alt",
                    models.CharField(
                        blank=True,
                        help_text="What the image shows, for those who cannot see it.",
                        max_length=300,
                        verbose_name="alternative text",
                    ),
                ),
                (
                    "image_decorative",
                    models.BooleanField(
                        default=False,
                        help_text="The image says nothing that the text does not: screen readers pass it over.",
                        verbose_name="only decoration",
                    ),
                ),
                (
                    "image_caption",
                    models.CharField(
                        blank=True,
                        help_text="Leave empty to use the image's own caption.",
                        max_length=300,
                        verbose_name="caption",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("in-review", "in review"),
                            ("approved", "approved"),
                            ("published", "published"),
                            ("withdrawn", "withdrawn"),
                        ],
                        default="draft",
                        editable=False,
                        max_length=20,
                    ),
                ),
                (
                    "published_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="A time in the future schedules publication. Leave empty to use the moment you publish.",
                        null=True,
                        verbose_name="publication time",
                    ),
                ),
                (
                    "precision",
                    models.CharField(
                        choices=[("day", "day"), ("month", "month"), ("year", "year")],
                        default="day",
                        help_text="For archive pieces of which only the month or year is known.",
                        max_length=5,
                        verbose_name="publication date precision",
                    ),
                ),
                (
                    "ends_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="The page is taken down at this time. Leave empty to keep it.",
                        null=True,
                        verbose_name="end of publication",
                    ),
                ),
                (
                    "replaces_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="A time in the future schedules the update. Leave empty to use the moment you update the live page.",
                        null=True,
                        verbose_name="update the live page at",
                    ),
                ),
                (
                    "featured_at",
                    models.DateTimeField(
                        editable=False,
                        help_text="The latest featured article leads the home page.",
                        null=True,
                    ),
                ),
                (
                    "withdrawal_reason",
                    models.TextField(
                        blank=True,
                        help_text="Shown to readers in place of a withdrawn article.",
                    ),
                ),
                ("withdrawn_at", models.DateTimeField(editable=False, null=True)),
                (
                    "original_outlet",
                    models.CharField(
                        blank=True,
                        help_text="The outlet's name, if the piece appeared elsewhere first.",
                        max_length=150,
                        verbose_name="first published by",
                    ),
                ),
                (
                    "original_url",
                    models.URLField(
                        blank=True,
                        help_text="Search engines are pointed there as the original.",
                        max_length=500,
                        verbose_name="address there",
                    ),
                ),
                (
                    "original_date",
                    models.DateField(blank=True, null=True, verbose_name="date there"),
                ),
                (
                    "original_licence",
                    models.CharField(
                        blank=True,
                        help_text="On what terms it is republished, if the outlet asks for that.",
                        max_length=100,
                        verbose_name="licence",
                    ),
                ),
                (
                    "disclaimer",
                    models.TextField(
                        blank=True,
                        help_text="Leave empty to use the institution's disclaimer.",
                    ),
                ),
                (
                    "seo_title",
                    models.CharField(
                        blank=True,
                        max_length=120,
                        verbose_name="title for search engines",
                    ),
                ),
                (
                    "seo_description",
                    models.CharField(
                        blank=True,
                        help_text="Leave empty to use the standfirst.",
                        max_length=300,
                        verbose_name="description for search engines",
                    ),
                ),
                ("approved_at", models.DateTimeField(editable=False, null=True)),
                ("approved_content", models.JSONField(editable=False, null=True)),
                ("due", models.DateField(blank=True, help_text="By when.", null=True)),
                (
                    "body_html",
                    models.TextField(
                        blank=True, db_column="typeset_body", editable=False
                    ),
                ),
                ("contents", models.JSONField(default=list, editable=False)),
                (
                    "reading_time",
                    models.PositiveSmallIntegerField(
                        db_column="minutes",
                        default=1,
                        editable=False,
                        help_text="In minutes.",
                    ),
                ),
                ("problems", models.JSONField(default=list, editable=False)),
                ("checked_at", models.DateTimeField(editable=False, null=True)),
                ("check_asked_at", models.DateTimeField(editable=False, null=True)),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("changed", models.DateTimeField(auto_now=True)),
                (
                    "approved_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "assigned_to",
                    models.ForeignKey(
                        blank=True,
                        help_text="Who works on it next.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "body_images",
                    models.ManyToManyField(
                        editable=False,
                        related_name="showing_articles",
                        to="images.image",
                    ),
                ),
                (
                    "changed_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "image",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="led_articles",
                        to="images.image",
                    ),
                ),
                (
                    "live",
                    models.OneToOneField(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="working_copy",
                        to="articles.article",
                    ),
                ),
                (
                    "programmes",
                    models.ManyToManyField(
                        blank=True, related_name="articles", to="authors.programme"
                    ),
                ),
                (
                    "replaced_by",
                    models.ForeignKey(
                        blank=True,
                        help_text="Readers of a withdrawn article are sent there.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="articles.article",
                    ),
                ),
                (
                    "translation_of",
                    models.ForeignKey(
                        blank=True,
                        help_text="The article this one translates; each page then links to the other.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="translations",
                        to="articles.article",
                    ),
                ),
            ],
            options={
                "ordering": ["-published_at", "-pk"],
                "permissions": [
                    ("approve_article", "Can approve articles and return them"),
                    ("publish_article", "Can publish, schedule and withdraw articles"),
                ],
            },
        ),
        migrations.CreateModel(
            name="SearchText",
            fields=[
                (
                    "article",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="search_text",
                        serialize=False,
                        to="articles.article",
                    ),
                ),
                ("text", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="Attachment",
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
                    models.CharField(help_text="“Full report (PDF)”", max_length=150),
                ),
                (
                    "file",
                    articles.models.attachment.ProtectedFileField(
                        db_index=True,
                        storage=ecfr_site.storage.private.private_storage,
                        upload_to="attachments/%Y/%m",
                        validators=[
                            django.core.validators.FileExtensionValidator(["pdf"]),
                            articles.models.attachment.validate_pdf,
                        ],
                    ),
                ),
                ("bytes", models.PositiveIntegerField(default=0, editable=False)),
                ("order", models.PositiveSmallIntegerField(default=0)),
                (
                    "article",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attachments",
                        to="articles.article",
                    ),
                ),
            ],
            options={
                "ordering": ["order", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Byline",
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
                    "role",
                    models.CharField(
                        choices=[
                            ("author", "author"),
                            ("editor", "editor"),
                            ("host", "host"),
                            ("with", "with"),
                            ("translator", "translator"),
                        ],
                        default="author",
                        max_length=10,
                    ),
                ),
                ("order", models.PositiveSmallIntegerField(default=0)),
                (
                    "position_override",
                    models.CharField(
                        blank=True,
                        help_text="Only if the position held on the day of publication should not be shown.",
                        max_length=200,
                        verbose_name="byline title override",
                    ),
                ),
                (
                    "article",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="bylines",
                        to="articles.article",
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="bylines",
                        to="authors.author",
                    ),
                ),
            ],
            options={
                "ordering": ["order", "pk"],
            },
        ),
        migrations.AddField(
            model_name="article",
            name="authors",
            field=models.ManyToManyField(
                editable=False,
                related_name="articles",
                through="articles.Byline",
                to="authors.author",
            ),
        ),
        migrations.CreateModel(
            name="Comment",
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
                ("on_working_copy", models.BooleanField(default=False, editable=False)),
                (
                    "quote",
                    models.TextField(
                        blank=True,
                        help_text="The words it is about. Empty: the whole article.",
                        max_length=2000,
                        verbose_name="passage",
                    ),
                ),
                ("text", models.TextField(max_length=5000, verbose_name="comment")),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("resolved_at", models.DateTimeField(null=True)),
                ("told_at", models.DateTimeField(editable=False, null=True)),
                (
                    "answers",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="answered_by",
                        to="articles.comment",
                    ),
                ),
                (
                    "article",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="comments",
                        to="articles.article",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "resolved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="Correction",
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
                ("date", models.DateField(default=django.utils.timezone.localdate)),
                (
                    "text",
                    models.TextField(
                        help_text="Say what the article said before and what is right."
                    ),
                ),
                (
                    "article",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="corrections",
                        to="articles.article",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["date", "pk"],
            },
        ),
        migrations.CreateModel(
            name="EditorialPolicy",
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
                    "four_eyes",
                    models.BooleanField(
                        default=False,
                        help_text="Nobody can approve or publish their own work alone: a second person must approve it first.",
                        verbose_name="two-person rule",
                    ),
                ),
                ("checklist", models.JSONField(default=dict, editable=False)),
                (
                    "embargoed_words",
                    models.TextField(
                        blank=True,
                        help_text="Names and titles that must not be published yet, one per line. Only whole words match; capital letters make no difference.",
                        verbose_name="words under embargo",
                    ),
                ),
                ("changed", models.DateTimeField(auto_now=True)),
            ],
            options={
                "verbose_name": "editorial policy",
                "verbose_name_plural": "editorial policy",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("pk", 1)), name="one_editorialpolicy"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="EditSession",
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
                ("window", models.CharField(max_length=32)),
                ("serial", models.BigIntegerField(default=0)),
                ("since", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                ("writes", models.BooleanField(default=False)),
                ("taken_over_at", models.DateTimeField(null=True)),
                ("typed", models.JSONField(null=True)),
                ("typed_at", models.DateTimeField(null=True)),
                (
                    "article",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="editings",
                        to="articles.article",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "articles_editing",
            },
        ),
        migrations.CreateModel(
            name="Link",
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
                ("address", models.CharField(max_length=2000, unique=True)),
                ("asked_at", models.DateTimeField(null=True)),
                ("checked_at", models.DateTimeField(db_index=True, null=True)),
                ("changed_at", models.DateTimeField(null=True)),
                ("level", models.CharField(blank=True, max_length=10)),
                ("trouble", models.CharField(blank=True, max_length=300)),
                (
                    "articles",
                    models.ManyToManyField(related_name="links", to="articles.article"),
                ),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="NotificationPreference",
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
                    "submitted",
                    models.BooleanField(
                        default=True, verbose_name="something waits for review"
                    ),
                ),
                (
                    "returned",
                    models.BooleanField(
                        default=True, verbose_name="my work comes back"
                    ),
                ),
                (
                    "approved",
                    models.BooleanField(
                        default=True, verbose_name="my work is approved"
                    ),
                ),
                (
                    "published",
                    models.BooleanField(
                        default=True, verbose_name="my work is published"
                    ),
                ),
                (
                    "assigned",
                    models.BooleanField(
                        default=True, verbose_name="something is assigned to me"
                    ),
                ),
                (
                    "commented",
                    models.BooleanField(
                        default=True, verbose_name="somebody comments on my work"
                    ),
                ),
                (
                    "mentioned",
                    models.BooleanField(
                        default=True, verbose_name="somebody mentions me"
                    ),
                ),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notice_choice",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "articles_noticechoice",
            },
        ),
        migrations.CreateModel(
            name="PreviewLink",
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
                    "recipient",
                    models.CharField(help_text="Who gets it, by name.", max_length=150),
                ),
                ("embargoed_until", models.DateTimeField(blank=True, null=True)),
                ("expires_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(editable=False, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "article",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="preview_links",
                        to="articles.article",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="reversion.version",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="PreviewOpening",
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
                ("at", models.DateTimeField(auto_now_add=True)),
                ("user_agent", models.CharField(blank=True, max_length=200)),
                (
                    "link",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="openings",
                        to="articles.previewlink",
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="Topic",
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
                    "kind",
                    models.CharField(
                        choices=[("topic", "topic"), ("region", "region")],
                        default="topic",
                        max_length=10,
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                ("summary", models.CharField(blank=True, max_length=300)),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="articles.topic",
                    ),
                ),
            ],
            options={
                "verbose_name": "topic or region",
                "verbose_name_plural": "topics and regions",
                "ordering": ["kind", "name"],
            },
        ),
        migrations.AddField(
            model_name="article",
            name="topics",
            field=models.ManyToManyField(
                blank=True,
                related_name="articles",
                to="articles.topic",
                verbose_name="topics and regions",
            ),
        ),
        migrations.CreateModel(
            name="WorkflowEvent",
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
                ("on_working_copy", models.BooleanField(default=False)),
                ("name", models.CharField(max_length=20)),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("note", models.TextField(blank=True)),
                ("told_at", models.DateTimeField(editable=False, null=True)),
                (
                    "article",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="articles.article",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "articles_step",
                "ordering": ["-at", "-pk"],
            },
        ),
        migrations.AddIndex(
            model_name="byline",
            index=models.Index(fields=["author", "article"], name="byline_by_author"),
        ),
        migrations.AddConstraint(
            model_name="byline",
            constraint=models.UniqueConstraint(
                fields=("article", "author"),
                name="unique_byline",
                violation_error_message="This author is named already.",
            ),
        ),
        migrations.AddIndex(
            model_name="comment",
            index=models.Index(
                condition=models.Q(("told_at", None)),
                fields=["at"],
                name="comment_untold",
            ),
        ),
        migrations.AddConstraint(
            model_name="editsession",
            constraint=models.UniqueConstraint(
                fields=("article", "user"), name="one_editing_a_person"
            ),
        ),
        migrations.AddConstraint(
            model_name="editsession",
            constraint=models.UniqueConstraint(
                condition=models.Q(("article", None)),
                fields=("user",),
                name="one_new_article_a_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="topic",
            constraint=models.UniqueConstraint(
                fields=("kind", "name"), name="unique_topic_name"
            ),
        ),
        migrations.AddIndex(
            model_name="article",
            index=models.Index(
                models.OrderBy(models.F("published_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("state", "published")),
                name="article_latest",
            ),
        ),
        migrations.AddIndex(
            model_name="article",
            index=models.Index(
                models.F("kind"),
                models.OrderBy(models.F("published_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("state", "published")),
                name="article_latest_by_kind",
            ),
        ),
        migrations.AddIndex(
            model_name="article",
            index=models.Index(
                models.OrderBy(models.F("featured_at"), descending=True),
                condition=models.Q(("featured_at__isnull", False)),
                name="article_featured",
            ),
        ),
        migrations.AddIndex(
            model_name="article",
            index=models.Index(fields=["state", "-changed"], name="article_by_state"),
        ),
        migrations.AddIndex(
            model_name="article",
            index=models.Index(
                condition=models.Q(("live__isnull", False)),
                fields=["replaces_at"],
                name="article_to_be_replaced",
            ),
        ),
        migrations.AddIndex(
            model_name="article",
            index=models.Index(
                condition=models.Q(("ends_at__isnull", False)),
                fields=["ends_at"],
                name="article_to_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="article",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "published"), _negated=True),
                    ("published_at__isnull", False),
                    _connector="OR",
                ),
                name="published_has_a_time",
                violation_error_message="A published article needs its time.",
            ),
        ),
        migrations.AddConstraint(
            model_name="article",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "published"), _negated=True),
                    ("image__isnull", True),
                    ("image_decorative", True),
                    models.Q(("image_alt", ""), _negated=True),
                    _connector="OR",
                ),
                name="published_image_has_alt",
                violation_error_message="Describe the image, or mark it decorative.",
            ),
        ),
        migrations.AddConstraint(
            model_name="article",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("original_url", ""),
                    models.Q(("original_outlet", ""), _negated=True),
                    _connector="OR",
                ),
                name="original_has_an_outlet",
                violation_error_message="Name the outlet that published it first.",
            ),
        ),
        migrations.AddConstraint(
            model_name="article",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("translation_of__isnull", True),
                    models.Q(("translation_of", models.F("id")), _negated=True),
                    _connector="OR",
                ),
                name="not_its_own_translation",
                violation_error_message="An article is not a translation of itself.",
            ),
        ),
        migrations.AddConstraint(
            model_name="article",
            constraint=models.UniqueConstraint(
                condition=models.Q(("live", None)),
                fields=("translation_of", "language"),
                name="one_translation_a_language",
                violation_error_message="There is a translation in this language.",
            ),
        ),
        migrations.AddConstraint(
            model_name="article",
            constraint=models.UniqueConstraint(
                condition=models.Q(("live", None)),
                fields=("slug",),
                name="one_article_an_address",
                violation_error_message="There is an article with this address.",
            ),
        ),
        migrations.AddIndex(
            model_name="workflowevent",
            index=models.Index(
                condition=models.Q(("told_at", None)), fields=["at"], name="step_untold"
            ),
        ),
    ]
