from articles.mentions import find_mentioned
from articles.models import Article, Comment, EditSession, NotificationPreference
from ecfr_site.accounts.personal_data import ColleagueData


class ArticlesData(ColleagueData):
    by_name = frozenset(
        {"articles.archiveimport", "articles.article", "articles.previewlink"}
    )

    def hidden_fields(self, user, by):
        # Words that may be of drafts: for their writer, and who may read all drafts.
        if by == user or by.has_perm("articles.approve_article"):
            return set()
        return {"text", "quote", "note", "draft_data"}

    def find_mentions(self, user):
        for comment in Comment.objects.filter(text__contains="@").iterator():
            if find_mentioned(comment.text, [user])[0]:
                yield comment

    def forget(self, user):
        NotificationPreference.objects.filter(user=user).delete()
        EditSession.objects.filter(user=user).delete()
        Article.objects.filter(assigned_to=user).update(assigned_to=None)


COLLEAGUES = ArticlesData()
