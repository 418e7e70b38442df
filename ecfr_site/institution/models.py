from django.db import models
from django.utils import timezone

from ecfr_site.caching.triggers import Seen


class InstitutionManager(models.Manager):
    def current(self):
        """The institution whose site this is; unsaved defaults before anyone set it."""
        return self.first() or Institution()

    def mail_is_held(self):
        return self.filter(mail_held_since__isnull=False).exists()

    def hold_mail(self):
        if not self.exists():
            Institution().save()
        # Nothing else of it: articles are checked again when it changes.
        self.update(mail_held_since=timezone.now())

    def release_mail(self):
        """Let mail go out again; return whether it was held."""
        return bool(
            self.filter(mail_held_since__isnull=False).update(mail_held_since=None)
        )


class Institution(models.Model):
    """The institution that publishes this site: one row, edited in the admin."""

    name = models.CharField(
        max_length=200, default="Meridian Council on European Affairs"
    )
    short_name = models.CharField(max_length=60, default="Meridian Council")
    strapline = models.CharField(
        max_length=200,
        blank=True,
        help_text="One sentence for the home page and search engines.",
    )
    disclaimer = models.TextField(
        blank=True,
        help_text="Shown under every publication that has no disclaimer of its own.",
    )
    email = models.EmailField("e-mail address", blank=True)
    postal_address = models.TextField(blank=True)

    # How the desk works
    four_eyes = models.BooleanField(
        "four eyes",
        default=False,
        help_text="Nobody approves or publishes own work alone: "
        "a second person reads what goes live.",
    )
    checklist = models.JSONField(default=dict, editable=False)
    embargoed_words = models.TextField(
        blank=True,
        help_text="One a line: names and titles that must not go live yet. "
        "Whole words; capitals do not matter.",
    )
    # What is asked of articles may be another since.
    changed = models.DateTimeField(auto_now=True, null=True)

    # A restored copy sends nothing until somebody says that it is the site now.
    mail_held_since = models.DateTimeField(null=True, editable=False)

    readers_see = Seen(
        unseen=(
            "changed",
            "checklist",
            "embargoed_words",
            "four_eyes",
            "mail_held_since",
        )
    )

    objects = InstitutionManager()

    class Meta:
        verbose_name = "institution"
        verbose_name_plural = "institution"
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="one_institution")
        ]

    def __str__(self):
        return self.name

    def save(self, *args, **kwargs):
        self.pk = 1
        super().save(*args, **kwargs)
