"""Uploaded files in an object store that speaks S3, for several machines.

Needs requirements-s3.lock; the keys are where boto3 looks for them, as in
AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
"""

import mimetypes
from typing import Any, NoReturn
from urllib.parse import urljoin

from botocore.config import Config
from django.conf import settings
from django.utils.encoding import filepath_to_uri
from storages.backends.s3 import S3Storage

YEAR = 365 * 24 * 3600

# What is not known to every Python and machine would be sent as a mere file.
mimetypes.add_type("image/avif", ".avif")
mimetypes.add_type("image/webp", ".webp")


# django-storages has no types.
class ObjectStore(S3Storage):  # type: ignore[misc]
    """One folder of a bucket, whose own rules decide who may read there."""

    client_config: Config

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # Somebody waits for it: seconds, not minutes.
        self.client_config = self.client_config.merge(
            Config(
                connect_timeout=3,
                read_timeout=15,
                retries={"total_max_attempts": 3},
            )
        )

    def get_default_settings(self) -> dict[str, Any]:
        defaults: dict[str, Any] = super().get_default_settings()
        return defaults | {
            "file_overwrite": False,
            # What is read is kept in memory up to this size, in bytes.
            "max_memory_size": 5 * 1024 * 1024,
        }


class PublicObjects(ObjectStore):
    """Images. Their addresses stay `/media/…`, which the web server passes on.

    So texts that show them do not change when the store does, and readers' browsers ask
    nobody but the site.
    """

    def url(self, name: str, *args: Any, **kwargs: Any) -> str:
        return urljoin(settings.MEDIA_URL, filepath_to_uri(name))

    def get_object_parameters(self, name: str) -> dict[str, str]:
        # Their names change with their content (docs/decisions/0006-renditions.md).
        if "/renditions/" in f"/{name}":
            return {"CacheControl": f"public, max-age={YEAR}, immutable"}
        return {}


class PrivateObjects(ObjectStore):
    """Attachments: a view decides who gets them and sends them itself."""

    def url(self, name: str, *args: Any, **kwargs: Any) -> NoReturn:
        raise ValueError("A private file has no address of its own.")
