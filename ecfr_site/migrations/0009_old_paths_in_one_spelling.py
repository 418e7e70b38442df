from django.core.exceptions import ValidationError
from django.db import migrations

from ecfr_site.redirects.paths import canonical_path


def spell_old_paths(apps, schema_editor):
    """Write each old address as it is looked up from now on.

    Of two rows for one address that stays which readers could reach until now.
    """
    redirects = apps.get_model("redirects", "Redirect").objects
    rows = redirects.order_by("pk").values_list("pk", "site", "old_path")
    for pk, site, old_path in rows.iterator():
        try:
            spelt = canonical_path(old_path)
        except ValidationError:
            continue  # No browser can ask for it; an editor may still correct it.
        if spelt == old_path:
            continue
        if redirects.filter(site=site, old_path=spelt).exists():
            redirects.filter(pk=pk).delete()
        else:
            redirects.filter(pk=pk).update(old_path=spelt)


class Migration(migrations.Migration):
    dependencies = [
        ("ecfr_site", "0008_mail_held"),
        ("redirects", "0002_alter_redirect_new_path_help_text"),
    ]

    operations = [
        migrations.RunPython(spell_old_paths, migrations.RunPython.noop, elidable=True)
    ]
