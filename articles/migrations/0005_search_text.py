import django.db.models.deletion
from django.db import migrations, models

from ecfr_site.richtext.folding import fold

AT_ONCE = 1000


def fill(apps, schema_editor):
    using = schema_editor.connection.alias
    articles = apps.get_model("articles", "Article").objects.using(using)
    texts = apps.get_model("articles", "SearchText")
    last = 0
    while rows := list(
        articles.filter(pk__gt=last)
        .order_by("pk")
        .values_list("pk", "title", "standfirst")[:AT_ONCE]
    ):
        texts.objects.using(using).bulk_create(
            [
                texts(article_id=pk, text=f"{fold(title)}\n{fold(standfirst)}")
                for pk, title, standfirst in rows
            ],
            ignore_conflicts=True,
        )
        last = rows[-1][0]


class Migration(migrations.Migration):
    # A thousand rows in a transaction, and again from the start if it was stopped.
    atomic = False

    dependencies = [("articles", "0004_index_of_ends")]

    operations = [
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
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
