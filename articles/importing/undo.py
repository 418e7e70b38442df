"""Take an import back: what it made goes, what it changed is as it was."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models.deletion import Collector, ProtectedError, RestrictedError

from articles.history.snapshot import forget_latest, write
from articles.importing.ledger import (
    IMPORTED,
    IMPORTED_AGAIN,
    Kind,
    Outcome,
    get_path,
    list_paths,
    make_mark,
)
from articles.importing.links import list_links
from articles.importing.portraits import take_back
from articles.models import (
    ArchiveImport,
    Article,
    Attachment,
    AttachmentText,
    ImportedItem,
)
from articles.webhooks import remember_imported
from authors.models import Author
from ecfr_site.images.models import Image
from ecfr_site.redirects.table import own_redirects

# Rows that the site itself makes of an article or an author; any other shows that
# somebody has used it since.
_OWN = {
    *("articles.byline", "articles.searchtext", "articles.relatedarticle"),
    *("articles.relatedstatus", "articles.document", "articles.attachment"),
    *("articles.link_articles", "articles.article_topics"),
    *("articles.article_programmes", "articles.article_body_images"),
    *("authors.authorlink", "authors.position"),
}
# Of an article its own, of a topic or a programme a use.
_FILED = {"articles.article_topics", "articles.article_programmes"}
CHANGED = "It has been changed here since."


def find_uses(found: ArchiveImport) -> dict[str, str]:
    """{address: title of an article that links to it} of all articles but those that
    the import made or updated; reads all texts."""
    left = (Outcome.UNCHANGED, Outcome.SKIPPED)
    rows = found.items.filter(kind=Kind.PIECE, target__isnull=False)
    others = Article.objects.exclude(
        pk__in=rows.exclude(outcome__in=left).values("target")
    )
    texts = others.filter(body__contains="<a ").order_by().values_list("title", "body")
    return {
        href.partition("#")[0].removeprefix(settings.SITE_URL): title
        for title, body in texts.iterator()
        for href in list_links(body)
    }


def undo_item(row: ImportedItem, uses: dict[str, str]) -> None:
    """Undo one item, and say in its row what came of it. In a transaction.

    uses: what `find_uses` returns.
    """
    instance = row.find_target()
    if row.outcome == Outcome.UNCHANGED:
        _remove_redirects(row, instance)
    elif instance is None:
        _remove_redirects(row, None)
        _note(row, Outcome.UNDONE)
    elif make_mark(instance) != row.mark or _has_other_positions(row, instance):
        _note(row, Outcome.KEPT, CHANGED)
    elif row.outcome == Outcome.UPDATED:
        _restore(row, instance)
        _note(row, Outcome.UNDONE)
    elif isinstance(instance, Attachment):
        _note(row, Outcome.KEPT, f"It belongs to {instance.article}.")
    else:
        if isinstance(instance, Image):
            take_back(instance)
        if reason := _get_link(instance, uses) or _get_use(instance):
            _note(row, Outcome.KEPT, reason)
        else:
            _delete(row, instance)


def _has_other_positions(row: ImportedItem, instance: models.Model) -> bool:
    """An author's positions are not as many as after the import."""
    return isinstance(instance, Author) and instance.positions.count() != row.data.get(
        "positions", 0
    )


def _note(row: ImportedItem, outcome: str, reason: str = "") -> None:
    row.outcome, row.reason = outcome, reason[:300]
    row.save(update_fields=["outcome", "reason", "data"])


def name_broken_links(found: ArchiveImport) -> None:
    """Say of the pieces that were kept which of their links lead to what went."""
    undone = found.items.filter(outcome=Outcome.UNDONE, data__has_key="went")
    rows = undone.values_list("data", flat=True)
    went = {path for data in rows for path in data["went"]}
    for row in found.items.filter(kind=Kind.PIECE, outcome=Outcome.KEPT):
        article = row.find_target()
        links = list_links(article.body) if isinstance(article, Article) else []
        lost = [href for href in links if href.partition("#")[0] in went]
        row.losses += [f"link to {href[:300]}, which was deleted" for href in lost]
        row.save(update_fields=["losses"])


def _get_link(instance: models.Model, uses: dict[str, str]) -> str:
    """A sentence on who links to it or to a file that it offers; empty for nobody."""
    paths = [get_path(each) for each in (instance, *_list_attached(instance))]
    title = next((uses[path] for path in paths if path in uses), None)
    return "" if title is None else f"“{title}” links to it."


def _get_use(instance: models.Model) -> str:
    """A sentence on what somebody has made of it since; empty for nothing."""
    collector = Collector(using="default", origin=instance)
    try:
        collector.collect([instance])
    except (ProtectedError, RestrictedError) as error:
        held_by = next(iter(getattr(error, "protected_objects", [])), None)
        return f"In use here: {held_by}."[:300]
    found = {row for rows in collector.data.values() for row in rows} - {instance}
    models_found = {type(row) for row in found}
    models_found |= {rows.model for rows in collector.fast_deletes if rows.exists()}
    own = _OWN if isinstance(instance, Article) else _OWN - _FILED
    strange = [m for m in models_found if m._meta.label_lower not in own]
    for (field, _), several in collector.field_updates.items():
        if any(map(_is_there, several)):
            strange.append(field.model)
    if strange:
        return f"In use here: {strange[0]._meta.verbose_name_plural}."
    return ""


def _is_there(rows: Any) -> bool:
    """Return whether there are any, of a queryset or of instances."""
    return rows.exists() if isinstance(rows, models.QuerySet) else bool(rows)


def _delete(row: ImportedItem, instance: models.Model) -> None:
    _remove_redirects(row, instance)
    number, files = instance.pk, _list_files(instance)
    row.data["went"] = [get_path(instance), *map(get_path, _list_attached(instance))]
    try:
        with transaction.atomic():
            if isinstance(instance, Article):
                forget_latest(instance, IMPORTED)
            instance.delete()
    except ProtectedError:
        # An image that a text shows.
        _note(row, Outcome.KEPT, "An article shows it.")
        return
    if isinstance(instance, Article):
        remember_imported([number])
    AttachmentText.objects.forget_files(files)
    # Later imports of the source find it no longer, and make it anew.
    ImportedItem.objects.filter(model=row.model, target=number).update(target=None)
    _note(row, Outcome.UNDONE)


def _list_files(instance: models.Model) -> list[str]:
    """The names of the stored files that it offers."""
    return [str(attachment.file.name) for attachment in _list_attached(instance)]


def _list_attached(instance: models.Model) -> list[Attachment]:
    return list(instance.attachments.all()) if isinstance(instance, Article) else []


def _restore(row: ImportedItem, instance: models.Model) -> None:
    before, files = row.before or {}, _list_files(instance)
    if isinstance(instance, Article):
        instance.state = before["state"]
        featured_at = before["featured_at"]
        instance.featured_at = featured_at and datetime.fromisoformat(featured_at)
        forget_latest(instance, IMPORTED_AGAIN)
        write(before["content"], instance)
        changed = datetime.fromisoformat(before["changed"])
        Article.objects.filter(pk=instance.pk).update(changed=changed)
        remember_imported([instance.pk])
        instance.changed = changed
    else:
        for name, value in before.items():
            setattr(instance, name, value)
        instance.save()
    AttachmentText.objects.forget_files(files)
    _remove_redirects(row, instance)
    # So that the import before this one can be undone as well.
    earlier = ImportedItem.objects.about(instance).filter(pk__lt=row.pk)
    earlier.update(mark=make_mark(instance))


def _remove_redirects(row: ImportedItem, instance: models.Model | None) -> None:
    """Remove those that the import made, and that nobody leads elsewhere by now."""
    paths = row.addresses.filter(is_redirect=True).values_list("path", flat=True)
    redirects = own_redirects().filter(old_path__in=list(paths))
    if instance is not None:
        redirects = redirects.filter(new_path__in=list_paths(instance))
    redirects.delete()
    row.addresses.filter(is_redirect=True).update(is_redirect=False)
