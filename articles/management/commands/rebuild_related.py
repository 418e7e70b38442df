from articles.management.upkeep import RebuildCommand
from articles.related.upkeep import compute_all


class Command(RebuildCommand):
    help = (
        "Compute the related work of all articles anew, as after topics were merged. "
        "Pages show what was found before until theirs is done. Stopped, it goes on "
        "with --continue, or by itself as the scheduler runs."
    )

    rebuild = staticmethod(compute_all)
    complete = "Related work is complete."
