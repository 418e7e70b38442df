"""Forms that are filled in on other sites."""

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from newsletter.antispam import is_solved
from newsletter.forms import SignupForm
from newsletter.models import Newsletter, Subscriber, Wording


class EmbeddedForm(SignupForm):
    """From a form on another site: the page after it has the stamp and the proof."""

    def clean(self):
        """Leave aside what only a form of this site can have."""


class JsonSignupForm(SignupForm):
    """From a script on another site, for one newsletter. No stamp; a proof if asked."""

    newsletters = None  # type: ignore[assignment] # Django: no such field.
    newsletter = forms.ModelChoiceField(
        Newsletter.objects.offered(),
        to_field_name="slug",
        error_messages={
            "required": _("Choose at least one newsletter."),
            "invalid_choice": _("This newsletter is no longer available."),
        },
    )
    language = forms.ChoiceField(choices=settings.LANGUAGES, required=False)

    def clean(self):
        asked = self.cleaned_data
        needs_proof = settings.SIGNUP_PROOF_OF_WORK and not self.is_by_robot
        if needs_proof and not self.errors and not is_solved(asked["proof"]):
            self.add_error("proof", "Solve a new challenge.")

    def save(self, network):
        if self.is_by_robot:
            return None
        asked = self.cleaned_data
        language = asked["language"] or asked["newsletter"].language
        return Subscriber.objects.sign_up(
            asked["email"],
            [asked["newsletter"]],
            analytics=asked["analytics"],
            wording=Wording.objects.current(language),
            network=network,
            language=language,
        )
