import django.db.models.deletion
from django.db import migrations, models
from django.utils.translation import gettext, override

LANGUAGES = ["de", "es", "fr", "it", "pl"]
# As 0001 has it, translated in newsletter/locale.
STANDARD = {
    "invitation": "Subscribe to our weekly newsletter",
    "promise": "We store your e-mail address to send you the newsletter, and, only if you "
    "agree, how you use it. You can unsubscribe or opt out at any time.",
    "analytics": "Yes, you may note which of your mailings I open and which links I "
    "follow, to learn what is useful to readers.",
}


def translate_standard_wording(apps, schema_editor):
    """Offer it in each language, where the English one has not been rewritten."""
    wordings = apps.get_model("newsletter", "Wording").objects
    english = wordings.filter(language="en").order_by("-pk").first()
    if english is None or any(
        getattr(english, name) != text for name, text in STANDARD.items()
    ):
        return
    for language in LANGUAGES:
        if wordings.filter(language=language).exists():
            continue
        with override(language):
            texts = {name: gettext(text) for name, text in STANDARD.items()}
        wordings.create(language=language, **texts)


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0003_ends_of_editions")]

    operations = [
        migrations.RunPython(translate_standard_wording, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="consentrecord",
            name="method",
            field=models.CharField(
                choices=[
                    ("form", "sign-up form"),
                    ("confirmation", "confirmation page"),
                    ("preferences", "preference centre"),
                    ("page", "unsubscribe page"),
                    ("one-click", "one-click unsubscribe (RFC 8058)"),
                    ("mail", "unsubscribe e-mail"),
                    ("complaint", "complaint to the provider"),
                    ("bounce", "bounced messages"),
                    ("import", "import"),
                    ("desk", "editorial desk"),
                    ("time", "lapse of time"),
                ],
                max_length=20,
            ),
        ),
        migrations.CreateModel(
            name="LeavingReason",
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
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("too-many", "Too many e-mails"),
                            ("topics", "The topics do not interest me"),
                            ("never-asked", "I never signed up"),
                            ("elsewhere", "I read you elsewhere"),
                            ("other", "Another reason"),
                        ],
                        max_length=20,
                    ),
                ),
                ("text", models.TextField(blank=True, max_length=500)),
                ("at", models.DateTimeField(auto_now=True)),
                (
                    "newsletter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="leaving_reasons",
                        to="newsletter.newsletter",
                    ),
                ),
                (
                    "subscriber",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="leaving_reasons",
                        to="newsletter.subscriber",
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("subscriber", "newsletter"),
                        name="unique_leaving_reason",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="MailRequest",
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
                    "sender",
                    models.CharField(max_length=320, unique=True, verbose_name="from"),
                ),
                ("subject", models.CharField(blank=True, max_length=200)),
                ("received", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "verbose_name": "request to unsubscribe",
                "verbose_name_plural": "requests to unsubscribe",
                "ordering": ["-received", "-pk"],
            },
        ),
    ]
