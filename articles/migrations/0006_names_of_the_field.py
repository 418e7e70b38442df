from django.db import migrations, models

# Tables and columns keep their names, so that nothing moves in the database.
RENAMED = {
    "Editing": "EditSession",
    "NoticeChoice": "NotificationPreference",
    "Step": "WorkflowEvent",
}


class Migration(migrations.Migration):
    dependencies = [("articles", "0005_search_text")]

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
    ]
