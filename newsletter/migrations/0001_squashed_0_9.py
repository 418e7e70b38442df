"""The newsletter's tables as of version 0.9, in place of all before.

What was consented to is never changed or removed: triggers in the database refuse it,
whoever asks. An empty table may be truncated, which only its owner can do.
"""

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import ecfr_site.mail.addresses
import ecfr_site.richtext.fields
import newsletter.models.item

APPEND_ONLY = ["newsletter_consentrecord", "newsletter_wording"]
WORDING = {
    "invitation": "Subscribe to our weekly newsletter",
    "promise": "We store your e-mail address to send you the newsletter, and, only if you "
    "agree, how you use it. You can unsubscribe or opt out at any time.",
    "analytics": "Yes, you may note which of your mailings I open and which links I "
    "follow, to learn what is useful to readers.",
}


def create_first_rows(apps, schema_editor):
    """Give the sign-up form a newsletter and a wording to offer."""
    apps.get_model("newsletter", "Newsletter").objects.create(
        slug="weekly", name="Weekly newsletter"
    )
    apps.get_model("newsletter", "Wording").objects.create(**WORDING)


def make_append_only(apps, schema_editor):
    postgres = schema_editor.connection.vendor == "postgresql"
    if postgres:
        schema_editor.execute(
            "CREATE FUNCTION newsletter_append_only() RETURNS trigger AS $$ BEGIN "
            "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$ LANGUAGE plpgsql",
            params=None,
        )
    for table in APPEND_ONLY:
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
    for table in APPEND_ONLY:
        for act in ("update", "delete"):
            on = f" ON {table}" if postgres else ""
            schema_editor.execute(f"DROP TRIGGER {table}_no_{act}{on}")
    if postgres:
        schema_editor.execute("DROP FUNCTION newsletter_append_only()")


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("newsletter", "0001_initial"),
        ("newsletter", "0002_newsletter"),
        ("newsletter", "0003_editions_and_deliveries"),
        ("newsletter", "0004_consent_is_kept"),
        ("newsletter", "0005_groups"),
        ("newsletter", "0006_forgetting"),
        ("newsletter", "0007_addresses_as_given"),
        ("newsletter", "0008_plain_words"),
    ]

    dependencies = [
        ("articles", "0001_squashed_0_9"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Newsletter",
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
                        max_length=100,
                        validators=[
                            django.core.validators.RegexValidator(
                                "[\\n\\v\\f\\r\\x1c-\\x1e\\x85\\u2028\\u2029]",
                                "Write it in one line, without line breaks.",
                                inverse_match=True,
                            )
                        ],
                    ),
                ),
                (
                    "slug",
                    models.SlugField(
                        help_text="The last part of the page's address. When it changes, the old address keeps working.",
                        unique=True,
                    ),
                ),
                (
                    "description",
                    models.CharField(
                        blank=True,
                        help_text="One or two sentences for the page where readers choose.",
                        max_length=300,
                    ),
                ),
                (
                    "cadence",
                    models.CharField(
                        blank=True,
                        help_text="As readers are told: “every Thursday morning”.",
                        max_length=60,
                        verbose_name="how often",
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        choices=[
                            ("en", "English"),
                            ("de", "German"),
                            ("es", "Spanish"),
                            ("fr", "French"),
                            ("it", "Italian"),
                            ("pl", "Polish"),
                        ],
                        default="en",
                        max_length=10,
                    ),
                ),
                (
                    "grouping",
                    models.CharField(
                        choices=[
                            ("none", "one list, newest first"),
                            ("topic", "by topic"),
                            ("programme", "by programme"),
                        ],
                        default="none",
                        help_text="How a new edition is put together; every edition can be rearranged.",
                        max_length=10,
                        verbose_name="order of the pieces",
                    ),
                ),
                (
                    "sender_name",
                    models.CharField(
                        blank=True,
                        help_text="Leave empty to use the institution's short name.",
                        max_length=100,
                        validators=[
                            django.core.validators.RegexValidator(
                                "[\\n\\v\\f\\r\\x1c-\\x1e\\x85\\u2028\\u2029]",
                                "Write it in one line, without line breaks.",
                                inverse_match=True,
                            )
                        ],
                    ),
                ),
                (
                    "sender_email",
                    models.EmailField(
                        blank=True,
                        help_text="Its domain must be prepared for sending (see the operators' guide). Leave empty to use the site's own address.",
                        max_length=254,
                        validators=[ecfr_site.mail.addresses.ascii_address],
                        verbose_name="sender's address",
                    ),
                ),
                (
                    "reply_to",
                    models.EmailField(
                        blank=True,
                        help_text="Leave empty to use the sender's address.",
                        max_length=254,
                        validators=[ecfr_site.mail.addresses.ascii_address],
                        verbose_name="replies go to",
                    ),
                ),
                (
                    "canary",
                    models.PositiveIntegerField(
                        default=0,
                        help_text="An edition goes to this many recipients first, and to the others only if few of those messages bounce. 0 sends to everybody at once.",
                        verbose_name="test group size",
                    ),
                ),
                (
                    "canary_minutes",
                    models.PositiveSmallIntegerField(
                        default=30,
                        help_text="How long to wait for bounces from the test group.",
                        verbose_name="wait before sending the rest (minutes)",
                    ),
                ),
                (
                    "canary_limit",
                    models.PositiveSmallIntegerField(
                        default=5,
                        help_text="If more than this share bounces, the edition pauses until somebody decides.",
                        verbose_name="pause above this share of bounces (per cent)",
                    ),
                ),
                (
                    "active",
                    models.BooleanField(
                        default=True,
                        help_text="A newsletter that has ended keeps its archive but takes no more subscribers.",
                        verbose_name="offered to readers",
                    ),
                ),
                (
                    "order",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="Lower numbers come first."
                    ),
                ),
            ],
            options={
                "ordering": ["order", "name"],
            },
        ),
        migrations.CreateModel(
            name="Pace",
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
                ("domain", models.CharField(max_length=255, unique=True)),
                ("next_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("slowed_to", models.FloatField(null=True)),
                ("slowed_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Suppression",
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
                    "digest",
                    models.CharField(editable=False, max_length=64, unique=True),
                ),
                (
                    "email",
                    models.CharField(
                        blank=True,
                        help_text="Empty after an erasure: only a keyed hash of the address is kept.",
                        max_length=320,
                        verbose_name="e-mail address",
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("erased", "asked to be erased"),
                            ("bounced", "bounced"),
                            ("complained", "complained of spam"),
                            ("manual", "entered by hand"),
                        ],
                        default="manual",
                        max_length=20,
                    ),
                ),
                (
                    "detail",
                    models.TextField(
                        blank=True,
                        help_text="What led to it: the answer of the other mail server.",
                    ),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
                (
                    "folded",
                    models.BooleanField(
                        db_default=False, default=False, editable=False
                    ),
                ),
            ],
            options={
                "ordering": ["-created"],
            },
        ),
        migrations.CreateModel(
            name="Wording",
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
                    "language",
                    models.CharField(
                        choices=[
                            ("en", "English"),
                            ("de", "German"),
                            ("es", "Spanish"),
                            ("fr", "French"),
                            ("it", "Italian"),
                            ("pl", "Polish"),
                        ],
                        default="en",
                        max_length=10,
                    ),
                ),
                (
                    "invitation",
                    models.CharField(
                        default="Subscribe to our weekly newsletter",
                        help_text="The heading of the form.",
                        max_length=150,
                    ),
                ),
                (
                    "promise",
                    models.TextField(
                        help_text="What is stored, what for, and how to end it. A link to the privacy notice follows."
                    ),
                ),
                (
                    "analytics",
                    models.TextField(
                        help_text="Stands beside a box that is not ticked. It asks for one thing only: to note what the subscriber opens and clicks.",
                        verbose_name="question about analytics",
                    ),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
                (
                    "created_by",
                    models.CharField(blank=True, editable=False, max_length=150),
                ),
            ],
            options={
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="Edition",
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
                    "subject",
                    models.CharField(
                        blank=True,
                        max_length=150,
                        validators=[
                            django.core.validators.RegexValidator(
                                "[\\n\\v\\f\\r\\x1c-\\x1e\\x85\\u2028\\u2029]",
                                "Write it in one line, without line breaks.",
                                inverse_match=True,
                            )
                        ],
                    ),
                ),
                (
                    "preheader",
                    models.CharField(
                        blank=True,
                        help_text="The line that mail programs show after the subject.",
                        max_length=150,
                        validators=[
                            django.core.validators.RegexValidator(
                                "[\\n\\v\\f\\r\\x1c-\\x1e\\x85\\u2028\\u2029]",
                                "Write it in one line, without line breaks.",
                                inverse_match=True,
                            )
                        ],
                    ),
                ),
                ("introduction", ecfr_site.richtext.fields.RichTextField(blank=True)),
                (
                    "text",
                    models.TextField(
                        blank=True,
                        help_text="For those who read without HTML. Empty: made from the pieces.",
                        verbose_name="plain text",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "draft"),
                            ("scheduled", "scheduled"),
                            ("sending", "being sent"),
                            ("paused", "paused"),
                            ("sent", "sent"),
                            ("cancelled", "cancelled"),
                        ],
                        default="draft",
                        editable=False,
                        max_length=10,
                    ),
                ),
                (
                    "gathered_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now,
                        editable=False,
                        help_text="Pieces published until then are in; the next edition goes on here.",
                    ),
                ),
                (
                    "scheduled_at",
                    models.DateTimeField(blank=True, editable=False, null=True),
                ),
                (
                    "in_local_time",
                    models.BooleanField(
                        default=False,
                        verbose_name="at this hour in each subscriber's time zone",
                    ),
                ),
                (
                    "starts_at",
                    models.DateTimeField(
                        editable=False,
                        help_text="When the first time zone is due.",
                        null=True,
                    ),
                ),
                ("started_at", models.DateTimeField(editable=False, null=True)),
                ("finished_at", models.DateTimeField(editable=False, null=True)),
                ("worked_at", models.DateTimeField(editable=False, null=True)),
                (
                    "released_at",
                    models.DateTimeField(
                        editable=False,
                        help_text="When the canary was found well.",
                        null=True,
                    ),
                ),
                (
                    "held_because",
                    models.CharField(blank=True, editable=False, max_length=300),
                ),
                (
                    "trouble",
                    models.CharField(blank=True, editable=False, max_length=300),
                ),
                (
                    "audience_count",
                    models.PositiveIntegerField(default=0, editable=False),
                ),
                (
                    "tracked_count",
                    models.PositiveIntegerField(default=0, editable=False),
                ),
                (
                    "readers_forgotten",
                    models.BooleanField(
                        db_default=False, default=False, editable=False
                    ),
                ),
                ("sent_count", models.PositiveIntegerField(default=0, editable=False)),
                (
                    "approved_content",
                    models.CharField(blank=True, editable=False, max_length=64),
                ),
                ("findings", models.JSONField(default=list, editable=False)),
                ("checked_at", models.DateTimeField(editable=False, null=True)),
                (
                    "checked_content",
                    models.CharField(blank=True, editable=False, max_length=64),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("changed", models.DateTimeField(auto_now=True)),
                (
                    "approved_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "changed_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "newsletter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="editions",
                        to="newsletter.newsletter",
                    ),
                ),
            ],
            options={
                "ordering": ["-created", "-pk"],
                "permissions": [
                    ("approve_edition", "Can approve editions"),
                    ("send_edition", "Can send, schedule, pause and cancel editions"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
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
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "waiting"),
                            ("claimed", "claimed by a worker"),
                            ("submitting", "being handed over"),
                            ("sent", "sent"),
                            ("retry", "to be tried again"),
                            ("failed", "failed"),
                            ("skipped", "skipped"),
                            ("uncertain", "uncertain"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("due_at", models.DateTimeField()),
                (
                    "wave",
                    models.PositiveSmallIntegerField(
                        default=1, help_text="0: the canary."
                    ),
                ),
                ("domain", models.CharField(max_length=255)),
                ("claim", models.UUIDField(null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("sent_at", models.DateTimeField(null=True)),
                ("reason", models.CharField(blank=True, max_length=300)),
                (
                    "remote_id",
                    models.CharField(
                        blank=True,
                        help_text="The mail service's own number.",
                        max_length=200,
                    ),
                ),
                (
                    "edition",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="newsletter.edition",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "deliveries",
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="Heartbeat",
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
                ("beat_at", models.DateTimeField()),
                ("site_url", models.CharField(max_length=300)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("pk", 1)), name="one_heartbeat"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Link",
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
                ("number", models.PositiveSmallIntegerField()),
                ("url", models.URLField(max_length=1000)),
                (
                    "article",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="articles.article",
                    ),
                ),
                (
                    "edition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="links",
                        to="newsletter.edition",
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
            },
        ),
        migrations.CreateModel(
            name="Event",
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
                    "reader",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        editable=False,
                        max_length=32,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("open", "opened"),
                            ("click", "clicked"),
                            ("bounce", "came back"),
                            ("complaint", "complained"),
                            ("unsubscribe", "unsubscribed"),
                        ],
                        max_length=12,
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "hard",
                    models.BooleanField(
                        default=False,
                        help_text="A bounce that says: this address will never work.",
                    ),
                ),
                (
                    "machine",
                    models.CharField(
                        blank=True,
                        help_text="The rule by which it was no person; empty for people.",
                        max_length=30,
                    ),
                ),
                ("detail", models.TextField(blank=True)),
                (
                    "delivery",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="events",
                        to="newsletter.delivery",
                    ),
                ),
                (
                    "edition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to="newsletter.edition",
                    ),
                ),
                (
                    "link",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="events",
                        to="newsletter.link",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="Subscriber",
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
                    "email",
                    models.CharField(max_length=320, verbose_name="e-mail address"),
                ),
                (
                    "normalised",
                    models.CharField(editable=False, max_length=320, unique=True),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "pending confirmation"),
                            ("active", "active"),
                            ("unsubscribed", "unsubscribed"),
                            ("bounced", "bounced"),
                            ("complained", "complained"),
                            ("erased", "erased"),
                        ],
                        default="pending",
                        max_length=20,
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        choices=[
                            ("en", "English"),
                            ("de", "German"),
                            ("es", "Spanish"),
                            ("fr", "French"),
                            ("it", "Italian"),
                            ("pl", "Polish"),
                        ],
                        default="en",
                        max_length=10,
                    ),
                ),
                (
                    "time_zone",
                    models.CharField(
                        blank=True,
                        help_text="Where editions arrive at their hour. Empty: the institution's.",
                        max_length=40,
                    ),
                ),
                (
                    "analytics",
                    models.CharField(
                        choices=[
                            ("unknown", "not asked"),
                            ("granted", "agreed"),
                            ("denied", "refused"),
                        ],
                        default="unknown",
                        max_length=10,
                    ),
                ),
                ("paused_until", models.DateField(blank=True, null=True)),
                (
                    "new_email",
                    models.CharField(
                        blank=True,
                        help_text="Waits to be confirmed at this address.",
                        max_length=320,
                    ),
                ),
                ("address_changed_at", models.DateTimeField(editable=False, null=True)),
                ("bounce_score", models.FloatField(default=0)),
                ("bounced_on", models.DateField(blank=True, null=True)),
                (
                    "bounced_hard",
                    models.BooleanField(
                        default=False,
                        help_text="The hardest bounce of that day: at most one counts.",
                    ),
                ),
                ("created", models.DateTimeField(auto_now_add=True)),
                ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "topics",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Only pieces on these; none chosen: everything.",
                        to="articles.topic",
                    ),
                ),
            ],
            options={
                "ordering": ["-created", "-pk"],
                "permissions": [
                    ("export_subscriber", "Can take out the list of subscribers")
                ],
            },
        ),
        migrations.AddField(
            model_name="delivery",
            name="subscriber",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="deliveries",
                to="newsletter.subscriber",
            ),
        ),
        migrations.CreateModel(
            name="Subscription",
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
                ("created", models.DateTimeField(auto_now_add=True)),
                ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "newsletter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subscriptions",
                        to="newsletter.newsletter",
                    ),
                ),
                (
                    "subscriber",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="subscriptions",
                        to="newsletter.subscriber",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="subscriber",
            name="newsletters",
            field=models.ManyToManyField(
                related_name="subscribers",
                through="newsletter.Subscription",
                to="newsletter.newsletter",
            ),
        ),
        migrations.CreateModel(
            name="Signup",
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
                    "purpose",
                    models.CharField(
                        choices=[
                            ("subscribe", "to subscribe"),
                            ("preferences", "for a link to the preferences"),
                            ("address", "to change the address"),
                            ("moved", "to tell the old address"),
                        ],
                        default="subscribe",
                        max_length=12,
                    ),
                ),
                ("address", models.CharField(help_text="A keyed hash.", max_length=64)),
                (
                    "network",
                    models.CharField(
                        blank=True, help_text="A keyed hash.", max_length=64
                    ),
                ),
                (
                    "old_address",
                    models.CharField(
                        blank=True,
                        help_text="Only until the notice to it has gone.",
                        max_length=320,
                    ),
                ),
                ("analytics", models.BooleanField(default=False)),
                ("created", models.DateTimeField(auto_now_add=True)),
                (
                    "held",
                    models.BooleanField(
                        default=False,
                        help_text="No mail is sent: too many, or suppressed.",
                    ),
                ),
                ("mailed_at", models.DateTimeField(null=True)),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("newsletters", models.ManyToManyField(to="newsletter.newsletter")),
                (
                    "subscriber",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="signups",
                        to="newsletter.subscriber",
                    ),
                ),
                (
                    "wording",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="newsletter.wording",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ConsentRecord",
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
                    "action",
                    models.CharField(
                        choices=[
                            ("asked", "asked to subscribe"),
                            ("confirmed", "confirmed the address"),
                            ("subscribed", "subscribed"),
                            ("unsubscribed", "unsubscribed"),
                            ("analytics-granted", "agreed to analytics"),
                            ("analytics-denied", "refused analytics"),
                            ("address-changed", "changed the address"),
                            ("paused", "paused"),
                            ("resumed", "ended the pause"),
                            ("imported", "imported"),
                            ("suppressed", "suppressed"),
                            ("reinstated", "reinstated"),
                            ("erased", "erased"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("form", "signup form"),
                            ("confirmation", "confirmation page"),
                            ("preferences", "preference centre"),
                            ("page", "unsubscribe page"),
                            ("one-click", "one-click unsubscribe (RFC 8058)"),
                            ("complaint", "complaint to the provider"),
                            ("bounce", "returned messages"),
                            ("import", "import"),
                            ("desk", "editorial desk"),
                            ("time", "time that has passed"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        blank=True,
                        help_text="Where an imported consent was given, or by whom at the desk.",
                        max_length=200,
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "newsletter",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="newsletter.newsletter",
                    ),
                ),
                (
                    "subscriber",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consent",
                        to="newsletter.subscriber",
                    ),
                ),
                (
                    "wording",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="newsletter.wording",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="EditionItem",
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
                ("order", models.PositiveSmallIntegerField(default=0)),
                (
                    "section",
                    models.CharField(
                        blank=True,
                        help_text="The heading that it stands under.",
                        max_length=120,
                    ),
                ),
                (
                    "title",
                    models.CharField(
                        blank=True, help_text="Empty: the article's.", max_length=250
                    ),
                ),
                (
                    "teaser",
                    models.TextField(
                        blank=True,
                        help_text="Empty: the article's standfirst.",
                        max_length=600,
                    ),
                ),
                ("frozen", models.JSONField(editable=False, null=True)),
                (
                    "article",
                    models.ForeignKey(
                        limit_choices_to=newsletter.models.item.published_articles,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="articles.article",
                    ),
                ),
                (
                    "edition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="items",
                        to="newsletter.edition",
                    ),
                ),
            ],
            options={
                "ordering": ["order", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("edition", "article"),
                        name="unique_edition_item",
                        violation_error_message="This piece is in the edition already.",
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="link",
            constraint=models.UniqueConstraint(
                fields=("edition", "number"), name="unique_link"
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["edition", "kind"], name="event_by_edition"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["delivery", "at"], name="event_by_delivery"),
        ),
        migrations.AddIndex(
            model_name="edition",
            index=models.Index(fields=["state"], name="edition_by_state"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("claim", None)),
                fields=["edition", "due_at", "id"],
                name="delivery_waiting",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("lease_until__isnull", False)),
                fields=["lease_until"],
                name="delivery_in_flight",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state", "uncertain")),
                fields=["edition"],
                name="delivery_uncertain",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("remote_id", ""), _negated=True),
                fields=["remote_id"],
                name="delivery_by_remote_id",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                fields=("edition", "subscriber"), name="unique_delivery"
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.UniqueConstraint(
                fields=("newsletter", "subscriber"), name="unique_subscription"
            ),
        ),
        migrations.AddIndex(
            model_name="subscriber",
            index=models.Index(fields=["status"], name="subscriber_by_status"),
        ),
        migrations.AddIndex(
            model_name="signup",
            index=models.Index(fields=["address", "created"], name="signup_by_address"),
        ),
        migrations.AddIndex(
            model_name="signup",
            index=models.Index(fields=["network", "created"], name="signup_by_network"),
        ),
        migrations.AddIndex(
            model_name="signup",
            index=models.Index(fields=["created"], name="signup_by_time"),
        ),
        migrations.RunPython(create_first_rows, migrations.RunPython.noop),
        migrations.RunPython(make_append_only, make_changeable),
    ]
