"""Adding one person to a press list."""

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone

from ecfr_site.audit import log
from newsletter import press_lists
from newsletter.languages import language_choices
from newsletter.models import Newsletter

ADD = "newsletter.add_subscriber"


class PersonForm(forms.Form):
    """The address, and the evidence of how it came to us."""

    BASES = [
        ("they agreed", "They agreed: consent"),
        (
            "legitimate interest",
            "They publish this address for their work as a journalist: legitimate "
            "interest",
        ),
    ]

    email = forms.CharField(
        label="E-mail address",
        max_length=254,
        widget=forms.EmailInput({"class": "vTextField", "autocomplete": "off"}),
    )
    language = forms.ChoiceField(label="Language of their e-mails")
    given = forms.CharField(
        label="Source of the address",
        max_length=100,
        widget=forms.TextInput({"class": "vTextField"}),
        help_text="Who gave it to us and where, such as “Business card, Berlin Forum”. "
        "The person can see this.",
    )
    given_on = forms.DateField(
        label="Date received",
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )
    basis = forms.ChoiceField(
        label="Legal basis",
        choices=BASES,
        widget=forms.RadioSelect({"class": "radiolist"}),
    )

    def __init__(self, data=None, *, newsletter):
        self.newsletter = newsletter
        initial = {"language": newsletter.language}
        super().__init__(data, initial=initial)
        self.fields["language"].choices = language_choices(newsletter.language)

    def clean_given_on(self):
        day = self.cleaned_data["given_on"]
        if day > timezone.localdate():
            raise ValidationError("Enter a date that is not in the future.")
        return day

    def save(self, by):
        """Raises ValidationError for whoever cannot be added."""
        asked = self.cleaned_data
        day = f"{asked['given_on']:%-d %B %Y}"
        return press_lists.add_person(
            self.newsletter,
            asked["email"],
            evidence=f"{asked['given']}, {day}; {asked['basis']}",
            by=by,
            language=asked["language"],
        )


class PressListMixin:
    """For the admin of newsletters."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.add_person_view)
        address, name = "<int:pk>/add-person/", "newsletter_newsletter_add_person"
        return [path(address, view, name=name), *super().get_urls()]

    def add_person_view(self, request, pk):
        """admin/newsletter/newsletter/add_person.html; after a POST, for the next."""
        if not request.user.has_perm(ADD):
            raise PermissionDenied
        lists = Newsletter.objects.active().filter(is_press_list=True)
        newsletter = get_object_or_404(lists, pk=pk)
        form = PersonForm(request.POST or None, newsletter=newsletter)
        if form.is_valid() and self._add(request, form):
            return redirect("admin:newsletter_newsletter_add_person", pk)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Add somebody to {newsletter}",
            "original": newsletter,
            "form": form,
        }
        template = "admin/newsletter/newsletter/add_person.html"
        return TemplateResponse(request, template, context)

    @transaction.atomic
    def _add(self, request, form):
        try:
            subscriber = form.save(by=request.user)
        except ValidationError as refusal:
            form.add_error("email", refusal)
            return False
        detail = f"Added to the press list “{form.newsletter}”."
        log.record("add", object=subscriber, detail=detail)
        self.message_user(
            request,
            f"Added {subscriber.email}. They will be told by e-mail.",
            "success",
        )
        return True
