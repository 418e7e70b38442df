import django.db.models.functions.text
from django.db import migrations, models

import articles.models.search_text


class Migration(migrations.Migration):
    dependencies = [
        ("articles", "0002_name_draft_data"),
    ]

    operations = [
        # Code of before goes on reading and writing the column alone.
        migrations.AlterField(
            model_name="searchtext",
            name="text",
            field=models.TextField(db_column="text"),
        ),
        migrations.RenameField(
            model_name="searchtext",
            old_name="text",
            new_name="head",
        ),
        migrations.AddField(
            model_name="searchtext",
            name="body",
            field=models.TextField(db_default="", default=""),
        ),
        migrations.AddField(
            model_name="searchtext",
            name="notes",
            field=models.TextField(db_default="", default=""),
        ),
        migrations.AddField(
            model_name="searchtext",
            name="files",
            field=models.TextField(db_default="", default=""),
        ),
        migrations.AddField(
            model_name="searchtext",
            name="forms",
            field=models.TextField(db_default="", default=""),
        ),
        migrations.AddField(
            model_name="searchtext",
            name="plain",
            field=models.TextField(db_default="", default=""),
        ),
        migrations.AddField(
            model_name="searchtext",
            name="head_vector",
            field=articles.models.search_text.TsVectorField(null=True),
        ),
        migrations.AddField(
            model_name="searchtext",
            name="vector",
            field=articles.models.search_text.TsVectorField(null=True),
        ),
        migrations.AddField(
            model_name="searchtext",
            name="analyser",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.CreateModel(
            name="AttachmentText",
            fields=[
                (
                    "file",
                    models.CharField(max_length=255, primary_key=True, serialize=False),
                ),
                ("text", models.TextField(blank=True)),
                ("trouble", models.CharField(blank=True, max_length=200)),
                ("read_at", models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.CreateModel(
            name="SearchWord",
            fields=[
                (
                    "word",
                    models.CharField(max_length=30, primary_key=True, serialize=False),
                ),
                ("shown", models.CharField(max_length=60)),
            ],
            options={
                "indexes": [
                    models.Index(
                        django.db.models.functions.text.Length("word"),
                        name="search_word_by_length",
                    )
                ],
            },
        ),
    ]
