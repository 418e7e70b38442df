"""Register each room's admin, and take packages' models off the desk."""

from django.contrib import admin
from django.contrib.sites.models import Site
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_tasks_db.models import DBTaskResult

import ecfr_site.accounts.admin
import ecfr_site.api.webhooks.admin
import ecfr_site.audit.admin
import ecfr_site.institution.admin
import ecfr_site.pages.admin
import ecfr_site.redirects.admin  # noqa: F401

# What editors have no use for: the address comes from the environment, the queue is for
# operators, who have the command line, and secrets are nobody's but their owner's.
for model in (Site, DBTaskResult, TOTPDevice, StaticDevice):
    admin.site.unregister(model)
