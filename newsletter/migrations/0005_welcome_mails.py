import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import ecfr_site.richtext.fields


class Migration(migrations.Migration):
    dependencies = [
        ("newsletter", "0004_words_of_readers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="WelcomeMail",
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
                        help_text="Subscribers with another language get the mail in the newsletter’s language.",
                        max_length=10,
                    ),
                ),
                (
                    "subject",
                    models.CharField(
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
                ("body", ecfr_site.richtext.fields.RichTextField(verbose_name="text")),
                (
                    "with_latest_edition",
                    models.BooleanField(
                        default=True,
                        help_text="After the text, once the newsletter has an edition.",
                        verbose_name="link to the latest edition",
                    ),
                ),
                (
                    "active",
                    models.BooleanField(
                        default=False,
                        help_text="To everybody who confirms a subscription from now on, once. A change of the text concerns only mails that have not been sent.",
                        verbose_name="send it",
                    ),
                ),
                ("changed", models.DateTimeField(auto_now=True)),
            ],
            options={
                "ordering": ["newsletter", "language"],
            },
        ),
        migrations.AddField(
            model_name="delivery",
            name="added_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="edition",
            name="is_welcome",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.AddConstraint(
            model_name="edition",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_welcome", True)),
                fields=("newsletter",),
                name="unique_welcome_edition",
            ),
        ),
        migrations.AddField(
            model_name="welcomemail",
            name="newsletter",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="welcome_mails",
                to="newsletter.newsletter",
            ),
        ),
        migrations.AddConstraint(
            model_name="welcomemail",
            constraint=models.UniqueConstraint(
                fields=("newsletter", "language"),
                name="unique_welcome_mail",
                violation_error_message="This newsletter has a welcome mail in this language already. Change that one.",
            ),
        ),
    ]
