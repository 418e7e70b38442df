"""The colleague who did something, as a column: known until the account is deleted."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models


def build_actor_field(**options: Any) -> "models.ForeignKey[User | None, User | None]":
    """A foreign key without a way back from the account."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        **options,
    )
