"""Save people and terms: authors, topics, regions and programmes."""

from typing import Any

from articles.importing.job_titles import find_in_description
from articles.importing.ledger import (
    Context,
    Kind,
    Outcome,
    digest,
    get_refusal,
    leave_alone,
    make_mark,
    point,
    read_edited,
)
from articles.importing.mapping import KIND, PROGRAMME
from articles.importing.positions import save_positions
from articles.importing.records import PersonRecord, TermRecord
from articles.importing.words import cut, read_text
from articles.models import ImportedItem, Topic
from articles.models import Kind as ArticleKind
from articles.models.taxonomy import MAX_DEPTH
from authors.models import Author, AuthorLink, Programme
from ecfr_site.richtext.losses import find_losses
from ecfr_site.richtext.plain_text import web_address
from ecfr_site.richtext.sanitizer import sanitise


def describe_person(record: PersonRecord, context: Context) -> dict[str, Any]:
    """The columns of their row that hold whatever becomes of them."""
    portrait = {"portrait": record.portrait} if record.portrait else {}
    data = {"logins": _list_logins(record), **portrait}
    return {"title": record.name[:250], "data": data}


def save_person(
    record: PersonRecord, earlier: ImportedItem | None, context: Context
) -> ImportedItem:
    """The author of the record: a new one, one who is there, or one who is joined."""
    row = context.build_row(
        Kind.PERSON,
        record.source_id,
        losses=list(record.losses),
        **describe_person(record, context),
    )
    if said := find_in_description(record.biography, record.name):
        row.data["said"] = said
    biography = sanitise(record.biography)
    row.losses += find_losses(record.biography)
    joined = _find_joined(record, context)
    if joined:
        row.outcome, row.reason = Outcome.UNCHANGED, f"Matched with {joined}."[:300]
        if biography and not joined.biography:
            _fill_biography(joined, biography, context)
        _add_positions(row, record, joined, context)
        return _point(row, joined)
    if record.email:
        row.losses.append("e-mail address, which readers would see")
    name, rest = cut(record.name, _length(Author, "name"))
    if rest:
        row.losses.append(f"the end of the name (“{rest}”)")
    values = {"name": name, "biography": biography}
    website = web_address(record.website)[:200]
    author = _save(
        row, earlier, Author, values, context, {"standing": Author.Standing.GUEST}
    )
    if website and row.outcome == Outcome.CREATED and not context.is_trial:
        AuthorLink.objects.create(author=author, label="Website", url=website)
    _add_positions(row, record, author, context)
    return row


def _add_positions(row, record, author, context):
    if author is None:
        return
    added, losses = save_positions(record, author, context)
    row.losses += losses
    if not context.is_trial:
        row.data["positions"] = author.positions.count()
    if added:
        row.reason = f"{row.reason} Positions added: {added}.".strip()[:300]


def _list_logins(record: PersonRecord) -> list[str]:
    names = (*record.logins, record.slug, record.source_id)
    return list(dict.fromkeys(name for name in names if name))


def _find_joined(record: PersonRecord, context: Context) -> Author | None:
    """The author whom the mapping says, or who has the same login in this archive."""
    if chosen := context.mapping.people.get(record.source_id):
        return Author.objects.filter(pk=chosen).first()
    for login in record.logins:
        same = context.people.get(login)
        if same and same.source_id != record.source_id and same.is_here:
            if context.is_trial and same.target is None:
                return Author(name=same.title)
            return Author.objects.filter(pk=same.target or 0).first()
    return None


def _fill_biography(author: Author, biography: str, context: Context) -> None:
    """Add it to somebody whom the archive has twice; who was here is left alone."""
    if context.is_trial:
        return
    rows = ImportedItem.objects.about(author)
    own = rows.filter(source=context.source, mark=make_mark(author))
    if own.exclude(digest="").exists():
        author.biography = biography
        author.save()
        rows.filter(source=context.source).update(mark=make_mark(author))


def describe_term(record: TermRecord, context: Context) -> dict[str, Any]:
    """The columns of its row that hold whatever becomes of it."""
    return {
        "title": record.name[:250],
        "data": {
            "taxonomy": record.taxonomy,
            "slug": record.slug,
            "parent": record.parent,
        },
    }


def save_term(
    record: TermRecord, earlier: ImportedItem | None, context: Context
) -> ImportedItem:
    """The topic, region or programme that the mapping makes of the term."""
    row = context.build_row(
        Kind.TERM, record.source_id, **describe_term(record, context)
    )
    chosen, number = context.mapping.find_class(record.taxonomy, record.source_id)
    if not chosen:
        row.outcome, row.reason = Outcome.SKIPPED, "The mapping leaves it out."
        return row
    row.data["becomes"] = chosen
    if there := _find_chosen(chosen, number):
        row.outcome, row.reason = Outcome.UNCHANGED, f"Matched with {there}."[:300]
        return _point(row, there)
    model = Programme if chosen == PROGRAMME else Topic
    name, rest = cut(record.name, _length(model, "name"))
    if rest:
        row.losses.append(f"the end of the name (“{rest}”)")
    summary, rest = cut(read_text(record.description), _length(model, "summary"))
    if rest:
        row.losses.append("the end of the description")
    values: dict[str, Any] = {"name": name, "summary": summary}
    same: dict[str, Any] = {"name__iexact": name}
    if model is Topic:
        values |= {"kind": chosen, "parent_id": _find_parent(row, chosen, context)}
        same |= {"kind": chosen}
    if earlier is None and (there := _find_same(row, model, same, context)):
        row.outcome, row.reason = Outcome.UNCHANGED, f"Matched with {there}."[:300]
        return _point(row, there)
    _save(row, earlier, model, values, context, {})
    return row


def _find_chosen(chosen, number):
    """The row that the mapping names, or None if a new one is to be made."""
    if chosen == KIND:
        return ArticleKind.objects.filter(slug=number).first()
    if not number:
        return None
    model = Programme if chosen == PROGRAMME else Topic
    return model.objects.filter(pk=number).first()


def _find_same(row, model, same, context):
    """The topic or programme of that name, also one that a trial only supposes."""
    if there := model._default_manager.filter(**same).first():
        return there
    if not context.is_trial:
        return None
    name, chosen = same["name__iexact"], row.data["becomes"]
    for other in context.terms.values():
        is_supposed = other.outcome == Outcome.CREATED and other.target is None
        is_same = other.title.casefold() == name.casefold()
        if is_supposed and is_same and other.data["becomes"] == chosen:
            return model(name=other.title)
    return None


def _find_parent(row: ImportedItem, chosen: str, context: Context) -> int | None:
    """The number of the topic above, if it is of the same kind and not too deep."""
    if not row.data["parent"]:
        return None
    above = context.terms.get((row.data["taxonomy"], row.data["parent"]))
    if above is None or above.data.get("becomes") != chosen or not above.is_here:
        row.losses.append(f"its place under “{row.data['parent']}”")
        return None
    levels = _count_levels(above)
    if levels >= MAX_DEPTH:
        row.losses.append(f"its place under “{above.title}”, which would be too deep")
        return None
    row.data["level"] = levels + 1
    # A trial supposes one that nothing else has.
    return above.target or 0


def _count_levels(row: ImportedItem) -> int:
    """The depth of the row's topic, also of one that a trial only supposes."""
    topic = Topic.objects.filter(pk=row.target or 0).first()
    return len(topic.ancestors()) + 1 if topic else row.data.get("level", 1)


def _save(row, earlier, model, values, context, defaults):
    """Create or update what the item becomes, and say in the row which it was."""
    row.digest = digest(values)
    if earlier and earlier.model != model._meta.label_lower:
        # It becomes something else by now.
        earlier = None
    instance = earlier.find_target() if earlier else None
    if earlier and (refusal := get_refusal(earlier, instance, row.digest)):
        leave_alone(row, earlier, refusal)
        return instance
    if instance is None:
        row.outcome, instance = Outcome.CREATED, model(**defaults)
    else:
        row.outcome, row.before = Outcome.UPDATED, read_edited(instance)
    for name, value in values.items():
        setattr(instance, name, value)
    if not context.is_trial:
        _store(instance)
    _point(row, instance)
    return instance


def _store(instance: Any) -> None:
    if not instance.slug:
        instance.slug = instance.find_free_slug(instance.name)
    instance.save()


def _point(row, instance):
    """Say what the item became; a trial names only what is here already."""
    if instance.pk:
        point(row, instance)
    return row


def _length(model, name):
    return model._meta.get_field(name).max_length
