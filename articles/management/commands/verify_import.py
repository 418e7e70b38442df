import random
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.template.loader import render_to_string

from articles.importing.old_pages import OldPages
from articles.importing.records import NotAnExport
from articles.importing.verification import Verification
from articles.models import ArchiveImport

_STATES = (ArchiveImport.State.DONE, ArchiveImport.State.STOPPED)


class Command(BaseCommand):
    help = (
        "Compare the archive with what an import made of it: words, links and images "
        "of each piece, authors and dates, and every link within the site. Names what "
        "differs, and fails if anything does. What editors have changed since is left "
        "alone."
    )

    def add_arguments(self, parser):
        parser.add_argument("number", type=int, help="of the import")
        parser.add_argument(
            "--samples", metavar="FILE", help="write pieces side by side, as HTML"
        )
        parser.add_argument(
            "--count", type=int, default=20, help="how many pieces (default: 20)"
        )
        parser.add_argument(
            "--fetch",
            type=int,
            nargs="?",
            const=100,
            default=0,
            metavar="COUNT",
            help="ask the old site for so many published pieces (100), and compare the "
            "words that readers see there",
        )

    def handle(self, *, number, samples, count, fetch, **options):
        found = ArchiveImport.objects.filter(pk=number, state__in=_STATES).first()
        if found is None:
            raise CommandError(f"There is no finished import {number}.")
        verification = Verification(found)
        chosen = Sample(count, seed=found.pk)
        asked = Sample(fetch, seed=found.pk)
        try:
            differing = self.compare(verification, chosen, asked)
        except (OSError, NotAnExport) as error:
            raise CommandError(f"The archive cannot be read again. {error}") from error
        differing += self.ask_old_site(asked.items)
        dead = list(verification.list_dead_links())
        for url, times in dead:
            self.stdout.write(f"{url} is no page here; articles link to it {times} ×")
        self.report(verification, found)
        if samples:
            write_samples(Path(samples), chosen.items, found)
            self.stdout.write(f"Side by side: {samples}")
        if differing or dead:
            raise CommandError(
                f"{differing} pieces differ, and {len(dead)} addresses lead nowhere."
            )

    def compare(self, verification, chosen, asked):
        """Print what differs, and return in how many pieces."""
        differing = 0
        for checked in verification.check():
            differing += bool(checked.differences)
            self.tell(checked, checked.differences)
            if checked.article:
                chosen.add(checked)
            if checked.is_untouched and checked.article.is_public:
                asked.add(checked)
        return differing

    def ask_old_site(self, asked):
        """Print what readers see there and not here, and return in how many pieces."""
        pages = OldPages()
        found = [(each, list(pages.list_differences(each))) for each in asked]
        for checked, differences in found:
            self.tell(checked, differences)
        if asked:
            self.stdout.write(f"{len(asked):>9,} pages asked of the old site")
        return sum(bool(differences) for _, differences in found)

    def tell(self, checked, differences):
        for difference in differences:
            record = checked.record
            self.stdout.write(f"{record.source_id} “{record.title}”: {difference}")

    def report(self, verification, found):
        for name, count in sorted(verification.counts.items()):
            self.stdout.write(f"{count:>9,} {name} in the archive")
        for (kind, outcome), count in sorted(found.items.count_outcomes().items()):
            self.stdout.write(f"{count:>9,} {kind} {outcome}")
        self.stdout.write(f"{len(verification.links):>9,} addresses in links")


class Sample:
    """Some of many, each as likely, chosen while they pass (Vitter's algorithm R)."""

    def __init__(self, size, seed):
        self.size, self.seen, self.items = size, 0, []
        self.random = random.Random(seed)  # noqa: S311  no secret

    def add(self, item):
        self.seen += 1
        if len(self.items) < self.size:
            self.items.append(item)
        elif self.size and (place := self.random.randrange(self.seen)) < self.size:
            self.items[place] = item


def write_samples(file, chosen, found):
    context = {"chosen": chosen, "found": found}
    file.write_text(render_to_string("articles/verification.html", context))
