"""Migrations that were squashed and are no longer in the code."""

from django.db.migrations.loader import MigrationLoader


def squashed_migrations():
    """The migrations in the code that replace some that are not."""
    disk = MigrationLoader(None).disk_migrations
    return [found for found in disk.values() if set(found.replaces) - disk.keys()]


def find_unseen(applied):
    """Return the first replaced migration that a database lacks, or None.

    applied: (app, name) of those that it has. One that has all of them, or none, can be
    migrated; Django stops at any other, and does not say why.
    """
    missing = [
        set(found.replaces) - set(applied)
        for found in squashed_migrations()
        if set(found.replaces) & set(applied)
    ]
    return min(set().union(*missing), default=None)
