"""Models with one row: settings and states of the whole site."""

from typing import Any, TypeVar

from django.db import models

Row = TypeVar("Row", bound="SingletonModel")


class SingletonManager(models.Manager[Row]):
    def current(self) -> Row:
        """The row; unsaved defaults before anyone saved it. One query."""
        return self.first() or self.model()


class SingletonModel(models.Model):
    """Has the primary key 1 and no other, which the database makes sure of.

    A Meta of its own inherits from SingletonModel.Meta, or it loses the constraint.
    """

    objects = SingletonManager()

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="one_%(class)s")
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.pk = 1
        super().save(*args, **kwargs)
