from django.db import migrations, models

# Tables and columns keep their names, so that nothing moves in the database.
RENAMED = {
    "Editing": "EditSession",
    "NoticeChoice": "NotificationPreference",
    "Step": "WorkflowEvent",
}


class Migration(migrations.Migration):
    dependencies = [("articles", "0006_editorial_policy")]

    operations = [
        operation
        for old, new in RENAMED.items()
        for operation in (
            migrations.AlterModelTable(old, f"articles_{old.lower()}"),
            migrations.RenameModel(old, new),
        )
    ] + [
        migrations.AlterField(
            "Article",
            "typeset_body",
            models.TextField(blank=True, editable=False, db_column="typeset_body"),
        ),
        migrations.RenameField("Article", "typeset_body", "body_html"),
        migrations.AlterField(
            "Article",
            "minutes",
            models.PositiveSmallIntegerField(
                default=1, editable=False, db_column="minutes", help_text="In minutes."
            ),
        ),
        migrations.RenameField("Article", "minutes", "reading_time"),
        migrations.AlterField(
            model_name="article",
            name="disclaimer",
            field=models.TextField(
                blank=True, help_text="Leave empty to use the institution's disclaimer."
            ),
        ),
        migrations.AlterField(
            model_name="article",
            name="ends_at",
            field=models.DateTimeField(
                blank=True,
                help_text="The page is taken down at this time. Leave empty to keep it.",
                null=True,
                verbose_name="end of publication",
            ),
        ),
        migrations.AlterField(
            model_name="article",
            name="image_caption",
            field=models.CharField(
                blank=True,
                help_text="Leave empty to use the image's own caption.",
                max_length=300,
                verbose_name="caption",
            ),
        ),
        migrations.AlterField(
            model_name="article",
            name="precision",
            field=models.CharField(
                choices=[("day", "day"), ("month", "month"), ("year", "year")],
                default="day",
                help_text="For archive pieces of which only the month or year is known.",
                max_length=5,
                verbose_name="publication date precision",
            ),
        ),
        migrations.AlterField(
            model_name="article",
            name="published_at",
            field=models.DateTimeField(
                blank=True,
                help_text="A time in the future schedules publication. Leave empty to use the moment you publish.",
                null=True,
                verbose_name="publication time",
            ),
        ),
        migrations.AlterField(
            model_name="article",
            name="replaces_at",
            field=models.DateTimeField(
                blank=True,
                help_text="A time in the future schedules the update. Leave empty to use the moment you update the live page.",
                null=True,
                verbose_name="update the live page at",
            ),
        ),
        migrations.AlterField(
            model_name="article",
            name="seo_description",
            field=models.CharField(
                blank=True,
                help_text="Leave empty to use the standfirst.",
                max_length=300,
                verbose_name="description for search engines",
            ),
        ),
        migrations.AlterField(
            model_name="byline",
            name="position_override",
            field=models.CharField(
                blank=True,
                help_text="Only if the position held on the day of publication should not be shown.",
                max_length=200,
                verbose_name="byline title override",
            ),
        ),
        migrations.AlterField(
            model_name="article",
            name="image_alt",
            field=models.CharField(
                blank=True,
                help_text="What the image shows, for those who cannot see it.",
                max_length=300,
                verbose_name="alternative text",
            ),
        ),
        migrations.AlterField(
            model_name="article",
            name="image_decorative",
            field=models.BooleanField(
                default=False,
                help_text="The image says nothing that the text does not: screen readers pass it over.",
                verbose_name="only decoration",
            ),
        ),
        migrations.AlterConstraint(
            model_name="article",
            name="published_image_has_alt",
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
    ]
