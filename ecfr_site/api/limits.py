from ecfr_site.security.rate_limits import Usage


class TooOften(Exception):
    """Raised by an operation with a limit of its own: the answer is 429."""

    def __init__(self, usage: Usage) -> None:
        super().__init__()
        self.usage = usage
