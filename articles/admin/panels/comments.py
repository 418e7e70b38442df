from django import forms
from django.urls import reverse

from articles.admin.panels.panel import Panel
from articles.mentions import list_mentions
from articles.models import Comment
from articles.staff import find_viewers


class CommentForm(forms.ModelForm):
    def __init__(self, data=None):
        # It stands beside the article's form, which has names of its own.
        super().__init__(data, auto_id="comment_%s")

    class Meta:
        model = Comment
        fields = ["quote", "text"]
        widgets = {
            "quote": forms.TextInput({"class": "vTextField"}),
            "text": forms.Textarea({"rows": 3}),
        }


class CommentsPanel(Panel):
    """The comments of editors on the article."""

    def get_context(self, request, article):
        if article is None or article.pk is None:
            return {}
        if not may_comment(request, self.model_admin):
            return {}
        return get_comments_context(request, article)


def may_comment(request, model_admin):
    return model_admin.has_view_permission(request) and request.user.has_perm(
        "articles.add_comment"
    )


def may_settle_all(user, article):
    """Return whether the user may resolve and reopen the comments of others."""
    return article.may_be_changed_by(user) or article.is_own_work_of(user)


def get_comments_context(request, article):
    """`threads`, first those that are open, and what is needed to add to them.

    Four queries, one of them for all who can be mentioned.
    """
    shown = Comment.objects.visible_to(request.user).filter(article=article.original_id)
    threads = list(shown.threads(request.user).select_related("by", "resolved_by"))
    settles_all = may_settle_all(request.user, article)
    for thread in threads:
        thread.may_be_settled = settles_all or thread.by_id == request.user.pk
    return {
        "open_threads": [t for t in threads if not t.resolved_at],
        "resolved_threads": [t for t in threads if t.resolved_at],
        "comment_form": CommentForm(),
        "people": list(
            list_mentions(find_viewers(article).exclude(pk=request.user.pk))
        ),
        "comments_url": reverse("admin:articles_article_comments", args=[article.pk]),
    }
