from django.conf import settings
from django.db import migrations


class Migration(migrations.Migration):
    """An e-mail address belongs to one account, however it is written.

    Whoever reads its mail can set a password. The table is Django's, hence SQL; both
    databases know indexes of expressions.
    """

    dependencies = [
        ("ecfr_site", "0005_audit_is_append_only"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(
            "CREATE UNIQUE INDEX auth_user_one_an_address ON auth_user (LOWER(email)) "
            "WHERE email <> ''",
            "DROP INDEX auth_user_one_an_address",
        )
    ]
