"""Commands that make something anew of all articles."""

from collections.abc import Callable

from django.core.management.base import BaseCommand


class ArticlesCommand(BaseCommand):
    def show_progress(self, done, total):
        ending = "\n" if done == total else "\r"
        self.stdout.write(f"  Articles {done:,}/{total:,}", ending=ending)


class RebuildCommand(ArticlesCommand):
    """Calls `rebuild(progress, again=…)`, and says `complete` at the end."""

    rebuild: Callable[..., None]
    complete: str

    def add_arguments(self, parser):
        parser.add_argument(
            "--continue",
            action="store_true",
            dest="goes_on",
            help="Go on where an earlier run was stopped.",
        )

    def handle(self, goes_on, **options):
        self.rebuild(self.show_progress, again=not goes_on)
        self.stdout.write(self.style.SUCCESS(self.complete))
