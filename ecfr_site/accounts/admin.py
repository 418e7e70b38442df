"""Accounts on the desk: who gets one, in which groups, and what a manager may not."""

from functools import partial
from typing import Any

from axes.models import AccessAttempt
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.forms import UsernameField
from django.contrib.auth.models import Group, Permission, User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.views.decorators.http import require_http_methods, require_POST

from ecfr_site.accounts import erasure, second_factor, sessions
from ecfr_site.accounts.tasks import notify, send_invitation, send_password_link
from ecfr_site.audit import log

for model in (User, Group):
    admin.site.unregister(model)

# The author that an account is: the model that is tied to accounts one to one. It is
# of a higher app, so its type is not known here.
Author: Any = User._meta.get_field("author").related_model

# What the groups that come with the site may do, in a line.
MAY = {
    "Contributors": "write drafts of their own and submit them",
    "Editors": "edit everything, comment, approve",
    "Publishers": "publish, schedule, correct, withdraw",
    "Managers": "people, accounts, programmes, settings, the audit log",
    "Newsletter editors": "make editions",
    "Newsletter managers": "newsletters, subscribers, sending",
}


class GroupsField(forms.ModelMultipleChoiceField):
    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, group):
        may = MAY.get(group.name)
        return f"{group.name}: {may}" if may else group.name


class AccountForm(forms.ModelForm):
    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        help_text="The invitation goes there, and links to set a new password.",
        widget=forms.EmailInput(attrs={"class": "vTextField"}),
    )
    author = forms.ModelChoiceField(
        Author.objects.all(),
        required=False,
        empty_label="Nobody",
        help_text="Links the account to an author, whose articles come first "
        "on the desk.",
    )

    class Meta:
        model = User
        fields = ["username", "first_name", "last_name", "email", "groups"]
        field_classes = {"username": UsernameField, "groups": GroupsField}
        help_texts = {
            "username": "Used to sign in.",
            "groups": "An account without a group has no access to the desk.",
            "is_active": "Clear this box instead of deleting somebody who leaves: "
            "their name stays in the history.",
            "is_superuser": "Has every permission, and can change those of others.",
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "author" in self.fields:
            tied = Author.objects.filter(user=self.instance.pk or 0)
            free = Author.objects.filter(user=None, kind=Author.Kind.PERSON)
            self.fields["author"].queryset = (tied | free).distinct()
            self.initial["author"] = tied.first()

    def clean_username(self):
        username = self.cleaned_data["username"]
        if self._others().filter(username__iexact=username).exists():
            raise ValidationError("Somebody has this user name already.")
        return username

    def clean_email(self):
        email = self.cleaned_data["email"]
        if self._others().filter(email__iexact=email).exists():
            raise ValidationError("Somebody has an account with this address already.")
        return email

    def _others(self):
        return User.objects.exclude(pk=self.instance.pk)


class AccountFormWithoutAuthor(AccountForm):
    author = None  # type: ignore[assignment]  # So Django takes a field out.


@admin.register(User)
class AccountAdmin(admin.ModelAdmin):
    """Managers give accounts and groups to others; only superusers touch superusers.

    Nobody types a password for somebody else, and nobody changes the own groups.
    """

    list_display = ["name", "email", "in_groups", "factor", "signed_in", "is_active"]
    list_filter = ["is_active", "groups"]
    search_fields = ["username", "first_name", "last_name", "email"]
    ordering = ["last_name", "first_name", "username"]
    filter_horizontal = ["user_permissions"]
    change_form_template = "admin/auth/user/change_form.html"
    # What only a colleague may change.
    not_own = ("groups", "is_active", "is_superuser")

    def get_queryset(self, request):
        users = super().get_queryset(request).prefetch_related("groups")
        return users.annotate(has_factor=second_factor.HAS_FACTOR)

    def lookup_allowed(self, lookup, value, request):
        # A filter by what a password's hash begins with would give it away.
        return not lookup.startswith("password") and super().lookup_allowed(
            lookup, value, request
        )

    # Who may

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and (
            obj is None
            or (request.user.is_superuser or not obj.is_superuser)
            and not erasure.is_erased(obj)
        )

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and (
            obj is None or not obj.is_superuser
        )

    def may_tie(self, request, user):
        """Return whether to say which author the account is: never one's own."""
        return user != request.user and request.user.has_perm("authors.change_author")

    def get_readonly_fields(self, request, obj=None):
        shown = ["second_factor", "failures", "signed_in"]
        return [*shown, *self.not_own] if obj == request.user else shown

    # The form

    def get_fieldsets(self, request, obj=None):
        desk = ["groups"]
        if self.may_tie(request, obj):
            desk.append("author")
        fieldsets = [
            ("Person", {"fields": ["first_name", "last_name", "email", "username"]}),
            ("At the desk", {"fields": [*desk, "is_active"] if obj else desk}),
        ]
        if obj:
            signing_in = ["second_factor", "failures", "signed_in"]
            fieldsets.append(("Signing in", {"fields": signing_in}))
        if request.user.is_superuser:
            rights = {"classes": ["collapse"], "fields": ["is_superuser"]}
            if obj and obj != request.user:
                rights["fields"].append("user_permissions")
            fieldsets.append(("More rights", rights))
        return fieldsets

    def get_form(self, request, obj=None, change=False, **kwargs):
        may_tie = self.may_tie(request, obj)
        kwargs["form"] = AccountForm if may_tie else AccountFormWithoutAuthor
        return super().get_form(request, obj, change=change, **kwargs)

    def get_prepopulated_fields(self, request, obj=None):
        return {} if obj else {"username": ["first_name", "last_name"]}

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        if db_field.name == "groups":
            # Without the links to edit groups that stand beside a list.
            groups = {"queryset": Group.objects.order_by("name"), "required": False}
            return db_field.formfield(**{**kwargs, **groups})
        permissions = Permission.objects.select_related("content_type")
        kwargs.setdefault("queryset", permissions)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_model(self, request, user, form, change):
        if not change:
            user.set_unusable_password()
        super().save_model(request, user, form, change)

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        user = form.instance
        # Who has a group may be on the desk, and nobody else.
        user.is_staff = user.is_superuser or user.groups.exists()
        user.save(update_fields=["is_staff"])
        if "author" in form.changed_data:
            Author.objects.filter(user=user).update(user=None)
            if author := form.cleaned_data["author"]:
                Author.objects.filter(pk=author.pk).update(user=user)
        if not change:
            transaction.on_commit(
                partial(send_invitation.enqueue, user.pk, request.user.pk)
            )
            messages.info(request, f"An invitation has been sent to {user.email}.")
        elif "email" in form.changed_data and form.initial["email"]:
            transaction.on_commit(
                partial(notify, user, "address", form.initial["email"])
            )

    # What is shown

    @admin.display(description="name", ordering="last_name")
    def name(self, user):
        return user.get_full_name() or user.username

    @admin.display(description="groups")
    def in_groups(self, user):
        if user.is_superuser:
            return "All rights"
        return ", ".join(group.name for group in user.groups.all()) or "–"

    @admin.display(description="two-factor", boolean=True, ordering="has_factor")
    def factor(self, user):
        return user.has_factor

    @admin.display(description="last sign-in", ordering="last_login")
    def signed_in(self, user):
        if user.last_login is None:
            return "never"
        return date_format(localtime(user.last_login), "j M Y, H:i")

    @admin.display(description="two-factor sign-in")
    def second_factor(self, user):
        if user.has_factor:
            left = second_factor.count_recovery_codes(user)
            keys = user.passkey_set.count()
            ways = ["an authenticator app"] if second_factor.has_app(user) else []
            if keys:
                ways.append(f"{keys} passkey{'' if keys == 1 else 's'}")
            return f"On, with {' and '.join(ways)}; {left} recovery codes are left."
        if second_factor.is_required(user):
            return "Off, but required: it must be set up at the next sign-in."
        return "Off."

    @admin.display(description="failed sign-ins")
    def failures(self, user):
        attempts = AccessAttempt.objects.filter(username=user.username)
        counted = [
            f"{attempt.failures_since_start} from {attempt.ip_address}, the last on "
            + date_format(localtime(attempt.attempt_time), "j F, H:i")
            for attempt in attempts[:5]
        ]
        return "; ".join(counted) or "None since the last sign-in."

    # What is done to an account

    def get_urls(self):
        actions = {
            "link": self.send_link,
            "reset": self.reset_factor,
            "sessions": self.end_sessions,
            "unlock": self.unlock,
            "data": self.export,
            "erase": self.erase,
        }
        return [
            path(
                f"<int:user_id>/{name}/",
                self.admin_site.admin_view(action),
                name=f"auth_user_{name}",
            )
            for name, action in actions.items()
        ] + super().get_urls()

    def changelist_view(self, request, extra_context=None):
        context = {"title": "Accounts", **(extra_context or {})}
        return super().changelist_view(request, context)

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        user = object_id and self.get_object(request, object_id)
        own = user == request.user
        context = {
            "may_change": user and self.has_change_permission(request, user),
            "may_reset": user and not own and user.has_factor,
            "is_own": own,
            "has_failures": user
            and AccessAttempt.objects.filter(username=user.username).exists(),
            **(extra_context or {}),
        }
        return super().changeform_view(request, object_id, form_url, context)

    def _account(self, request, user_id, own=True):
        """The account to act on; 404, or 403 for whoever may not."""
        user = self.get_object(request, str(user_id))
        if user is None:
            raise Http404
        if not self.has_change_permission(request, user):
            raise PermissionDenied
        if user == request.user and not own:
            raise PermissionDenied
        return user

    def _done(self, request, user, change, said):
        self.log_change(request, user, change)
        messages.success(request, said)
        return redirect("admin:auth_user_change", user.pk)

    @method_decorator(require_POST)
    def send_link(self, request, user_id):
        user = self._account(request, user_id)
        if user.has_usable_password():
            send_password_link.enqueue(user.pk)
        else:
            send_invitation.enqueue(user.pk, request.user.pk)
        said = f"A link to set a password has been sent to {user.email}."
        return self._done(request, user, "Sent a link to set a password.", said)

    @method_decorator(require_POST)
    def reset_factor(self, request, user_id):
        user = self._account(request, user_id, own=False)
        second_factor.turn_off(user)
        sessions.end_all(user)
        notify(user, "reset")
        return self._done(
            request,
            user,
            "Reset two-factor sign-in.",
            f"{self.name(user)} signs in with the password alone now, and can set "
            "two-factor sign-in up anew.",
        )

    @method_decorator(require_POST)
    def end_sessions(self, request, user_id):
        user = self._account(request, user_id)
        sessions.end_all(user, but=request.session.session_key)
        said = f"{self.name(user)} has been signed out everywhere."
        return self._done(request, user, "Signed out everywhere.", said)

    @method_decorator(require_POST)
    def unlock(self, request, user_id):
        user = self._account(request, user_id)
        AccessAttempt.objects.filter(username=user.username).delete()
        said = f"{self.name(user)} can try to sign in again."
        return self._done(request, user, "Forgot failed sign-ins.", said)

    @method_decorator(require_POST)
    def export(self, request, user_id):
        """Download what is stored about the person."""
        user = self._account(request, user_id)
        log.record("export", object=user, detail="What is stored about the person.")
        return JsonResponse(
            erasure.collect_data(user, by=request.user),
            json_dumps_params={"indent": 2, "ensure_ascii": False},
            headers={
                "Content-Disposition": f'attachment; filename="account-{user.pk}.json"'
            },
        )

    @method_decorator(require_http_methods(["GET", "POST"]))
    def erase(self, request, user_id):
        """admin/auth/user/erase.html asks first."""
        user = self._account(request, user_id, own=False)
        if request.method == "POST":
            erasure.erase(user, by=request.user)
            messages.success(request, f"Erased: now {erasure.get_former_name(user)}.")
            return redirect("admin:auth_user_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": "Erase this account?",
            "opts": self.opts,
            "account": user,
            "name": self.name(user),
            "author": Author.objects.filter(user=user).first(),
        }
        return TemplateResponse(request, "admin/auth/user/erase.html", context)


@admin.register(Group)
class OnlySuperusersGroupAdmin(GroupAdmin):
    """Groups for superusers alone: others could grant themselves everything."""

    def _may(self, request, obj=None):
        return request.user.is_active and request.user.is_superuser

    has_add_permission = has_change_permission = has_delete_permission = _may
    has_view_permission = has_module_permission = _may
