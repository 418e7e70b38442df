"""Declarations of the apps, collected by rooms that do not know them.

An app declares it in a module of an agreed name (docs/decisions/0028-rooms.md):
`periodic` (work that may be due), `metrics` (gauges and checks), `personal_data` (what
is stored of a colleague), `restored` (what a restored copy does first), `audit_log`
(what an entry may say to whom), `public_api` (what other programs may read), `webhooks`
(what they are told of), `article_clicks` (clicks in mails), `counted_pages` (whose
readers are counted).
"""

from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

from django.apps import apps
from django.utils.module_loading import module_has_submodule

OURS = ("ecfr_site", "authors", "articles", "newsletter")


def find_declarations(name: str) -> Iterator[ModuleType]:
    """Yield each of our apps' modules `name`, in the order of INSTALLED_APPS.

    Imports them at the first call, when models are loaded; their errors are raised.
    """
    for app in apps.get_app_configs():
        if app.name.split(".")[0] in OURS and module_has_submodule(app.module, name):
            yield import_module(f"{app.name}.{name}")
