from ecfr_site.accounts.personal_data import ColleagueData


class NewsletterData(ColleagueData):
    by_name = frozenset({"newsletter.edition", "newsletter.subscriberimport"})


COLLEAGUES = NewsletterData()
