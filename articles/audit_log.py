"""Audit log entries about articles, as far as a user may read them."""

from django.db.models import (
    Case,
    CharField,
    F,
    OuterRef,
    Q,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Concat

from articles.models import Article

# Acts on articles that readers see: their detail says nothing of drafts.
BEFORE_READERS = ("publish", "withdraw", "feature")


def redact(entries, user):
    """The entries with as much of articles in them as `user` may know.

    An entry names an article as it was called that day, and may say for whom a draft
    was. That is for who may read the article's history. Others get the title that the
    desk shows them, or the number, and the detail of what readers saw happen.
    """
    if user.has_perm("articles.approve_article"):
        return entries
    number = Cast("pk", CharField())
    seen = Article.objects.visible_to(user).order_by().annotate(number=number)
    own = Article.objects.of(user).order_by().annotate(number=number).values("number")
    title = Subquery(seen.filter(number=OuterRef("object_id")).values("title")[:1])
    about_article = Q(kind=Article._meta.label_lower) & ~Q(object_id="")
    hidden = about_article & ~Q(object_id__in=own)
    unnamed = Concat(Value("article "), "object_id", output_field=CharField())
    return entries.annotate(
        seen_title=Case(When(hidden, then=title), output_field=CharField()),
        shown_what=Case(
            When(hidden & Q(seen_title=None), then=unnamed),
            When(hidden, then=F("seen_title")),
            default=F("what"),
            output_field=CharField(),
        ),
        shown_detail=Case(
            When(
                hidden & (Q(seen_title=None) | ~Q(action__in=BEFORE_READERS)),
                then=Value(""),
            ),
            default=F("detail"),
            output_field=TextField(),
        ),
    )
