import logging
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import ERROR, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import InvalidStorageError, storages
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.migrations.recorder import MigrationRecorder
from django.http.request import split_domain_port, validate_host

from ecfr_site.database.squashed import find_unseen
from ecfr_site.monitoring.snapshot import Snapshot, run_checks

logger = logging.getLogger(__name__)

# Seconds that a start waits for the database.
PATIENCE = 2


@register(Tags.database)
def check_second_factor_groups(app_configs, databases, **kwargs):
    """A misspelt one would require it of nobody, in silence.

    Nothing is said of a database that does not answer, or has no groups yet.
    """
    # Models are not loaded yet where checks are named.
    from django.contrib.auth.models import Group

    from ecfr_site.accounts.second_factor import SUPERUSERS

    for database in databases or []:
        try:
            groups = set(Group.objects.using(database).values_list("name", flat=True))
        except DatabaseError:
            continue
        for name in settings.TWO_FACTOR_GROUPS:
            if groups and name not in groups | {SUPERUSERS}:
                yield Error(
                    f"TWO_FACTOR_GROUPS names “{name}”, and there is no such group.",
                    hint=f"There are: {', '.join(sorted(groups | {SUPERUSERS}))}.",
                    id="ecfr_site.E002",
                )


@register(Tags.security, deploy=True)
def check_groups_of_site(app_configs, **kwargs):
    """The same for `check --deploy`, which names no database."""
    return check_second_factor_groups(app_configs, [DEFAULT_DB_ALIAS])


@register(Tags.database)
def check_encoding(app_configs, databases, **kwargs):
    """Others lose letters, or refuse them when an editor saves."""
    for database in databases or []:
        if connections[database].vendor != "postgresql":
            continue
        with connections[database].cursor() as cursor:
            cursor.execute("SHOW server_encoding")
            [encoding] = cursor.fetchone()
        if encoding != "UTF8":
            yield Error(
                f"The database is in {encoding}, and must be in UTF8.",
                hint="Make another: createdb --encoding UTF8 --template template0 …",
                id="ecfr_site.E004",
            )


@register(Tags.security)
def check_names(app_configs, **kwargs):
    """A misspelt variable would leave its setting as it is, in silence."""
    for name, near in settings.MISSPELT_NAMES:
        yield Warning(
            f"{name} is in the environment, and the site knows no such setting.",
            hint=f"Is {near} meant?",
            id="ecfr_site.W001",
        )


@register(Tags.files)
def check_stores(app_configs, **kwargs):
    """Otherwise the first upload would tell."""
    stores = {"default": "MEDIA_STORAGE_URL", "private": "PRIVATE_STORAGE_URL"}
    for name, variable in stores.items():
        try:
            storages[name]
        except (ImproperlyConfigured, InvalidStorageError) as error:
            yield Error(
                f"{variable} names a store that cannot be used: {error}",
                hint="It needs the packages of requirements-s3.lock, and takes options "
                "of django-storages behind the question mark.",
                id="ecfr_site.E005",
            )


def refuse_faulty_settings():
    """Raise ImproperlyConfigured for settings that do not fit this site.

    For the web server, which runs no checks. A database that does not answer within
    PATIENCE seconds is no reason not to start.
    """
    for _, found, error in run_checks({"": Snapshot(_check_settings)}, PATIENCE):
        if error:
            logger.warning("The settings could not be checked.", exc_info=error)
        for message in found or []:
            if message.level >= ERROR:
                raise ImproperlyConfigured(str(message))
            logger.warning("%s", message)


def _check_settings():
    databases = [DEFAULT_DB_ALIAS]
    return [
        *check_site_address(None),
        *check_names(None),
        *check_second_factor_groups(None, databases),
        *check_encoding(None, databases),
    ]


@register(Tags.database)
def check_squashed_migrations(app_configs, databases, **kwargs):
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
def check_site_address(app_configs, **kwargs):
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
