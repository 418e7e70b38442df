from django import forms

from newsletter.models import Subscriber, normalise


class SignupForm(forms.Form):
    email = forms.CharField(
        label="E-mail address",
        max_length=254,
        error_messages={"required": "Enter your e-mail address."},
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    # People leave it empty, since they do not see it; robots fill it in.
    website = forms.CharField(required=False)

    def clean_email(self):
        address = self.cleaned_data["email"]
        normalise(address)
        return address

    def save(self):
        if not self.cleaned_data["website"]:
            Subscriber.objects.sign_up(self.cleaned_data["email"])
