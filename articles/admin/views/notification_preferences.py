from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from articles import workflow
from articles.models import NotificationPreference


class NotificationPreferenceForm(forms.ModelForm):
    class Meta:
        model = NotificationPreference
        fields = [
            "submitted",
            "returned",
            "approved",
            "published",
            "assigned",
            "commented",
            "mentioned",
        ]


def notification_preferences(request, model_admin):
    """A page to choose the news of articles that one wants by e-mail."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    choice = NotificationPreference.objects.filter(user=request.user).first()
    form = NotificationPreferenceForm(
        request.POST or None,
        instance=choice or NotificationPreference(user=request.user),
        label_suffix="",
    )
    if not request.user.has_perm(workflow.REVIEW):
        del form.fields["submitted"]
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Your notification settings have been saved.")
        return redirect("admin:articles_article_notices")
    context = {
        **model_admin.admin_site.each_context(request),
        "title": "E-mail notifications",
        "opts": model_admin.opts,
        "form": form,
        "address": request.user.email,
    }
    return TemplateResponse(request, "admin/articles/article/notices.html", context)
