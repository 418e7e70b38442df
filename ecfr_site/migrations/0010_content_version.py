from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("ecfr_site", "0009_old_paths_in_one_spelling")]

    # The table keeps its name, so that nothing moves in the database.
    operations = [
        migrations.AlterModelTable("SiteEdition", "ecfr_site_siteedition"),
        migrations.RenameModel("SiteEdition", "ContentVersion"),
    ]
