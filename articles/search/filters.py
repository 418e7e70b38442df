"""The filters in an address: at most one of each group, and what is said of others."""

from django.http import QueryDict

from articles.search.catalogue import GROUPS, HEADINGS
from articles.search.results import Results


def read_filters(asked: QueryDict) -> dict[str, str]:
    """{group: value}; of several values of a group the last."""
    return {group: value for group in GROUPS if (value := asked.get(group))}


def explain_ignored(asked: QueryDict, results: Results) -> list[str]:
    """Sentences about filters that were asked for and are not in force."""
    notes = []
    for group in GROUPS:
        values = list(dict.fromkeys(filter(None, asked.getlist(group))))
        heading = HEADINGS[group].lower()
        taken = results.filters.get(group)
        if taken and len(values) > 1:
            name = results.catalogue.labels[group][taken]
            notes.append(f"Only one {heading} at a time: this is “{name}”.")
        elif values and not taken:
            notes.append(f"There is no {heading} “{values[-1][:60]}”: it was ignored.")
    return notes
