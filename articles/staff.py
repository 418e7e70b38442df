"""Staff: people with an account, and which of them see an article."""

from django.contrib.auth import get_user_model
from django.db.models import Q

from articles.models import Byline

User = get_user_model()


def find_permitted(permission):
    """Active accounts of the desk that have the permission, in order of names."""
    users = User.objects.with_perm(
        permission, backend="django.contrib.auth.backends.ModelBackend"
    )
    return users.filter(is_staff=True).order_by("first_name", "last_name", "username")


def find_writers(*articles):
    """People who began one of the articles or sign it."""
    authors = Byline.objects.filter(article__in=articles, author__user__isnull=False)
    began = [article.created_by_id for article in articles if article.created_by_id]
    return User.objects.filter(
        Q(pk__in=began) | Q(pk__in=authors.values("author__user"))
    )


def find_viewers(article):
    """The accounts to which the desk shows it: the other side of `visible_to`."""
    readers = find_permitted("articles.view_article")
    if article.is_public:
        return readers
    editors = find_permitted("articles.approve_article")
    return readers.filter(
        Q(pk__in=editors.order_by().values("pk"))
        | Q(pk__in=find_writers(article).values("pk"))
        | Q(pk=article.assigned_to_id)
    )


def get_display_name(user):
    """Return how a person is called at the desk."""
    return user.get_full_name() or user.get_username()
