from django import forms
from django.contrib import admin
from django.contrib.admin.models import ADDITION, DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format

from ecfr_site.mail.addresses import normalise
from newsletter.models import ConsentRecord, Subscriber, Suppression


class SuppressionForm(forms.ModelForm):
    address = forms.CharField(
        label="E-mail address",
        max_length=320,
        widget=forms.EmailInput(attrs={"class": "vTextField"}),
        help_text="It is not mailed until you lift the suppression.",
    )

    class Meta:
        model = Suppression
        fields = ["address", "detail"]

    def clean_address(self):
        address = self.cleaned_data["address"]
        if Suppression.objects.of(normalise(address)).exists():
            raise ValidationError("This address is already suppressed.")
        return address


@admin.register(Suppression)
class SuppressionAdmin(admin.ModelAdmin):
    """Entries are made and lifted, never rewritten; deleting one is lifting it."""

    form = SuppressionForm
    list_display = ["address", "reason", "detail", "since"]
    list_filter = ["reason"]
    list_per_page = 50
    ordering = ["-pk"]
    sortable_by = ()
    readonly_fields = ["since"]
    show_full_result_count = False
    search_fields = ["email"]
    search_help_text = (
        "Search by the whole address. Erased addresses are found too, by their hash."
    )
    actions = None
    delete_confirmation_template = (
        "admin/newsletter/suppression/delete_confirmation.html"
    )

    def get_fields(self, request, obj=None):
        return (
            ["email", "reason", "detail", "created"] if obj else ["address", "detail"]
        )

    def has_change_permission(self, request, obj=None):
        return False

    def has_view_permission(self, request, obj=None):
        return request.user.has_perm("newsletter.view_suppression")

    def get_search_results(self, request, queryset, search_term):
        if not search_term:
            return queryset, False
        try:
            return queryset & Suppression.objects.of(normalise(search_term)), False
        except ValidationError:
            return queryset.none(), False

    @admin.display(description="address")
    def address(self, suppression):
        return str(suppression)

    @admin.display(description="since")
    def since(self, suppression):
        return date_format(timezone.localtime(suppression.created), "j F Y, H:i")

    def save_model(self, request, suppression, form, change):
        address = form.cleaned_data["address"]
        Subscriber.objects.suppress_address(
            address, suppression.detail, method=ConsentRecord.Method.DESK
        )
        suppression.pk = Suppression.objects.of(normalise(address)).get().pk

    def delete_model(self, request, suppression):
        Subscriber.objects.lift(suppression, by=request.user)

    def log_addition(self, request, suppression, message):
        log(request, suppression, ADDITION, "Added by an editor.")

    def log_deletions(self, request, suppressions):
        for suppression in suppressions:
            log(request, suppression, DELETION, "Lifted.")


def log(request, suppression, flag, message):
    """Without the address, whose owner may want it erased later."""
    LogEntry.objects.create(
        user=request.user,
        content_type=ContentType.objects.get_for_model(Suppression),
        object_id=suppression.pk,
        object_repr=f"suppression {suppression.pk}",
        action_flag=flag,
        change_message=message,
    )
