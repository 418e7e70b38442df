"""Room for uploads: said at the field, before anything is saved."""

import errno
import os
import tempfile
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, Storage

OUT_OF_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}


def is_out_of_space(error: BaseException | None) -> bool:
    """Return whether a disk is full, or nothing may be written to it."""
    return isinstance(error, OSError) and error.errno in OUT_OF_SPACE


def refuse_without_room(file: File[Any], storage: Storage) -> None:
    """Raise ValidationError if a folder cannot take the file just now; writes it once.

    An object store is not asked.
    """
    if not isinstance(storage, FileSystemStorage):
        return
    try:
        os.makedirs(storage.location, exist_ok=True)
        with tempfile.TemporaryFile(dir=storage.location) as trial:
            for chunk in file.chunks():
                trial.write(chunk)
    except OSError as error:
        raise ValidationError(
            "The server has no room for this file: its disk is full, or cannot be "
            "written to. Tell whoever runs the site; nothing was saved."
        ) from error
    finally:
        file.seek(0)
