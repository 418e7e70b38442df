from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError

from articles.models import Topic
from authors.models import Programme
from ecfr_site.accounts.form_recovery import FormRecoveryMixin
from newsletter.admin import status_text
from newsletter.models import Segment, Subscriber

BOXES = {"class": "radiolist"}
# Without effect on who is in it.
BESIDE = {"name", "newsletter"}


class TopicsField(forms.ModelMultipleChoiceField):
    """Boxes in the order of the tree."""

    def label_from_instance(self, topic):
        return f"{'— ' * topic.depth}{topic.name}"


class SegmentForm(forms.ModelForm):
    languages = forms.MultipleChoiceField(
        choices=settings.LANGUAGES,
        required=False,
        widget=forms.CheckboxSelectMultiple(BOXES),
        help_text=Segment._meta.get_field("languages").help_text,
    )
    topics = TopicsField(
        Topic.objects.in_tree_order(),
        required=False,
        widget=forms.CheckboxSelectMultiple(BOXES),
        help_text=Segment._meta.get_field("topics").help_text,
    )
    programmes = forms.ModelMultipleChoiceField(
        Programme.objects.all(),
        required=False,
        label="Clicked on pieces of",
        widget=forms.CheckboxSelectMultiple(BOXES),
        help_text=Segment._meta.get_field("programmes").help_text,
    )

    class Meta:
        model = Segment
        fields = [
            "name",
            "newsletter",
            "languages",
            "topics",
            "confirmed_since",
            "confirmed_before",
            "source",
            "engaged_days",
            "programmes",
        ]

    def clean(self):
        cleaned = super().clean()
        wanted = [cleaned.get(name) for name in self.fields if name not in BESIDE]
        if not self.errors and not any(wanted):
            raise ValidationError(
                "Choose at least one criterion. An edition without a segment goes to "
                "everybody subscribed."
            )
        return cleaned


@admin.register(Segment)
class SegmentAdmin(FormRecoveryMixin, admin.ModelAdmin):
    """Count the people in a segment, without naming them."""

    form = SegmentForm
    change_form_template = "admin/newsletter/segment/change_form.html"
    list_display = ["name", "newsletter", "criteria"]
    list_filter = ["newsletter"]
    list_select_related = ["newsletter"]
    search_fields = ["name"]
    actions = None

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("topics", "programmes")

    def get_fieldsets(self, request, obj=None):
        # Here, since Django's check refuses relations with a model of their own.
        return [
            (None, {"fields": ["name", "newsletter"]}),
            ("What they chose", {"fields": ["languages", "topics"]}),
            (
                "Since when, and from where",
                {"fields": [("confirmed_since", "confirmed_before"), "source"]},
            ),
            ("What they read", {"fields": ["engaged_days", "programmes"]}),
        ]

    def get_readonly_fields(self, request, obj=None):
        """It stays that of its newsletter: editions go to it."""
        return ["newsletter"] if obj else []

    @admin.display(description="who is in it")
    def criteria(self, segment):
        return segment.describe()

    def render_change_form(self, request, context, obj=None, **kwargs):
        if obj:
            everybody = Subscriber.objects.mailable(obj.newsletter)
            context |= {
                "people": status_text.format_people(obj.audience().count()),
                "everybody": f"{everybody.count():,}",
                "criteria": obj.describe(),
            }
        return super().render_change_form(request, context, obj=obj, **kwargs)

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        if change and set(form.changed_data) - BESIDE:
            form.instance.record_change(by=request.user)
