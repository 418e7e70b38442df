from articles.management.upkeep import ArticlesCommand
from articles.models import Article


class Command(ArticlesCommand):
    help = (
        "Set all texts anew: the HTML that pages show, made of what editors wrote. "
        "After an upgrade that sets texts differently. Readers and editors go on, and "
        "it may be stopped and begun again."
    )

    def handle(self, **options):
        Article.objects.set_texts(self.show_progress)
        self.stdout.write(self.style.SUCCESS("All texts are set."))
