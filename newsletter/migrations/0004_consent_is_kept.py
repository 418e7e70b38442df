"""Wordings have versions, and what was consented to is never changed or removed.

Triggers in the database refuse it, whoever asks: this code, an import, a person with
psql. An empty table may be truncated, which only an owner of the database can do.
"""

from django.conf import settings
from django.db import migrations

from ecfr_site.security.tokens import digest

TABLES = ["newsletter_consentrecord", "newsletter_wording"]
ANALYTICS = (
    "Yes, you may note which of your mailings I open and which links I follow, to learn "
    "what is useful to readers."
)
PROMISE = (
    "We will store your e-mail address to send you what you choose. You can unsubscribe, "
    "or opt out of analytics, at any time."
)


def take_over_the_promise(apps, schema_editor):
    newsletter = apps.get_model("newsletter", "Newsletter").objects.first()
    apps.get_model("newsletter", "Wording").objects.create(
        invitation=newsletter.invitation if newsletter else "Subscribe",
        promise=newsletter.promise if newsletter else PROMISE,
        analytics=ANALYTICS,
    )


def take_over_subscriptions(apps, schema_editor):
    """Whoever asked before there was a choice asked for the one newsletter.

    Who has not confirmed yet is asked to, as was promised, unless it is too long ago.
    """
    newsletter = apps.get_model("newsletter", "Newsletter").objects.first()
    subscribers = apps.get_model("newsletter", "Subscriber").objects.all()
    subscriptions = apps.get_model("newsletter", "Subscription").objects
    signups = apps.get_model("newsletter", "Signup").objects
    wording = apps.get_model("newsletter", "Wording").objects.get()
    for subscriber in subscribers.filter(status="active").iterator():
        subscriptions.create(
            subscriber=subscriber,
            newsletter=newsletter,
            confirmed_at=subscriber.created,
        )
    for subscriber in subscribers.filter(status="pending").iterator():
        signup = signups.create(
            subscriber=subscriber,
            address=digest("address", subscriber.normalised, settings.SUPPRESSION_KEY),
            wording=wording,
        )
        signup.newsletters.set([newsletter])
        signups.filter(pk=signup.pk).update(created=subscriber.created)


def make_append_only(apps, schema_editor):
    postgres = schema_editor.connection.vendor == "postgresql"
    if postgres:
        schema_editor.execute(
            "CREATE FUNCTION newsletter_append_only() RETURNS trigger AS $$ BEGIN "
            "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$ LANGUAGE plpgsql",
            params=None,
        )
    for table in TABLES:
        for act in ("UPDATE", "DELETE"):
            body = (
                "EXECUTE FUNCTION newsletter_append_only()"
                if postgres
                else f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
            schema_editor.execute(
                f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                f"FOR EACH ROW {body}"
            )


def make_changeable(apps, schema_editor):
    postgres = schema_editor.connection.vendor == "postgresql"
    for table in TABLES:
        for act in ("update", "delete"):
            on = f" ON {table}" if postgres else ""
            schema_editor.execute(f"DROP TRIGGER {table}_no_{act}{on}")
    if postgres:
        schema_editor.execute("DROP FUNCTION newsletter_append_only()")


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0003_editions_and_deliveries")]

    operations = [
        migrations.RunPython(take_over_the_promise, migrations.RunPython.noop),
        migrations.RunPython(take_over_subscriptions, migrations.RunPython.noop),
        migrations.RemoveField("newsletter", "invitation"),
        migrations.RemoveField("newsletter", "promise"),
        migrations.RunPython(make_append_only, make_changeable),
    ]
