"""Numbers of the checklist that an institution may set: its editorial policy."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limit:
    key: str
    label: str
    default: int

    def get_value(self, chosen):
        value = chosen.get(self.key)
        return value if type(value) is int and value > 0 else self.default


STANDFIRST_SHORTEST = Limit(
    "standfirst_shortest", "Characters of a standfirst, at least", 30
)
STANDFIRST_LONGEST = Limit(
    "standfirst_longest", "Characters of a standfirst, at most", 300
)
DESCRIPTION_LONGEST = Limit(
    "seo_description_longest",
    "Characters of a description for search engines, at most",
    160,
)
SUBSTANTIAL = Limit(
    "substantial_change", "Changed words that make an update substantial", 100
)
LIMITS = (STANDFIRST_SHORTEST, STANDFIRST_LONGEST, DESCRIPTION_LONGEST, SUBSTANTIAL)
