"""The groups of the editorial desk, and what each may do."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

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
GROUPS = {
    # Write and submit their own drafts.
    "Contributors": [
        *READ,
        *ARTICLE_PARTS,
        "articles.add_article",
        "articles.change_article",
        "images.add_image",
    ],
    # Edit everything that is not before readers; approve.
    "Editors": [
        *READ,
        *ARTICLE_PARTS,
        "articles.add_article",
        "articles.change_article",
        "articles.approve_article",
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
        "flatpages.add_flatpage",
        "flatpages.change_flatpage",
        "flatpages.delete_flatpage",
        "flatpages.view_flatpage",
        "auth.add_user",
        "auth.change_user",
        "auth.view_user",
        "auth.view_group",
    ],
    "Newsletter managers": [
        "newsletter.change_newsletter",
        "newsletter.view_newsletter",
        "newsletter.view_subscriber",
    ],
}


def create_groups(apps, schema_editor):
    # Permissions are made after all migrations; the groups need them now.
    for config in installed.get_app_configs():
        create_permissions(config, verbosity=0, using=schema_editor.connection.alias)
    group_model = apps.get_model("auth", "Group")
    permission_model = apps.get_model("auth", "Permission")
    for name, wanted in GROUPS.items():
        group, _ = group_model.objects.get_or_create(name=name)
        for permission in wanted:
            app_label, codename = permission.split(".")
            group.permissions.add(
                permission_model.objects.get(
                    content_type__app_label=app_label, codename=codename
                )
            )


class Migration(migrations.Migration):
    dependencies = [
        ("ecfr_site", "0001_initial"),
        ("articles", "0001_initial"),
        ("authors", "0001_initial"),
        ("images", "0001_initial"),
        ("newsletter", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("flatpages", "0001_initial"),
        ("redirects", "0002_alter_redirect_new_path_help_text"),
    ]

    operations = [migrations.RunPython(create_groups, migrations.RunPython.noop)]
