"""The acts on an edition: buttons of its form that do more than save."""

from functools import partial

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse

from ecfr_site.audit import log
from newsletter.admin import status_text
from newsletter.admin.forms import ScheduleForm, TestForm
from newsletter.composing import messages, preflight, preview
from newsletter.models import Delivery, Edition, NotAllowed
from newsletter.tasks import enqueue_workers

# The button that does more than save, and who may press it.
ACT = "_act"
COMPOSE = "newsletter.change_edition"
APPROVE = "newsletter.approve_edition"
SEND = "newsletter.send_edition"
DECIDE = "newsletter.change_delivery"
ACTS = {
    "gather": COMPOSE,
    "check": COMPOSE,
    "text": COMPOSE,
    "test": COMPOSE,
    "approve": APPROVE,
    "send": SEND,
    "schedule": SEND,
    "unschedule": SEND,
    "pause": SEND,
    "resume": SEND,
    "cancel": SEND,
    "resend": DECIDE,
    "accept": DECIDE,
}
TESTED = "newsletter_tested"


class ActsMixin:
    """For the admin of editions: carries out what a button asks for."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.act_view)
        return [
            path("<int:pk>/act/", view, name="newsletter_edition_act")
        ] + super().get_urls()

    def may(self, request, act):
        return act in ACTS and request.user.has_perm(ACTS[act])

    def act_view(self, request, pk):
        """The acts on an edition whose form can no longer be saved."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        edition = get_object_or_404(Edition.objects.select_related("newsletter"), pk=pk)
        act = request.POST.get(ACT, "").partition(" ")[0]
        if not self.may(request, act):
            raise PermissionDenied
        if ACTS[act] == COMPOSE and not edition.may_be_changed:
            raise PermissionDenied
        return self.carry_out(request, edition)

    def carry_out(self, request, edition):
        act, _, number = request.POST.get(ACT, "").partition(" ")
        try:
            if act in ("resend", "accept"):
                return self.decide(request, edition, act, number)
            return getattr(self, f"{act}_edition")(request, edition)
        except (NotAllowed, ValidationError) as refusal:
            reason = " ".join(getattr(refusal, "messages", [str(refusal)]))
            self.message_user(request, reason, "error")
            return self.redirect_back(edition)

    def check_edition(self, request, edition):
        preflight.run(edition)
        return self.redirect_back(edition, "#check")

    def gather_edition(self, request, edition):
        number = edition.gather_more()
        if not number:
            self.message_user(request, "Nothing new has been published.", "success")
            return self.redirect_back(edition)
        edition.record_change(by=request.user)
        self.message_user(
            request, f"Added: {status_text.format_pieces(number)}.", "success"
        )
        return self.redirect_back(edition)

    def text_edition(self, request, edition):
        if edition.text.strip():
            raise ValidationError("This edition has a plain text. Clear it first.")
        edition.text = messages.render_text(edition, list(edition.pieces()))
        edition.save(update_fields=["text"])
        edition.record_change(by=request.user)
        self.message_user(
            request,
            "The plain text has been filled in from the pieces. Edit it below.",
            "success",
        )
        return self.redirect_back(edition, "#id_text")

    def test_edition(self, request, edition):
        if send_tests(self, request, edition):
            edition.record_test()
        return self.redirect_back(edition)

    def approve_edition(self, request, edition):
        edition.approve(by=request.user)
        self.message_user(request, "Edition approved.", "success")
        return self.redirect_back(edition)

    def send_edition(self, request, edition):
        return self.redirect_to_confirmation(edition)

    def schedule_edition(self, request, edition):
        form = ScheduleForm(request.POST)
        if not form.is_valid():
            raise ValidationError(form.errors["at"].as_data())
        return self.redirect_to_confirmation(edition, form.cleaned_data["at"])

    def unschedule_edition(self, request, edition):
        edition.unschedule(by=request.user)
        self.message_user(request, "Edition taken off the schedule.", "success")
        return self.redirect_back(edition)

    def pause_edition(self, request, edition):
        edition.pause(by=request.user)
        self.message_user(
            request,
            "Sending paused. Messages already with the mail server still arrive.",
            "success",
        )
        return self.redirect_back(edition)

    def resume_edition(self, request, edition):
        edition.resume(by=request.user)
        enqueue_workers_on_commit(edition)
        self.message_user(request, "Sending resumed.", "success")
        return self.redirect_back(edition)

    def cancel_edition(self, request, edition):
        return redirect("admin:newsletter_edition_cancel", edition.pk)

    def decide(self, request, edition, act, number):
        """Send again or take as sent: one of the uncertain, or all of them."""
        chosen = Delivery.objects.filter(edition=edition)
        if number:
            chosen = chosen.filter(pk=number if number.isdecimal() else None)
        if act == "resend":
            done = edition.resend_uncertain(request.user, chosen)
            enqueue_workers_on_commit(edition)
            said = f"To be sent again: {status_text.format_messages(done)}."
        else:
            done = edition.accept_uncertain(request.user, chosen)
            said = f"Marked as sent: {status_text.format_messages(done)}."
        self.message_user(request, said, "success" if done else "warning")
        return self.redirect_back(edition)

    def redirect_back(self, edition, fragment="#"):
        """At the top, where messages are; without "#" browsers keep an old one."""
        address = reverse("admin:newsletter_edition_change", args=[edition.pk])
        return redirect(f"{address}{fragment}")


def enqueue_workers_on_commit(edition):
    """Have a worker begin now; the scheduler would within a minute."""
    transaction.on_commit(partial(enqueue_workers, edition.pk))


def send_tests(model_admin, request, edition, logged=None):
    """Send a test to the colleagues that the form names, and say how it went.

    `logged` is what the audit log names instead of the edition. Returns whether any was
    sent. Raises ValidationError.
    """
    request.session[TESTED] = request.POST.get("addresses", "")
    form = TestForm(request.POST)
    if not form.is_valid():
        raise ValidationError(form.errors["addresses"].as_data())
    colleagues = form.cleaned_data["addresses"]
    preview.count_tests(request.user, len(colleagues))
    names = ", ".join(user.get_username() for user in colleagues)
    log.record("send", object=logged or edition, detail=f"A test, to {names}.")
    sent = list(preview.send_test(edition, [user.email for user in colleagues]))
    for address, trouble in sent:
        if trouble:
            said = f"No test was sent to {address}: {trouble}"
            model_admin.message_user(request, said, "error")
        else:
            said = f"A test was sent to {address}."
            model_admin.message_user(request, said, "success")
    return not all(trouble for _, trouble in sent)
