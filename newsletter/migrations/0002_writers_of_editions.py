from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("newsletter", "0001_squashed_0_9"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="edition",
            name="writers",
            field=models.ManyToManyField(
                editable=False, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
    ]
