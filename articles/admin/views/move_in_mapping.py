"""Pages that say what becomes of the types, terms and people of an archive."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404

from articles.admin.views.move_in import (
    MAY_BE_MAPPED,
    find_import,
    go_to,
    render,
)
from articles.forms import move_in_rows as rows_of
from articles.forms.move_in import MappingForm
from articles.importing.mapping import Mapping
from articles.importing.pipeline import set_mapping

# Rows of a page.
SHOWN = 50


def map_archive(request, model_admin, pk):
    """Types, taxonomies, language and time zone."""
    received = _find(request, pk)
    if received is None:
        return go_to("move_in_import", pk)
    form = MappingForm(received, request.POST or None)
    if request.method == "POST" and form.is_valid():
        set_mapping(received, form.mapping)
        return go_to("move_in_import", pk)
    return render(
        request,
        model_admin,
        "move_in_map",
        "Map the content",
        received=received,
        form=form,
    )


def map_terms(request, model_admin, pk):
    """Terms of `?taxonomy=`, 50 at a time, narrowed by `?q=`."""
    received = _find(request, pk)
    if received is None:
        return go_to("move_in_import", pk)
    mapping = Mapping(**received.mapping)
    taxonomy = request.GET.get("taxonomy", "")
    terms = received.found.get("taxonomies", {}).get(taxonomy)
    if terms is None:
        raise Http404
    page, found = _narrow(request, terms)
    rows = rows_of.build_term_rows(page.object_list, mapping)
    if request.method == "POST" and "all" in request.POST:
        if _map_all(request, received, mapping, found):
            return _again(request, "move_in_terms", pk)
    elif request.method == "POST":
        rows = _take_terms(request, rows)
        is_clean = rows_of.read_term_rows(rows, mapping)
        if _save(request, received, mapping, is_clean, len(rows)):
            return _again(request, "move_in_terms", pk)
    return render(
        request,
        model_admin,
        "move_in_terms",
        f"Map the terms of “{taxonomy}”",
        received=received,
        taxonomy=taxonomy,
        page=page,
        rows=rows,
        errors=any(row.error for row in rows),
        choices=rows_of.list_choices(mapping.taxonomies.get(taxonomy, "")),
        names=rows_of.list_names(),
    )


def map_people(request, model_admin, pk):
    """People, 50 at a time, narrowed by `?q=`."""
    received = _find(request, pk)
    if received is None:
        return go_to("move_in_import", pk)
    mapping = Mapping(**received.mapping)
    page, _ = _narrow(request, received.found.get("people", []))
    rows = rows_of.build_person_rows(page.object_list, mapping)
    if request.method == "POST":
        posted = request.POST.getlist("author")
        for row, author in zip(rows, posted, strict=False):
            row.author = author.strip()
        is_clean = rows_of.read_person_rows(rows, mapping)
        if _save(request, received, mapping, is_clean, len(rows)):
            return _again(request, "move_in_people", pk)
    return render(
        request,
        model_admin,
        "move_in_people",
        "Match people",
        received=received,
        page=page,
        rows=rows,
        errors=any(row.error for row in rows),
        names=rows_of.list_candidates(rows),
    )


def _find(request, pk):
    """The import if it can be mapped now, else None."""
    received = find_import(request, pk)
    return received if received.state in MAY_BE_MAPPED else None


def _narrow(request, items):
    """The page that is asked for, and all that `?q=` leaves."""
    wanted = request.GET.get("q", "").strip().casefold()
    found = [item for item in items if wanted in item["name"].casefold()]
    return Paginator(found, SHOWN).get_page(request.GET.get("page")), found


def _take_terms(request, rows):
    """The rows with what was posted for them, by their ids."""
    posted = request.POST
    chosen = dict(
        zip(
            posted.getlist("term"),
            zip(posted.getlist("becomes"), posted.getlist("name"), strict=False),
            strict=False,
        )
    )
    for row in rows:
        row.chosen, row.name = chosen.get(row.id, (row.chosen, row.name))
        row.name = row.name.strip()
    return rows


def _map_all(request, received, mapping, found):
    """Let all terms that were found become the same; return whether they did."""
    chosen = request.POST["all"]
    rows = [rows_of.TermRow(term, chosen=chosen) for term in found]
    is_clean = rows_of.read_term_rows(rows, mapping)
    return _save(request, received, mapping, is_clean, len(rows))


def _save(request, received, mapping, is_clean, number):
    if not is_clean:
        return False
    set_mapping(received, mapping)
    rows = "1 row" if number == 1 else f"{number:,} rows"
    messages.success(request, f"Saved {rows}.")
    return True


def _again(request, name, pk):
    query = request.GET.urlencode()
    return go_to(name, pk, query=f"?{query}" if query else "")
