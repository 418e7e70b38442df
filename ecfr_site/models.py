from django.conf import settings
from django.db import models
from django.utils import timezone


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
    """What the site says of its owner. There is one row, edited in the admin."""

    name = models.CharField(
        max_length=200, default="Meridian Council on European Affairs"
    )
    short_name = models.CharField(max_length=60, default="Meridian Council")
    strapline = models.CharField(
        max_length=200,
        blank=True,
        help_text="One sentence, for the home page and search engines.",
    )
    disclaimer = models.TextField(
        blank=True,
        help_text="Stands under every publication that has no disclaimer of its own.",
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


class AuditEntry(models.Model):
    """Who did what to which object when; the database refuses to change it."""

    # How the log says it: "ada … something".
    ACTIONS = {
        "sign-in": "signed in",
        "sign-in-refused": "was refused to sign in",
        "locked-out": "was locked out",
        "sign-out": "signed out",
        "password": "set a password",
        "two-factor": "changed two-factor sign-in",
        "account": "made an account",
        "rights": "changed rights",
        "add": "added",
        "change": "changed",
        "delete": "deleted",
        "submit": "submitted for review",
        "return_to_author": "returned to the author",
        "approve": "approved",
        "publish": "published",
        "schedule": "scheduled",
        "unschedule": "took off the schedule",
        "withdraw": "withdrew",
        "feature": "let lead the home page",
        "discard": "discarded changes",
        "send": "newsletter sending",
        "export": "exported",
        "erase": "erased",
        "import": "imported",
        "prune": "removed old entries",
        "restore": "restored a backup",
    }

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    # Names are kept as they were, since accounts and objects may go.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        null=True,
        db_constraint=False,
        related_name="+",
    )
    who = models.CharField(max_length=200, blank=True)
    action = models.CharField(max_length=40, db_index=True)
    kind = models.CharField(max_length=100, blank=True)
    object_id = models.CharField(max_length=64, blank=True)
    what = models.CharField(max_length=300, blank=True)
    detail = models.TextField(blank=True)
    address = models.GenericIPAddressField("network address", null=True)

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name_plural = "audit log"
        permissions = [("export_auditentry", "Can export the audit log")]
        default_permissions = ["view"]
        indexes = [models.Index(fields=["kind", "object_id"], name="audit_by_object")]

    def __str__(self):
        return f"{self.who} {self.words}: {self.what}"

    @property
    def words(self):
        return self.ACTIONS.get(self.action, self.action)


class SiteEdition(models.Model):
    """How often what readers see has changed; one row, which the database counts.

    Pages are kept under this number (site_edition.py, page_cache.py).
    """

    number = models.BigIntegerField(default=0)

    def __str__(self):
        return str(self.number)
