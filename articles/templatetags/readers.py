"""Counts of readers, for pages of the desk that know nothing of articles."""

from django import template
from django.conf import settings

from articles.admin.panels.readers import build_readers_address, build_readers_context
from articles.models import Article

register = template.Library()


@register.inclusion_tag("admin/articles/_readers_of.html")
def readers_of(user, row):
    """The readers of a programme's or an author's articles that `user` sees.

    Nothing where readers are not counted, or the row is not saved yet.
    """
    may_see = user.has_perm("articles.view_article")
    if settings.READER_STATISTICS == "off" or not may_see or row is None or not row.pk:
        return {}
    name = row._meta.model_name
    articles = Article.objects.visible_to(user).originals()
    return {
        **build_readers_context(articles.filter(**{f"{name}s": row})),
        "readers_address": build_readers_address(**{name: row.slug}),
    }
