"""The requests of an open form's script, without a browser."""

import itertools

from tests.admin_site.desk import article_form

SERIALS = itertools.count(1)


class Window:
    """A window with the form of `article`, or a new one; its values may be changed."""

    def __init__(self, client, article=None, name="w1"):
        self.client = client
        self.form = article_form(client, article)
        self.name = name
        self.base = "/admin/articles/article/"
        if article:
            self.base += f"{article.pk}/"

    def __setitem__(self, field, value):
        self.form[field] = value

    def heartbeat(self, **more):
        """Report without text."""
        report = {
            "_window": self.name,
            "_serial": str(next(SERIALS)),
            "_who": str(self.client.user.pk),
            "opened": self.form["opened"],
        }
        return self.client.post(f"{self.base}autosave/", {**report, **more})

    def keep(self, **more):
        """Report with all that stands in the form."""
        return self.heartbeat(**{**self.form.values, "_typed": "1", **more})

    def save(self, button="Save draft"):
        self.form["_window"] = self.name
        self.form["_serial"] = str(next(SERIALS))
        return self.form.press(button)

    def bring_back(self):
        """The form again, filled in with what was kept."""
        return self.form.send({"_bring_back": "1", "_window": self.name})

    def throw_away(self):
        return self.client.post(f"{self.base}throw-away/", follow=True)
