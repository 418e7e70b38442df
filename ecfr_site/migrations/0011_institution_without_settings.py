from django.db import migrations


class Migration(migrations.Migration):
    """What moved to articles.EditorialPolicy and MailHold goes."""

    dependencies = [
        ("ecfr_site", "0010_mail_hold"),
        ("articles", "0006_editorial_policy"),
    ]

    operations = [
        migrations.RemoveField(model_name="institution", name="changed"),
        migrations.RemoveField(model_name="institution", name="checklist"),
        migrations.RemoveField(model_name="institution", name="embargoed_words"),
        migrations.RemoveField(model_name="institution", name="four_eyes"),
        migrations.RemoveField(model_name="institution", name="mail_held_since"),
    ]
