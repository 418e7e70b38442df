"""What the audit log says is never changed or removed, whoever asks.

Triggers in the database refuse it. `prune_audit` alone takes them away for a moment.
"""

from django.db import migrations

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
    dependencies = [("ecfr_site", "0004_desk_groups")]

    operations = [migrations.RunPython(make_append_only, make_changeable)]
