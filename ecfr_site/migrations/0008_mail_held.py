from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ecfr_site", "0007_site_edition"),
    ]

    operations = [
        migrations.AddField(
            model_name="institution",
            name="mail_held_since",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
