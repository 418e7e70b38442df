"""The articles on somebody's front page of the desk."""

from articles.models import Article

DESK_LENGTH = 8


def build_desk(user):
    """The articles on somebody's desk, own work first; twelve queries.

    Nothing that this person may not see; problems only where the person may solve them.
    """
    articles = Article.objects.visible_to(user).for_desk(user)
    theirs = (
        articles if user.has_perm("articles.approve_article") else articles.of(user)
    )
    lists = {
        "mine": articles.of(user).under_way().order_by("-changed"),
        "mine_live": articles.of(user).published(),
        "waiting": articles.waiting_for_review().order_by("changed"),
        "problems": theirs.needing_attention(),
        "scheduled": articles.scheduled().in_order_of_going_live(),
        "recent": articles.published(),
    }
    return {name: list(found[:DESK_LENGTH]) for name, found in lists.items()}
