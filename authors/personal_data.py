from authors.models import Author
from ecfr_site.accounts.personal_data import ColleagueData


class AuthorsData(ColleagueData):
    by_name = frozenset({"authors.author"})

    def forget(self, user):
        # The page of an author is the institution's publication.
        Author.objects.filter(user=user).update(user=None)


COLLEAGUES = AuthorsData()
