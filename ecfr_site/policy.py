"""The content security policy of the desk, for views that answer in its look."""

from csp.decorators import csp_replace
from django.conf import settings

admin_policy = csp_replace(settings.ADMIN_CONTENT_SECURITY_POLICY)
