"""`@username` and `@First.Last` in what editors say to each other."""

import re
from collections import Counter

from articles.staff import get_display_name

# Not in the middle of an address. Names of accounts may hold what addresses hold.
_MENTION = re.compile(r"(?<![\w.@+-])@([\w.@+-]+)")


def format_mention(user):
    """“First.Last”, or the name of the account where that cannot be written."""
    name = ".".join(user.get_full_name().split())
    return name if re.fullmatch(r"[\w.+-]+", name) else user.get_username()


def list_mentions(people):
    """Pairs of what to write after the “@” and whom it means."""
    people = list(people)
    names = Counter(format_mention(user).casefold() for user in people)
    for user in people:
        mention = format_mention(user)
        if names[mention.casefold()] > 1:
            mention = user.get_username()
        yield mention, get_display_name(user)


def find_mentioned(text, people):
    """The people of a list who are mentioned, and the names that are nobody's.

    A name that two of them have is nobody's; each has a name of the account.
    """
    known = {}
    for user in people:
        for name in {user.get_username().casefold(), format_mention(user).casefold()}:
            known.setdefault(name, []).append(user)
    # As sets that keep the order.
    found, unknown = {}, {}
    for written in _MENTION.findall(text):
        # The stop at the end of a sentence is none of the name.
        name = written.rstrip(".-+@")
        users = known.get(written.casefold()) or known.get(name.casefold(), [])
        if len(users) == 1:
            found[users[0]] = None
        else:
            unknown[name] = None
    return list(found), list(unknown)
