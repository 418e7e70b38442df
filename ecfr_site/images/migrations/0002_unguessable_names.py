from django.db import migrations, models

import ecfr_site.images.models


class Migration(migrations.Migration):
    dependencies = [("images", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="image",
            name="file",
            field=models.ImageField(
                height_field="height",
                upload_to=ecfr_site.images.models.unguessable,
                width_field="width",
            ),
        ),
    ]
