"""Moving in at the desk: the archive, and the acts of an import."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from articles.forms.move_in import ArchiveForm
from articles.importing.parts import describe, pack
from articles.importing.pipeline import receive, receive_path
from articles.importing.proposals import list_proposing
from articles.importing.tasks import enqueue
from articles.models import ArchiveImport, ImportedItem
from ecfr_site.audit import log

State = ArchiveImport.State
LISTED = 20
# Seconds after which the page of an import under way shows itself anew.
REFRESH = 3
ADD_POSITION = "authors.add_position"
STEPS = [
    ("Choose a file", 1),
    ("Map the content", 2),
    ("Trial run", 3),
    ("Import", 4),
]
STEPS_OF = {State.LOOKING: 2, State.READY: 2}
MAY_BE_MAPPED = (State.READY, State.TRIED)
# As the audit log has it.
BEGUN = {
    State.LOOKING: "Begun: reading.",
    State.TRYING: "Begun: trial run.",
    State.IMPORTING: "Begun: import.",
    State.UNDOING: "Begun: undo.",
}


def list_imports(request, model_admin):
    """The latest imports, and the form that begins one."""
    check_may_import(request)
    form = ArchiveForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        received = _receive(form.cleaned_data, request.user)
        enqueue(received)
        return go_to("move_in_import", received.pk)
    imports = ArchiveImport.objects.select_related("by").defer("found", "mapping")
    imports = imports[:LISTED]
    return render(
        request, model_admin, "move_in", "Move in", form=form, imports=imports
    )


def _receive(chosen, user):
    if path := chosen.get("path"):
        received = receive_path(
            path,
            user,
            chosen["source"],
            chosen.get("images_path", ""),
            chosen["fetches"],
        )
    else:
        names = [file.name for file in chosen["file"]]
        is_one = len(names) == 1
        received = receive(
            chosen["file"][0]
            if is_one
            else pack(zip(names, chosen["file"], strict=True)),
            describe(names),
            user,
            chosen["source"],
            chosen["images"],
            chosen["fetches"],
        )
        received.media_path = chosen.get("images_path", "")
    received.found = {"site": {"address": chosen["address"]}}
    received.save(update_fields=["found", "media_path"])
    return received


def show_import(request, model_admin, pk):
    """The state of an import, its findings and its ledger; a POST acts on it."""
    received = find_import(request, pk)
    if request.method == "POST":
        return _act(request, received)
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    response = render(
        request,
        model_admin,
        "move_in_import",
        received.name,
        received=received,
        may_be_mapped=received.state in MAY_BE_MAPPED,
        pieces=sum(
            sum(states.values()) for states in received.found.get("types", {}).values()
        ),
        table=build_table(received),
        losses=received.items.with_losses().count(),
        proposing=_count_proposing(request, received),
    )
    if received.is_under_way:
        response["Refresh"] = str(REFRESH)
    return response


def _count_proposing(request, received):
    """The people of whom positions are proposed, for who may add these."""
    if received.state != State.DONE or not request.user.has_perm(ADD_POSITION):
        return 0
    return list_proposing(received).count()


def build_table(received):
    """(kind, its words, [(outcome, how many) of each in `OUTCOMES`]); one query."""
    counts = received.items.count_outcomes()
    kinds_found = {kind for kind, _ in counts} - {ImportedItem.Kind.SITE}
    outcomes_found = {outcome for _, outcome in counts}
    outcomes = [
        (outcome, label)
        for outcome, label in ImportedItem.Outcome.choices
        if outcome in outcomes_found
    ]
    rows = [
        (
            kind,
            label,
            [(outcome, counts.get((kind, outcome), 0)) for outcome, _ in outcomes],
        )
        for kind, label in ImportedItem.Kind.choices
        if kind in kinds_found
    ]
    return {"outcomes": outcomes, "rows": rows}


def undo(request, model_admin, pk):
    """Ask whether all that an import made should go, and begin to take it back."""
    received = find_import(request, pk)
    may_be_undone = received.state in ArchiveImport.BEGUN_FROM[State.UNDOING]
    if received.is_trial or not may_be_undone:
        return go_to("move_in_import", pk)
    if request.method == "POST":
        _begin(request, received, State.UNDOING)
        return go_to("move_in_import", pk)
    counts = received.items.count_outcomes()
    newer = received.list_newer().order_by("-pk").first()
    return render(
        request,
        model_admin,
        "move_in_undo",
        "Undo the import",
        received=received,
        newer=newer,
        shared=newer.items.shared_with(received).count() if newer else 0,
        created=sum(n for (_, outcome), n in counts.items() if outcome == "created"),
        updated=sum(n for (_, outcome), n in counts.items() if outcome == "updated"),
    )


# What is pressed


def _act(request, received):
    begun = {"look": State.LOOKING, "try": State.TRYING, "import": State.IMPORTING}
    act = request.POST.get("act")
    if act in begun:
        _begin(request, received, begun[act])
    elif act == "stop":
        received.stop()
    elif act == "resume":
        if received.resume():
            enqueue(received)
    elif act == "discard" and not received.is_under_way:
        received.remove_files()
        messages.success(request, "The uploaded files have been deleted.")
    else:
        raise Http404
    return go_to("move_in_import", received.pk)


def _begin(request, received, state):
    if received.begin(state):
        log.record("import", object=received, detail=BEGUN[state])
        enqueue(received)


# What the pages share


def check_may_import(request):
    if not request.user.has_perm("articles.add_archiveimport"):
        raise PermissionDenied


def find_import(request, pk):
    """The import, or 404, for those who may import."""
    check_may_import(request)
    return get_object_or_404(ArchiveImport, pk=pk)


def go_to(name, *arguments, query=""):
    address = reverse(f"admin:articles_article_{name}", args=arguments)
    return redirect(f"{address}{query}")


def _find_step(received):
    if received is None:
        return 1
    return 3 if received.is_trial else STEPS_OF.get(received.state, 4)


def render(request, model_admin, template, title, received=None, **context):
    context = {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "received": received,
        "step": _find_step(received),
        "steps": STEPS,
        "opts": model_admin.opts,
        **context,
    }
    return TemplateResponse(request, f"admin/articles/article/{template}.html", context)
