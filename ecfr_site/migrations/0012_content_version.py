from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ecfr_site", "0011_institution_without_settings")]

    # The table keeps its name, so that nothing moves in the database.
    operations = [
        migrations.AlterModelTable("SiteEdition", "ecfr_site_siteedition"),
        migrations.RenameModel("SiteEdition", "ContentVersion"),
        migrations.AlterField(
            model_name="institution",
            name="disclaimer",
            field=models.TextField(
                blank=True,
                help_text="Shown under every publication that has no disclaimer of its own.",
            ),
        ),
        migrations.AlterField(
            model_name="institution",
            name="strapline",
            field=models.CharField(
                blank=True,
                help_text="One sentence for the home page and search engines.",
                max_length=200,
            ),
        ),
    ]
