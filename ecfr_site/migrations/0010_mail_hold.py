from django.db import migrations, models


def move_from_institution(apps, schema_editor):
    institution, hold = _rows(apps, schema_editor)
    if found := institution.exclude(mail_held_since=None).first():
        hold.create(pk=1, since=found.mail_held_since)


def move_to_institution(apps, schema_editor):
    institution, hold = _rows(apps, schema_editor)
    if found := hold.first():
        institution.get_or_create(pk=1)
        institution.update(mail_held_since=found.since)


def _rows(apps, schema_editor):
    using = schema_editor.connection.alias
    return (
        apps.get_model("ecfr_site", "Institution").objects.using(using),
        apps.get_model("ecfr_site", "MailHold").objects.using(using),
    )


class Migration(migrations.Migration):
    dependencies = [("ecfr_site", "0009_old_paths_in_one_spelling")]

    operations = [
        migrations.CreateModel(
            name="MailHold",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("since", models.DateTimeField()),
            ],
            options={
                "abstract": False,
                "default_permissions": (),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("pk", 1)), name="one_mailhold"
                    )
                ],
            },
        ),
        migrations.RunPython(move_from_institution, move_to_institution),
    ]
