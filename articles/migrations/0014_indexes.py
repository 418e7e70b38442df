from django.db import migrations, models
from django.db.models import F, Q

from ecfr_site.database.migration_operations import (
    AddIndexConcurrently,
    RemoveIndexConcurrently,
)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("articles", "0013_moving_in"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="article",
            index=models.Index(
                F("published_at").desc(),
                F("id").desc(),
                F("ends_at"),
                condition=Q(state="published", live=None),
                name="article_latest_public",
            ),
        ),
        RemoveIndexConcurrently(model_name="article", name="article_latest"),
        AddIndexConcurrently(
            model_name="article",
            index=models.Index(
                F("published_at").desc(),
                F("id").desc(),
                condition=Q(live=None),
                name="article_latest_original",
            ),
        ),
        AddIndexConcurrently(
            model_name="article",
            index=models.Index(
                fields=["translation_of"],
                condition=Q(translation_of__isnull=False),
                name="article_translations",
            ),
        ),
        AddIndexConcurrently(
            model_name="article",
            index=models.Index(
                F("published_at").desc(),
                F("id").desc(),
                condition=~Q(problems=[]),
                name="article_with_problems",
            ),
        ),
        AddIndexConcurrently(
            model_name="article",
            index=models.Index(
                fields=["due"], condition=Q(due__isnull=False), name="article_due"
            ),
        ),
    ]
