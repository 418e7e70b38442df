"""Commands that do their work once, or stay and do it again and again."""

import time
from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections


def parse_seconds(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise ArgumentTypeError("a number of seconds, 1 or more")
    return int(text)


class RepeatingCommand(BaseCommand):
    """A command with `--every SECONDS`; `work` gets it with all other options."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--every",
            type=parse_seconds,
            metavar="SECONDS",
            help="Stay, and do it again and again; without it, once.",
        )

    def handle(self, *args: Any, every: int | None, **options: Any) -> None:
        self.work(every=every, **options)
        while every:
            time.sleep(every)
            close_old_connections()
            self.work(every=every, **options)

    def work(self, *, every: int | None, **options: Any) -> None:
        raise NotImplementedError
