"""Base class for an app's declaration of colleagues' personal data."""


class ColleagueData:
    """Base class; an app's module holds an instance of its own as `COLLEAGUES`."""

    # Models (lower-case labels) of whose rows a name says enough: the rest is the
    # institution's, not the person's.
    by_name: frozenset[str] = frozenset()

    def hidden_fields(self, user, by):
        """Names of fields of `user`'s rows that `by` may not save."""
        return set()

    def find_mentions(self, user):
        """Rows whose text names the person."""
        return ()

    def forget(self, user):
        """Delete or cut off what is stored of the person; within a transaction."""
