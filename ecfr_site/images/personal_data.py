from ecfr_site.accounts.personal_data import ColleagueData


class ImagesData(ColleagueData):
    by_name = frozenset({"images.image"})


COLLEAGUES = ImagesData()
