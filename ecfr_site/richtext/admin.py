"""The message to an editor whose text could not be kept as it came."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest

from ecfr_site.richtext.fields import RichTextWidget
from ecfr_site.richtext.losses import find_losses


def describe_form_losses(form: forms.BaseForm) -> list[str]:
    """Phrases for what saving leaves out of the form's rich texts."""
    return [
        phrase
        for name, field in form.fields.items()
        if isinstance(field.widget, RichTextWidget) and name in form.changed_data
        for phrase in find_losses(form[name].data or "")
    ]


def format_losses(phrases: list[str]) -> str:
    """The message about phrases of `describe_form_losses`."""
    of_images = any("image" in phrase for phrase in phrases)
    return (
        f"Left out of the text: {', '.join(phrases)}. "
        "Check the places where they were." + " Insert images from a file." * of_images
    )


class LossesMixin:
    """An admin that says in one message what it did not keep of a text."""

    def save_related(
        self,
        request: HttpRequest,
        form: forms.BaseForm,
        formsets: Iterable[forms.BaseFormSet[Any]],
        change: bool,
    ) -> None:
        # The admin's.
        super().save_related(request, form, formsets, change)  # type: ignore[misc]
        if phrases := describe_form_losses(form):
            messages.warning(request, format_losses(phrases))
