class Panel:
    """A part of the article's page at the desk, with a context of its own.

    `context(request, article)` returns what its template needs; `article` is None while
    there is none.
    """

    def __init__(self, model_admin):
        self.model_admin = model_admin
