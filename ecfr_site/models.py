"""The models of the rooms, under the app label they all have."""

from ecfr_site.audit.models import AuditEntry
from ecfr_site.caching.models import ContentVersion
from ecfr_site.institution.models import Institution

__all__ = ["AuditEntry", "Institution", "ContentVersion"]
