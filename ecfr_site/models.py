"""The models of the rooms, under the app label they all have."""

from ecfr_site.accounts.models import Passkey
from ecfr_site.audit.models import AuditEntry
from ecfr_site.caching.models import ContentVersion
from ecfr_site.institution.models import Institution
from ecfr_site.mail.models import MailHold

__all__ = ["AuditEntry", "Institution", "MailHold", "ContentVersion", "Passkey"]
