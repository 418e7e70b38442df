"""Kinds were words in the code, and become rows; articles name them by the same slugs."""

import django.db.models.deletion
from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations, models

# slug: name, plural, template, colour; in the order in which they were listed.
KINDS = {
    "commentary": ("Commentary", "Commentary", "opinion", "red"),
    "policy-brief": ("Policy brief", "Policy briefs", "report", "blue"),
    "report": ("Report", "Reports", "report", "green"),
    "explainer": ("Explainer", "Explainers", "text", "ochre"),
    "podcast": ("Podcast", "Podcasts", "podcast", "purple"),
    "event-note": ("Event note", "Event notes", "event", "teal"),
    "open-letter": ("Open letter", "Open letters", "letter", "grey"),
}
WHOLE = ["add", "change", "delete", "view"]
# Who edits articles edits these; who may read them sees what there is.
MODELS = ["funder", "kind", "series"]
GROUPS = {
    "Contributors": ["view"],
    "Editors": ["add", "change", "view"],
    "Publishers": WHOLE,
    "Managers": WHOLE,
}


def make_kinds(apps, schema_editor):
    kinds = apps.get_model("articles", "Kind").objects.using(
        schema_editor.connection.alias
    )
    articles = apps.get_model("articles", "Article").objects.using(
        schema_editor.connection.alias
    )
    for order, (slug, values) in enumerate(KINDS.items(), start=1):
        name, plural, template, colour = values
        kinds.create(
            slug=slug,
            name=name,
            plural=plural,
            template=template,
            colour=colour,
            order=10 * order,
        )
    # Nothing but a form kept other words out of the column.
    found = set(articles.order_by().values_list("kind", flat=True).distinct())
    for slug in sorted(found - KINDS.keys()):
        name = slug.replace("-", " ").capitalize() or "Other"
        kinds.create(slug=slug, name=name, plural=name, order=10 * len(KINDS) + 10)


def remove_kinds(apps, schema_editor):
    apps.get_model("articles", "Kind").objects.using(
        schema_editor.connection.alias
    ).all().delete()


def let_them_keep_these(apps, schema_editor):
    create_permissions(
        installed.get_app_config("articles"),
        verbosity=0,
        using=schema_editor.connection.alias,
    )
    permissions = apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="articles"
    )
    # An institution may have renamed or removed a group.
    for group in apps.get_model("auth", "Group").objects.filter(name__in=GROUPS):
        names = [f"{act}_{model}" for act in GROUPS[group.name] for model in MODELS]
        group.permissions.add(*permissions.filter(codename__in=names))


class Migration(migrations.Migration):
    dependencies = [
        ("articles", "0008_record"),
        # It made the groups.
        ("ecfr_site", "0001_squashed_0_9"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.RunPython(make_kinds, remove_kinds, elidable=False),
        # The column stays as it is; code of before goes on writing slugs into it.
        migrations.AlterField(
            model_name="article",
            name="kind",
            field=models.ForeignKey(
                db_column="kind",
                db_index=False,
                default="commentary",
                on_delete=django.db.models.deletion.PROTECT,
                related_name="articles",
                to="articles.kind",
                to_field="slug",
            ),
        ),
        migrations.RunPython(
            let_them_keep_these, migrations.RunPython.noop, elidable=False
        ),
    ]
