from django.db import migrations, models


def note_opaque(apps, schema_editor):
    """JPEG has no transparency; the task for renditions looks at all others."""
    images = apps.get_model("images", "Image").objects.using(
        schema_editor.connection.alias
    )
    jpegs = images.filter(file__endswith=".jpg", ground="")
    while pks := list(jpegs.values_list("pk", flat=True)[:1000]):
        images.filter(pk__in=pks).update(ground="none")


class Migration(migrations.Migration):
    # So that no row is locked longer than a batch takes.
    atomic = False

    dependencies = [("images", "0002_unguessable_names")]

    operations = [
        migrations.AddField(
            model_name="image",
            name="ground",
            field=models.CharField(
                blank=True, db_default="", default="", editable=False, max_length=5
            ),
        ),
        migrations.RunPython(note_opaque, migrations.RunPython.noop, elidable=True),
    ]
