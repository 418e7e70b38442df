from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations, models

FIELDS = ("four_eyes", "checklist", "embargoed_words")
# Whoever might do the one may do the others.
PERMISSIONS = {
    "change_institution": ("change_editorialpolicy", "view_editorialpolicy"),
    "view_institution": ("view_editorialpolicy",),
}


def move_from_institution(apps, schema_editor):
    institution, policy = _rows(apps, schema_editor)
    if found := institution.first():
        policy.create(pk=1, **{name: getattr(found, name) for name in FIELDS})
        if found.changed:
            # Saving says now, and every article would be checked again.
            policy.update(changed=found.changed)


def move_to_institution(apps, schema_editor):
    institution, policy = _rows(apps, schema_editor)
    if found := policy.first():
        institution.get_or_create(pk=1)
        values = {name: getattr(found, name) for name in FIELDS}
        institution.update(**values, changed=found.changed)


def _rows(apps, schema_editor):
    using = schema_editor.connection.alias
    return (
        apps.get_model("ecfr_site", "Institution").objects.using(using),
        apps.get_model("articles", "EditorialPolicy").objects.using(using),
    )


def widen_permissions(apps, schema_editor):
    """To groups, and to accounts that have the permission by themselves."""
    using = schema_editor.connection.alias
    # Permissions are made after all migrations; they are needed now.
    config = installed.get_app_config("articles")
    create_permissions(config, verbosity=0, using=using)
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    for former, wanted in PERMISSIONS.items():
        added = permissions.filter(
            content_type__app_label="articles", codename__in=wanted
        )
        for had in permissions.filter(
            content_type__app_label="ecfr_site", codename=former
        ):
            for group in had.group_set.all():
                group.permissions.add(*added)
            for user in had.user_set.all():
                user.user_permissions.add(*added)


class Migration(migrations.Migration):
    """What was part of the institution is a model of its own.

    ecfr_site.0011_institution_without_settings removes what is left there.
    """

    dependencies = [
        ("articles", "0005_search_text"),
        ("ecfr_site", "0009_old_paths_in_one_spelling"),
    ]

    operations = [
        migrations.CreateModel(
            name="EditorialPolicy",
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
                (
                    "four_eyes",
                    models.BooleanField(
                        default=False,
                        help_text="Nobody can approve or publish their own work alone: a second person must approve it first.",
                        verbose_name="two-person rule",
                    ),
                ),
                ("checklist", models.JSONField(default=dict, editable=False)),
                (
                    "embargoed_words",
                    models.TextField(
                        blank=True,
                        help_text="Names and titles that must not be published yet, one per line. Only whole words match; capital letters make no difference.",
                        verbose_name="words under embargo",
                    ),
                ),
                ("changed", models.DateTimeField(auto_now=True)),
            ],
            options={
                "verbose_name": "editorial policy",
                "verbose_name_plural": "editorial policy",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("pk", 1)), name="one_editorialpolicy"
                    )
                ],
            },
        ),
        migrations.RunPython(move_from_institution, move_to_institution),
        migrations.RunPython(widen_permissions, migrations.RunPython.noop),
    ]
