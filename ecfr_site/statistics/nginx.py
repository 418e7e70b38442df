"""The rules about robots as nginx reads them: deploy/nginx/robots.conf."""

from collections.abc import Iterable, Iterator

from crawleruseragents import CRAWLER_USER_AGENTS_DATA

from ecfr_site.security.user_agents import SCANNERS
from ecfr_site.statistics.rules import BROWSER

# nginx reads no longer words than 4,096 characters.
LONGEST = 3500
HEAD = """\
# Made by `manage.py reader_rules`; a test fails when it does not fit the packages.
# Robots' names are those of ecfr_site/security/user_agents.py and crawler-user-agents
# (MIT, https://github.com/monperrus/crawler-user-agents).
"""


def build_robots() -> str:
    """Lines for a map of nginx from User-Agent to “robot”, or nothing."""
    patterns = [robot["pattern"] for robot in CRAWLER_USER_AGENTS_DATA]
    lines = [
        # No pattern is asked about what is empty.
        '"" robot;\n',
        _line("~", f"^(?!{BROWSER.pattern})"),
        _line("~*", SCANNERS.pattern),
        *(_line("~", "|".join(some)) for some in _chunks(patterns)),
    ]
    return HEAD + "".join(lines)


def _line(kind: str, pattern: str) -> str:
    # Within quotes nginx takes a backslash only before some letters for its own.
    quoted = pattern.replace("\\\\", "\\\\\\\\").replace('"', '\\"')
    return f'"{kind}{quoted}" robot;\n'


def _chunks(patterns: Iterable[str]) -> Iterator[list[str]]:
    some: list[str] = []
    for pattern in patterns:
        if some and sum(len(each) + 1 for each in some) + len(pattern) > LONGEST:
            yield some
            some = []
        some.append(pattern)
    yield some
