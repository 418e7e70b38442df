"""Attachments leave the media folder, where anybody could fetch them.

Works through the storages, whichever they are. May be stopped at any moment and run
again: a file goes from the old place only after all of it is in the new one. A file
that is missing is not missed here; its page says so, as before.
"""

import logging
from contextlib import suppress

import django.core.validators
from django.core.files.storage import default_storage
from django.db import migrations

import articles.models.attachment
import ecfr_site.storage.private
from ecfr_site.storage.private import private_storage

FOLDER = "attachments"
logger = logging.getLogger(__name__)


def move_files(apps, schema_editor):
    move(default_storage, private_storage())


def move_back(apps, schema_editor):
    move(private_storage(), default_storage)


def move(old, new):
    for name in list(names_below(old, FOLDER)):
        try:
            move_one(old, new, name)
        except OSError:
            # One unreadable file must not keep the site from its update.
            logger.exception("%s could not be moved; move it by hand.", name)


def move_one(old, new, name):
    if new.exists(name) and new.size(name) != old.size(name):
        # A move that was stopped has left half of it.
        new.delete(name)
    if not new.exists(name):
        with old.open(name) as file:
            new.save(name, file)
    old.delete(name)


def names_below(storage, folder):
    with suppress(FileNotFoundError, NotADirectoryError):
        folders, files = storage.listdir(folder)
        for name in files:
            yield f"{folder}/{name}"
        for name in folders:
            yield from names_below(storage, f"{folder}/{name}")


class Migration(migrations.Migration):
    dependencies = [("articles", "0002_editorial_desk")]

    operations = [
        migrations.AlterField(
            model_name="attachment",
            name="file",
            field=articles.models.attachment.ProtectedFileField(
                db_index=True,
                storage=ecfr_site.storage.private.private_storage,
                upload_to="attachments/%Y/%m",
                validators=[
                    django.core.validators.FileExtensionValidator(["pdf"]),
                    articles.models.attachment.validate_pdf,
                ],
            ),
        ),
        migrations.RunPython(move_files, move_back),
    ]
