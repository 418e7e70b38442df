from csp.decorators import csp_replace
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied

from articles.models import Article
from ecfr_site import kept_text, outbox
from ecfr_site.models import Institution

DESK_LENGTH = 8

admin_policy = csp_replace(settings.ADMIN_CONTENT_SECURITY_POLICY)


class EditorialSite(admin.AdminSite):
    """The editorial desk: the admin with its own front page, policy and patience."""

    site_title = "Editorial desk"
    site_header = "Editorial desk"
    index_title = "Desk"
    enable_nav_sidebar = False

    def each_context(self, request):
        return {
            **super().each_context(request),
            "institution": Institution.objects.current(),
        }

    def index(self, request, extra_context=None):
        desk = None
        if request.user.has_perm("articles.view_article"):
            desk = desk_of(request.user)
        context = {
            "desk": desk,
            "has_outbox": outbox.is_in_use(),
            **(extra_context or {}),
        }
        return super().index(request, context)

    def admin_view(self, view, cacheable=False):
        guarded = super().admin_view(view, cacheable)

        @admin_policy
        def desk_view(request, *args, **kwargs):
            if kept_text.keeps_text(request) and not self.has_permission(request):
                refused = kept_text.sign_in(request, self)
                if refused is not None:
                    return refused
            try:
                return guarded(request, *args, **kwargs)
            except PermissionDenied as refusal:
                if not kept_text.keeps_text(request):
                    raise
                return kept_text.refuse(request, self, refusal)

        return desk_view

    def login(self, request, extra_context=None):
        return admin_policy(super().login)(request, extra_context)


def desk_of(user):
    """What is on an editor's desk: lists of articles, ten queries in all."""
    articles = Article.objects.for_lists().select_related("changed_by")
    lists = {
        "my_drafts": articles.drafts_of(user).order_by("-changed"),
        "waiting": articles.waiting_for_review().order_by("changed"),
        "scheduled": articles.scheduled().order_by("published_at"),
        "recent": articles.published(),
        "problems": articles.with_problems(),
    }
    return {name: list(found[:DESK_LENGTH]) for name, found in lists.items()}
