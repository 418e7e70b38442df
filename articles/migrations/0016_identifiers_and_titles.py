from django.db import migrations, models
from django.db.models import F, Q
from django.db.models.functions import Lower

from ecfr_site.database.migration_operations import AddIndexConcurrently


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("articles", "0015_data_of_figures"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="article",
            index=models.Index(Lower("doi"), name="article_doi"),
        ),
        AddIndexConcurrently(
            model_name="article",
            index=models.Index(fields=["isbn"], name="article_isbn"),
        ),
        AddIndexConcurrently(
            model_name="article",
            index=models.Index(
                F("title"),
                F("id").desc(),
                condition=Q(live=None),
                name="article_by_title",
            ),
        ),
    ]
