from django.conf import settings
from django.db import models


class AuditEntry(models.Model):
    """An entry of the audit log; the database refuses to change it."""

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
        "backup": "made a backup and verified it",
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

    readers_see = None

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
