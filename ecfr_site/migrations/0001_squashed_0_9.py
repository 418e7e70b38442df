"""The project's own tables and groups as of version 0.9, in place of all before."""

import django.db.models.deletion
from django.apps import apps as installed
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.db import migrations, models

READ = [
    "articles.view_article",
    "articles.view_topic",
    "authors.view_author",
    "authors.view_programme",
    "images.view_image",
]


def whole(*models):
    """All that can be done with what is edited as a part of something else."""
    return [
        f"{app_label}.{action}_{model}"
        for app_label, model in (name.split(".") for name in models)
        for action in ("add", "change", "delete", "view")
    ]


ARTICLE_PARTS = whole("articles.byline", "articles.correction", "articles.attachment")
AUTHOR_PARTS = whole("authors.position", "authors.authorlink")
PREVIEW_LINKS = ["articles.add_previewlink", "articles.change_previewlink"]
EDITIONS = [
    *whole("newsletter.edition", "newsletter.editionitem"),
    "newsletter.view_newsletter",
    "newsletter.view_delivery",
    "articles.view_article",
]
GROUPS = {
    # Write and submit their own drafts.
    "Contributors": [
        *READ,
        *ARTICLE_PARTS,
        "articles.add_article",
        "articles.change_article",
        "articles.add_comment",
        "images.add_image",
    ],
    # Edit everything that is not before readers; approve.
    "Editors": [
        *READ,
        *ARTICLE_PARTS,
        "articles.add_article",
        "articles.change_article",
        "articles.approve_article",
        "articles.add_comment",
        *PREVIEW_LINKS,
        "articles.add_topic",
        "articles.change_topic",
        *AUTHOR_PARTS,
        "authors.add_author",
        "authors.change_author",
        "images.add_image",
        "images.change_image",
    ],
    # Publish, schedule, correct, withdraw.
    "Publishers": [
        *READ,
        *ARTICLE_PARTS,
        "articles.add_article",
        "articles.change_article",
        "articles.delete_article",
        "articles.approve_article",
        "articles.publish_article",
        "articles.add_comment",
        *PREVIEW_LINKS,
        "articles.add_topic",
        "articles.change_topic",
        "articles.delete_topic",
        *AUTHOR_PARTS,
        "authors.add_author",
        "authors.change_author",
        "images.add_image",
        "images.change_image",
        "images.delete_image",
        "redirects.add_redirect",
        "redirects.change_redirect",
        "redirects.delete_redirect",
        "redirects.view_redirect",
        "flatpages.add_flatpage",
        "flatpages.change_flatpage",
        "flatpages.view_flatpage",
        *EDITIONS,
        "newsletter.approve_edition",
    ],
    # People, programmes, settings.
    "Managers": [
        *READ,
        *AUTHOR_PARTS,
        "authors.add_author",
        "authors.change_author",
        "authors.delete_author",
        "authors.add_programme",
        "authors.change_programme",
        "authors.delete_programme",
        "ecfr_site.change_institution",
        "ecfr_site.view_institution",
        "ecfr_site.view_auditentry",
        "ecfr_site.export_auditentry",
        "articles.change_editorialpolicy",
        "articles.view_editorialpolicy",
        "flatpages.add_flatpage",
        "flatpages.change_flatpage",
        "flatpages.delete_flatpage",
        "flatpages.view_flatpage",
        "auth.add_user",
        "auth.change_user",
        "auth.view_user",
        "auth.view_group",
    ],
    # Put editions together and test them.
    "Newsletter editors": EDITIONS,
    # That, and approve and send; newsletters, wordings, subscribers.
    "Newsletter managers": [
        *EDITIONS,
        "newsletter.approve_edition",
        "newsletter.send_edition",
        "newsletter.add_newsletter",
        "newsletter.change_newsletter",
        "newsletter.add_wording",
        "newsletter.view_wording",
        "newsletter.add_subscriber",
        "newsletter.change_subscriber",
        "newsletter.view_subscriber",
        "newsletter.export_subscriber",
        "newsletter.view_consentrecord",
        "newsletter.change_delivery",
        "newsletter.add_suppression",
        "newsletter.change_suppression",
        "newsletter.delete_suppression",
        "newsletter.view_suppression",
    ],
}


def create_groups(apps, schema_editor):
    # Permissions are made after all migrations; the groups need them now.
    for config in installed.get_app_configs():
        create_permissions(config, verbosity=0, using=schema_editor.connection.alias)
    group_model = apps.get_model("auth", "Group")
    permission_model = apps.get_model("auth", "Permission")
    for name, wanted in GROUPS.items():
        group = group_model.objects.create(name=name)
        for permission in wanted:
            app_label, codename = permission.split(".")
            group.permissions.add(
                permission_model.objects.get(
                    content_type__app_label=app_label, codename=codename
                )
            )


def count_from_now(apps, schema_editor):
    apps.get_model("ecfr_site", "ContentVersion").objects.create()


# What the audit log says is never changed or removed; triggers in the database refuse
# it. `prune_audit` alone takes them away for a moment.
TABLE = "ecfr_site_auditentry"


def make_append_only(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "CREATE FUNCTION audit_append_only() RETURNS trigger AS $$ BEGIN "
            "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$ LANGUAGE plpgsql",
            params=None,
        )
        schema_editor.execute(
            f"CREATE TRIGGER {TABLE}_no_truncate BEFORE TRUNCATE ON {TABLE} "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()"
        )
        body = "EXECUTE FUNCTION audit_append_only()"
    else:
        body = f"BEGIN SELECT RAISE(ABORT, '{TABLE} is append-only'); END"
    for act in ("UPDATE", "DELETE"):
        schema_editor.execute(
            f"CREATE TRIGGER {TABLE}_no_{act.lower()} BEFORE {act} ON {TABLE} "
            f"FOR EACH ROW {body}"
        )


def make_changeable(apps, schema_editor):
    postgres = schema_editor.connection.vendor == "postgresql"
    acts = ["update", "delete", *(["truncate"] if postgres else [])]
    for act in acts:
        on = f" ON {TABLE}" if postgres else ""
        schema_editor.execute(f"DROP TRIGGER {TABLE}_no_{act}{on}")
    if postgres:
        schema_editor.execute("DROP FUNCTION audit_append_only()")


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("ecfr_site", "0001_initial"),
        ("ecfr_site", "0002_groups"),
        ("ecfr_site", "0003_desk_settings_and_audit"),
        ("ecfr_site", "0004_desk_groups"),
        ("ecfr_site", "0005_audit_is_append_only"),
        ("ecfr_site", "0006_one_account_an_address"),
        ("ecfr_site", "0007_site_edition"),
        ("ecfr_site", "0008_mail_held"),
        ("ecfr_site", "0009_old_paths_in_one_spelling"),
        ("ecfr_site", "0010_mail_hold"),
        ("ecfr_site", "0011_institution_without_settings"),
        ("ecfr_site", "0012_content_version"),
    ]

    dependencies = [
        # The groups have permissions of all of them.
        ("articles", "0001_squashed_0_9"),
        ("authors", "0001_squashed_0_9"),
        ("images", "0001_squashed_0_9"),
        ("newsletter", "0001_squashed_0_9"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("flatpages", "0001_initial"),
        ("redirects", "0002_alter_redirect_new_path_help_text"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ContentVersion",
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
                ("number", models.BigIntegerField(default=0)),
            ],
            options={
                "db_table": "ecfr_site_siteedition",
            },
        ),
        migrations.CreateModel(
            name="Institution",
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
                    "name",
                    models.CharField(
                        default="Meridian Council on European Affairs", max_length=200
                    ),
                ),
                (
                    "short_name",
                    models.CharField(default="Meridian Council", max_length=60),
                ),
                (
                    "strapline",
                    models.CharField(
                        blank=True,
                        help_text="One sentence for the home page and search engines.",
                        max_length=200,
                    ),
                ),
                (
                    "disclaimer",
                    models.TextField(
                        blank=True,
                        help_text="Shown under every publication that has no disclaimer of its own.",
                    ),
                ),
                (
                    "email",
                    models.EmailField(
                        blank=True, max_length=254, verbose_name="e-mail address"
                    ),
                ),
                ("postal_address", models.TextField(blank=True)),
            ],
            options={
                "verbose_name": "institution",
                "verbose_name_plural": "institution",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("pk", 1)), name="one_institution"
                    )
                ],
            },
        ),
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
        migrations.CreateModel(
            name="AuditEntry",
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
                ("at", models.DateTimeField(auto_now_add=True, db_index=True)),
                ("who", models.CharField(blank=True, max_length=200)),
                ("action", models.CharField(db_index=True, max_length=40)),
                ("kind", models.CharField(blank=True, max_length=100)),
                ("object_id", models.CharField(blank=True, max_length=64)),
                ("what", models.CharField(blank=True, max_length=300)),
                ("detail", models.TextField(blank=True)),
                (
                    "address",
                    models.GenericIPAddressField(
                        null=True, verbose_name="network address"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "audit log",
                "ordering": ["-at", "-pk"],
                "permissions": [("export_auditentry", "Can export the audit log")],
                "default_permissions": ["view"],
                "indexes": [
                    models.Index(fields=["kind", "object_id"], name="audit_by_object")
                ],
            },
        ),
        migrations.RunPython(count_from_now, migrations.RunPython.noop),
        migrations.RunPython(create_groups, migrations.RunPython.noop),
        migrations.RunPython(make_append_only, make_changeable),
        # An e-mail address belongs to one account, however it is written: whoever reads
        # its mail can set a password. The table is Django's, hence SQL.
        migrations.RunSQL(
            "CREATE UNIQUE INDEX auth_user_one_an_address ON auth_user (LOWER(email)) "
            "WHERE email <> ''",
            "DROP INDEX auth_user_one_an_address",
        ),
    ]
