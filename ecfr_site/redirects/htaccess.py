"""Redirects in Apache's own files, of which a former site may have left some.

Source: Apache's documentation of mod_alias and mod_rewrite.
"""

import re
import shlex
from collections.abc import Iterator
from typing import NamedTuple

_RULE = re.compile(
    r"^\s*(?:Redirect(?:Permanent|Temp|Match)?|RewriteRule)\s", re.IGNORECASE
)
_STATUS = re.compile(r"^(?:\d{3}|permanent|temp|seeother|gone)$", re.IGNORECASE)
# A pattern that stands for one address, but for its last slash.
_PLAIN = re.compile(r"^\^?/?((?:[\w~%/-]|\\?\.)*?)(?:/\?)?(/?)\$?$")
_FLAGS = re.compile(r"\b(?:R(?:=\d+)?|G|redirect)\b", re.IGNORECASE)
PATTERN = "This is a pattern for many addresses. Enter each address instead."


class Rule(NamedTuple):
    """One line's redirect; `problem` says why it is none."""

    old_path: str
    new_path: str
    problem: str = ""


def holds_rules(text: str) -> bool:
    return any(_RULE.match(line) for line in text.splitlines()[:500])


def read_rules(text: str) -> Iterator[Rule]:
    """The redirects in the file; lines about anything else are passed over."""
    for line in text.splitlines():
        if _RULE.match(line):
            try:
                directive, *words = shlex.split(line)
            except ValueError:
                yield Rule(line.strip(), "", "The quotation marks do not match.")
                continue
            rule = _read(directive.lower(), words)
            if rule:
                yield rule


def _read(directive: str, words: list[str]) -> Rule | None:
    if directive == "rewriterule":
        return _read_rewrite(words)
    if words and _STATUS.match(words[0]):
        status, *words = words
        if status.lower() in ("gone", "410"):
            words = [*words[:1], ""]
    if len(words) != 2:
        return Rule(" ".join(words), "", "This line does not name two addresses.")
    if directive == "redirectmatch":
        return _read_pattern(*words)
    return Rule(*words)


def _read_rewrite(words: list[str]) -> Rule | None:
    """A rule that redirects; one that only looks elsewhere on the server is none."""
    flags = words[2] if len(words) > 2 else ""
    if len(words) < 2 or not _FLAGS.search(flags):
        return None
    target = "" if words[1] == "-" else words[1]
    return _read_pattern(words[0], target)


def _read_pattern(pattern: str, target: str) -> Rule:
    found = _PLAIN.match(pattern)
    if not found or "$" in target:
        return Rule(pattern, target, PATTERN)
    path = found[1].replace("\\.", ".") + found[2]
    return Rule(f"/{path}", target and add_slash(target))


def add_slash(address: str) -> str:
    """The address from the root of the site, if it names no other."""
    return address if "//" in address else f"/{address.lstrip('/')}"
