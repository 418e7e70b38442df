"""Positions that an archive's texts tell of: taken or turned down, one by one."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator

from articles.admin.views.move_in import ADD_POSITION, find_import, go_to, render
from articles.forms.proposed_position import ProposedPositionForm
from articles.importing.proposals import decline, find_proposal, list_proposing, take
from articles.models import Article
from authors.models import Programme

# People of a page.
SHOWN = 25


def show_positions(request, model_admin, pk):
    """Proposed positions, by people; a POST takes one or turns it down."""
    received = find_import(request, pk)
    if not request.user.has_perm(ADD_POSITION):
        raise PermissionDenied
    programmes = list(Programme.objects.values_list("pk", "name"))
    wrong = None
    if request.method == "POST":
        wrong = _decide(request, received, programmes)
        if wrong is None:
            query = request.GET.urlencode()
            return go_to("move_in_positions", pk, query=f"?{query}" if query else "")
    page = Paginator(list_proposing(received), SHOWN).get_page(request.GET.get("page"))
    return render(
        request,
        model_admin,
        "move_in_positions",
        "Proposed positions",
        received=received,
        page=page,
        people=list(_list_people(page.object_list, programmes, wrong)),
        wrong=wrong,
    )


def _list_people(rows, programmes, wrong):
    """(row, [(form, [(number, title) of an article])]); one query for all articles."""
    rows = list(rows)
    proposals = [(row, each) for row in rows for each in row.data["proposals"]]
    numbers = {number for _, each in proposals for number in each["articles"]}
    titles = dict(Article.objects.filter(pk__in=numbers).values_list("pk", "title"))
    for row in rows:
        forms = []
        for proposal in row.data["proposals"]:
            form = ProposedPositionForm(proposal, row.target, programmes)
            if wrong and wrong.instance.author_id == row.target:
                form = wrong if wrong.proposal["id"] == proposal["id"] else form
            named = [(pk, titles[pk]) for pk in proposal["articles"] if pk in titles]
            forms.append((form, named))
        yield row, forms


def _decide(request, received, programmes):
    """Do what was pressed; return the form that has an error, else None."""
    posted = request.POST
    person = posted.get("person", "")
    row = (
        list_proposing(received)
        .filter(pk=person if person.isdecimal() and len(person) < 19 else 0)
        .first()
    )
    number = posted.get("proposal", "")
    proposal = find_proposal(row, number) if row else None
    if proposal is None:
        messages.warning(
            request, "Somebody has already added or declined this position."
        )
        return None
    if "decline" in posted:
        decline(row, number)
        messages.success(request, f"Declined for {row.title}: {proposal['title']}.")
        return None
    if row.find_target() is None:
        messages.warning(
            request, f"{row.title} has been deleted, so the position was not added."
        )
        return None
    form = ProposedPositionForm(proposal, row.target, programmes, posted)
    if not form.is_valid():
        return form
    position = form.save(commit=False)
    if take(row, number, position, request.user):
        messages.success(request, f"Added for {row.title}: {position}.")
    return None
