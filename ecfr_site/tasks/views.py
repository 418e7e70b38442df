"""The queue of tasks on the desk: what waits, and what was given up."""

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods
from django_tasks_db.models import DBTaskResult

from ecfr_site.audit import log
from ecfr_site.tasks.queue import BACKOFF, STATES, TaskQueue, task_queue

# Superusers have them, and whoever is given them.
MAY_SEE, MAY_ACT = (
    "django_tasks_database.view_dbtaskresult",
    "django_tasks_database.change_dbtaskresult",
)

# What is in each, in the order in which workers empty them.
QUEUES = {
    "high": "Images",
    "default": "E-mail that somebody is waiting for",
    "low": "Newsletter editions",
    "lowest": "Article and link checks",
}


@require_http_methods(["GET", "HEAD", "POST"])
@admin.site.admin_view
def queue(request: HttpRequest) -> HttpResponse:
    """admin/queue.html with the `queues`' counts and the newest `failures`.

    A POST acts on the failure `id`: `act` is "retry" or "forget".
    """
    if not request.user.has_perm(MAY_SEE):
        raise PermissionDenied
    tasks = task_queue()
    if request.method == "POST":
        if not request.user.has_perm(MAY_ACT):
            raise PermissionDenied
        act(request, tasks)
        return redirect("queue")
    counts = tasks.counts()
    context = {
        **admin.site.each_context(request),
        "title": "Tasks",
        "queues": [
            (QUEUES[name], [counts[name, state] for state in STATES])
            for name in settings.TASK_QUEUES
        ],
        "wait": tasks.wait(),
        "failures": tasks.failures(),
        "tries": len(BACKOFF) + 1,
        "may_act": request.user.has_perm(MAY_ACT),
    }
    return render(request, "admin/queue.html", context)


def act(request: HttpRequest, tasks: TaskQueue) -> None:
    """Try a failure once more, or remove it; what came of it is said to the user."""
    act, id = request.POST.get("act"), request.POST.get("id", "")
    acts = {
        "retry": (tasks.retry, "The task will be retried."),
        "forget": (tasks.discard, "Task removed."),
    }
    if act not in acts:
        messages.error(request, "Nothing was changed, because the form was incomplete.")
        return
    do, said = acts[act]
    try:
        do(id)
    except LookupError:
        messages.warning(
            request,
            "This task is no longer in the list of failed tasks. Nothing was changed.",
        )
        return
    log.record("change", object=DBTaskResult, detail=f"Task {id}: {said}")
    messages.success(request, said)
