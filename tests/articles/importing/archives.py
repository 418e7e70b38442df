"""Move small archives in, and see what became of them."""

import io
import zipfile

from django.apps import apps
from django.core import serializers

from articles.importing.mapping import Mapping
from articles.importing.pipeline import receive, run_step, set_mapping
from articles.models import ArchiveImport
from tests.articles.importing.wxr import export

State = ArchiveImport.State
# What is the import's own, is computed, or is a log of acts.
NOT_CONTENT = {
    *("articles.archiveimport", "articles.importeditem", "articles.oldaddress"),
    *("articles.searchword", "articles.relatedstatus", "ecfr_site.auditentry"),
    *("ecfr_site.contentversion", "ecfr_site.contenttag"),
    *("django_tasks_database.dbtaskresult", "sites.site"),
}


def finish(found):
    while run_step(found.pk):
        pass
    found.refresh_from_db()


def look(*parts, media=None, name="old.xml"):
    found = receive(export(*parts), name, None, "wordpress", media)
    finish(found)
    return found


def work(found, state):
    assert found.begin(state)
    finish(found)
    return found


def move_in(*parts, media=None, state=State.IMPORTING, **mapping):
    """Look and import; `mapping` corrects what is guessed."""
    found = look(*parts, media=media)
    set_mapping(found, Mapping(**{**found.mapping, **mapping}))
    return work(found, state)


def outcomes(found, kind="piece"):
    """{source id: outcome}"""
    return dict(found.items.filter(kind=kind).values_list("source_id", "outcome"))


def get_losses(found, kind="piece", source_id="1"):
    return found.items.get(kind=kind, source_id=source_id).losses


def pack(**files):
    """A ZIP archive of {name: content}."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    packed.seek(0)
    return packed


def dump():
    """Everything that the site holds, as text."""
    models = [m for m in apps.get_models() if m._meta.label_lower not in NOT_CONTENT]
    return {
        model._meta.label: serializers.serialize(
            "json", model._base_manager.order_by("pk"), indent=1
        )
        for model in models
    }
