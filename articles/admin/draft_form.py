"""A form as it was typed, read without saving anything."""

import copy
from functools import partial

from django.contrib.admin.utils import flatten_fieldsets
from django.db.models import Prefetch, prefetch_related_objects
from django.forms import ModelChoiceField, ValidationError
from django.forms.models import construct_instance
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from articles.models import Article, Attachment, Byline, Correction
from articles.related.previews import find_related
from authors.models import Position
from ecfr_site.redirects.slug_text import make_slug
from ecfr_site.richtext.sanitizer import sanitise

# An article that was never saved, in its own preview: no row has this number.
NEVER_SAVED = 0


def build_post_data(draft_data):
    """Typed text, {name: [values]}, as the data of a form."""
    data = QueryDict(mutable=True)
    for name, values in draft_data.items():
        data.setlist(name, values)
    return data


def build_draft_form(model_admin, request, article, draft_data):
    """The admin's form for `article`, or a new one, filled in and read.

    What is valid stands in its instance, which is not `article` saved or checked as a
    whole: a colleague's save in between and the rules for saving are left aside.
    """
    as_posted = copy.copy(request)
    as_posted.resolver_match = request.resolver_match
    as_posted.method = "POST"
    as_posted.POST = build_post_data(draft_data)
    as_posted._files = MultiValueDict()
    fields = flatten_fieldsets(model_admin.get_fieldsets(as_posted, article))
    form_class = model_admin.get_form(
        as_posted, article, change=article is not None, fields=fields
    )

    def get_posted_rows(instance):
        for label, formset in form_class.get_posted_rows(instance):
            for row in formset.forms:
                row._post_clean = partial(_fill_in, row)
            _find_together(formset.forms)
            yield label, formset

    read = {
        "step": None,
        "refuse_stale": lambda form: None,
        "_post_clean": _fill_in,
        "get_posted_rows": staticmethod(get_posted_rows),
    }
    form = type("TypedForm", (form_class,), read)(
        as_posted.POST, as_posted.FILES, instance=article or Article()
    )
    form.full_clean()
    return form


def _fill_in(form):
    """The instance as the form has it: no rules, no queries, no file that is opened."""
    construct_instance(form, form.instance, form._meta.fields, form._meta.exclude)


def _find_together(rows):
    """Let one query a column find what rows refer to, in place of one a row."""
    for name, column in rows[0].fields.items() if rows else ():
        if not isinstance(column, ModelChoiceField):
            continue
        named = {row[name].data for row in rows}
        found = column.queryset.in_bulk([pk for pk in named if pk and pk.isdecimal()])
        for row in rows:
            row.fields[name].to_python = partial(_pick, found)


def _pick(found, pk):
    if not pk:
        return None
    if pk.isdecimal() and int(pk) in found:
        return found[int(pk)]
    raise ValidationError("This no longer exists.")


def show_draft(article, form):
    """Make `article`, from `for_page()` or new, the page of what the form holds.

    In memory alone: what readers' pages take from the database is set by hand. Returns
    the related work.
    """
    if article.pk is None:
        _begin(article)
    article.set_text()
    article.key_points = sanitise(article.key_points, article.language)
    _set_relations(article, form)
    _set_rows(article, form)
    pinned = form.cleaned_data.get("pinned", article.pinned.all())
    return find_related(article, pinned)


def _begin(article):
    """Let one that was never saved have what its page is built of."""
    article.pk = NEVER_SAVED
    article.page_translations = []
    article.title = article.title or "Untitled"
    article.slug = article.slug or make_slug(article.title) or "untitled"


def _set_relations(article, form):
    """Topics, programmes and funders that are chosen, and the parts beside it."""
    chosen = form.cleaned_data
    article.page_topics = list(chosen.get("topics", article.topics.all()))
    article.page_programmes = list(chosen.get("programmes", article.programmes.all()))
    article.page_funders = list(chosen.get("funders", article.funders.all()))
    neighbours = Article.objects.find_neighbours(article)
    article.page_previous, article.page_next = neighbours
    if "translation_of" in form.changed_data:
        article.page_translations = list(Article.objects.in_other_languages(article))


def _set_rows(article, form):
    """Corrections, files and people, in the order of their rows."""
    rows = {
        formset.model: _list_rows(formset)
        for _, formset in form.get_posted_rows(form.instance)
    }
    article.page_documents = []
    article.page_corrections = _sort_rows(rows.get(Correction, []), by="date")
    article.page_attachments = _sort_rows(rows.get(Attachment, []), by="order")
    bylines = _sort_rows(rows.get(Byline, []), by="order")
    for order, byline in enumerate(bylines):
        byline.order = order
    authors = [byline.author for byline in bylines]
    positions = Position.objects.select_related("programme")
    prefetch_related_objects(authors, "photo", Prefetch("positions", positions))
    people = Byline.objects.none()
    people._result_cache = bylines
    article._prefetched_objects_cache = {"bylines": people}


def _list_rows(formset):
    """The rows that would stand after saving; what is not valid in one is as it was."""
    formset.full_clean()
    return [
        form.instance
        for form in formset.forms
        if not formset._should_delete_form(form)
        and (form.instance.pk or form.has_changed() and form.is_valid())
    ]


def _sort_rows(rows, by):
    """By this field; of equal rows, new ones come last."""
    return sorted(rows, key=lambda row: (getattr(row, by), row.pk or float("inf")))
