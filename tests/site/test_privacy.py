"""docs/privacy.md names whatever is stored of people."""

import re

from django.apps import apps
from django.conf import settings

# Texts, settings and machinery.
OF_NOBODY = {
    "AccessAttemptExpiration",
    "Article",
    "Attachment",
    "ContentType",
    "Edition",
    "EditionItem",
    "FlatPage",
    "Group",
    "Heartbeat",
    "Image",
    "Institution",
    "Link",
    "Newsletter",
    "Pace",
    "Permission",
    "Programme",
    "Redirect",
    "Site",
    "SiteEdition",
    "Topic",
}
# Nothing is written into them: their logs are turned off, and tested to be.
UNUSED = {"AccessFailureLog", "AccessLog"}


def named():
    text = (settings.BASE_DIR / "docs" / "privacy.md").read_text()
    return set(re.findall(r"`([A-Z]\w+[a-z])`", text))


def test_every_model_is_in_the_table_or_tells_of_nobody():
    models = {model.__name__ for model in apps.get_models()}

    assert models == named() | OF_NOBODY | UNUSED


def test_sign_ins_are_in_the_audit_log_alone():
    assert settings.AXES_DISABLE_ACCESS_LOG
    assert not getattr(settings, "AXES_ENABLE_ACCESS_FAILURE_LOG", False)


def test_the_periods_are_those_of_the_settings():
    text = (settings.BASE_DIR / "docs" / "privacy.md").read_text()

    for name in ("LEFT_KEPT_DAYS", "READING_KEPT_DAYS", "PREVIEWS_KEPT_DAYS"):
        days = re.search(rf"(\d+) days[^|]*\(`{name}`\)", text)[1]
        assert getattr(settings, name) == int(days)
