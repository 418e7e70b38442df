from django.db import models, transaction
from django.utils import timezone

from articles.models import Article
from newsletter.models.item import EditionItem


class Gathering:
    """Putting an edition together of what was published."""

    @transaction.atomic
    def gather_more(self):
        """Add what was published since it was gathered; return how many pieces.

        Each goes to the end of its section. Raises NotAllowed.
        """
        self.check_open()
        now = timezone.now()
        items = list(self.items.all())
        new = []
        for section, article in self.newsletter.sort_into_sections(
            self._find_ungathered(now)
        ):
            item = EditionItem(edition=self, article=article, section=section)
            items.insert(_find_section_end(section, items), item)
            new.append(item)
        for order, item in enumerate(items):
            item.order = order
        if new:
            old = [item for item in items if item.pk]
            EditionItem.objects.bulk_update(old, ["order"], batch_size=500)
            EditionItem.objects.bulk_create(new)
        self.gathered_at = now
        self.save(update_fields=["gathered_at", "changed"])
        return len(new)

    def _find_ungathered(self, now):
        """Articles published since, in the language, that are in no edition yet."""
        used = EditionItem.objects.filter(
            article=models.OuterRef("pk"),
            edition__in=self.newsletter.editions.counting(),
        )
        return (
            Article.objects.published()
            .filter(
                language=self.newsletter.language,
                published_at__gt=self.gathered_at,
                published_at__lte=now,
            )
            .exclude(models.Exists(used))
            .select_related(None)
            .only("title", "published_at")
        )


def _find_section_end(section, items):
    places = [place for place, item in enumerate(items) if item.section == section]
    return places[-1] + 1 if places else len(items)
