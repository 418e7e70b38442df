import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("newsletter", "0002_writers_of_editions")]

    operations = [
        migrations.AddField(
            model_name="event",
            name="fault",
            field=models.CharField(
                blank=True, db_default="", default="", editable=False, max_length=10
            ),
        ),
        migrations.AddField(
            model_name="event",
            name="reason",
            field=models.CharField(
                blank=True, db_default="", default="", editable=False, max_length=60
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="fault",
            field=models.CharField(
                blank=True,
                db_default="",
                help_text="Whose fault that is (newsletter/bounces/answers.py).",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="edition",
            name="trouble_since",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="event",
            name="cost",
            field=models.FloatField(db_default=0, default=0, editable=False),
        ),
        migrations.CreateModel(
            name="DomainHold",
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
                ("because", models.CharField(max_length=300)),
                ("fault", models.CharField(max_length=10)),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                (
                    "edition",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="newsletter.edition",
                    ),
                ),
            ],
            options={
                "ordering": ["domain"],
            },
        ),
        migrations.CreateModel(
            name="SenderCheck",
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
                ("domain", models.CharField(max_length=255)),
                ("records", models.JSONField(default=list)),
                ("findings", models.JSONField(default=list)),
                ("checked_at", models.DateTimeField()),
                (
                    "newsletter",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sender_check",
                        to="newsletter.newsletter",
                    ),
                ),
            ],
            options={
                "ordering": ["newsletter"],
            },
        ),
        migrations.AddField(
            model_name="edition",
            name="tested_content",
            field=models.CharField(
                blank=True, db_default="", editable=False, max_length=64
            ),
        ),
    ]
