from articles.management.upkeep import RebuildCommand
from articles.search.upkeep import rebuild


class Command(RebuildCommand):
    help = (
        "Make the search index anew. Readers and editors go on; articles are found by "
        "what was indexed before until theirs is done. Stopped, it goes on with "
        "--continue, or by itself as the scheduler runs."
    )

    rebuild = staticmethod(rebuild)
    complete = "The search index is complete."
