"""Uploaded files that have no public address: a view decides who gets them."""

import os
from typing import NoReturn

from django.conf import settings
from django.core.files.storage import FileSystemStorage, Storage, storages


class PrivateStorage(FileSystemStorage):
    """Files in `PRIVATE_ROOT`, which no web server serves."""

    @property
    def base_location(self) -> str:
        return str(settings.PRIVATE_ROOT)

    @property
    def location(self) -> str:
        return os.path.abspath(self.base_location)

    def url(self, name: str | None) -> NoReturn:
        raise ValueError("A private file has no address of its own.")


def only_for_its_owner(path: str, flags: int) -> int:
    """For `open(…, opener=…)`: a file that nobody else on the machine reads."""
    return os.open(path, flags, mode=0o600)


def private_storage() -> Storage:
    return storages["private"]
