from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import Error, Tags, register
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder
from django.http.request import split_domain_port, validate_host

from ecfr_site.database.squashed import find_unseen


@register(Tags.database)
def groups_that_need_a_second_factor_exist(app_configs, databases, **kwargs):
    """A misspelt one would require it of nobody, in silence."""
    # Models are not loaded yet where checks are named.
    from django.contrib.auth.models import Group

    from ecfr_site.accounts.second_factor import SUPERUSERS

    for database in databases or []:
        tables = connections[database].introspection.table_names()
        if Group._meta.db_table not in tables or not Group.objects.exists():
            continue
        known = {*Group.objects.values_list("name", flat=True), SUPERUSERS}
        for name in settings.TWO_FACTOR_GROUPS:
            if name not in known:
                yield Error(
                    f"TWO_FACTOR_GROUPS names “{name}”, and there is no such group.",
                    hint=f"There are: {', '.join(sorted(known))}.",
                    id="ecfr_site.E002",
                )


@register(Tags.database)
def database_has_seen_what_was_squashed(app_configs, databases, **kwargs):
    """Django would stop with an error that says nothing of the reason."""
    for database in databases or []:
        applied = MigrationRecorder(connections[database]).applied_migrations()
        if unseen := find_unseen(applied):
            yield Error(
                "This database is of before version 0.9 and cannot be upgraded to it "
                f"at once: it has not seen {'.'.join(unseen)}.",
                hint="Upgrade it to the last version before 0.9 first.",
                id="ecfr_site.E003",
            )


@register(Tags.security)
def site_answers_at_its_own_address(app_configs, **kwargs):
    """Otherwise links to our own pages would all look sound, and lead to an error."""
    host, _ = split_domain_port(urlsplit(settings.SITE_URL).netloc)
    allowed = settings.ALLOWED_HOSTS
    if settings.DEBUG and not allowed:
        # As HttpRequest.get_host has it.
        allowed = [".localhost", "127.0.0.1", "[::1]"]
    if not host or not validate_host(host, allowed):
        yield Error(
            f"The site does not answer at its own address, SITE_URL "
            f"({settings.SITE_URL}): its host is not in ALLOWED_HOSTS.",
            hint="Set SITE_URL to the address that readers use, and put its host into "
            "ALLOWED_HOSTS.",
            id="ecfr_site.E001",
        )
