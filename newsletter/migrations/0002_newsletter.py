"""The weekly newsletter, so that the signup form has something to offer."""

from django.db import migrations

PROMISE = (
    "We store your e-mail address to send you the newsletter, and, only if you agree, "
    "how you use it. You can unsubscribe or opt out at any time."
)


def create_newsletter(apps, schema_editor):
    apps.get_model("newsletter", "Newsletter").objects.get_or_create(
        slug="weekly", defaults={"name": "Weekly newsletter", "promise": PROMISE}
    )


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0001_initial")]

    operations = [migrations.RunPython(create_newsletter, migrations.RunPython.noop)]
