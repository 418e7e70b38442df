from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone

# How soon a page is asked for again: what is fine seldom breaks, what is broken is
# being mended. Our own pages cost nobody anything.
GOOD_FOR = timedelta(days=7)
BROKEN_FOR = timedelta(days=1)
INSIDE_BROKEN_FOR = timedelta(minutes=10)
# How long asking may take before it is thought lost.
LOST_AFTER = timedelta(minutes=10)
# Of how many pages one step asks, and of how many of one site.
AT_ONCE = 60
OF_A_SITE = 10
# In bytes: what an index of PostgreSQL can hold.
LONGEST = 2000


class LinkQuerySet(models.QuerySet):
    def inside(self):
        return self.filter(address__startswith="/")

    def due(self):
        now = timezone.now()
        inside = Q(address__startswith="/")
        return self.filter(
            Q(checked_at=None)
            | inside & ~Q(level="") & Q(checked_at__lt=now - INSIDE_BROKEN_FOR)
            | ~inside & ~Q(level="") & Q(checked_at__lt=now - BROKEN_FOR)
            # Those within the site are asked whenever an article is looked over.
            | ~inside & Q(checked_at__lt=now - GOOD_FOR)
        ).filter(Q(asked_at=None) | Q(asked_at__lt=now - LOST_AFTER))

    def claim(self):
        """Some that are due, few of each site, which nobody else then asks for."""
        now = timezone.now()
        sites = {}
        mine = []
        for link in self.due().order_by(models.F("checked_at").asc(nulls_first=True)):
            sites[link.site] = sites.get(link.site, 0) + 1
            if sites[link.site] > OF_A_SITE:
                continue
            if self.due().filter(pk=link.pk).update(asked_at=now):
                mine.append(link)
            if len(mine) == AT_ONCE:
                break
        return mine

    def replace_for(self, article, addresses):
        """Make these the links of the article; returns them."""
        self.bulk_create(
            [Link(address=address) for address in addresses], ignore_conflicts=True
        )
        links = list(self.filter(address__in=addresses))
        article.links.set(links)
        return links

    def forget_unused(self):
        self.filter(articles=None, checked_at__lt=timezone.now() - GOOD_FOR).delete()


class Link(models.Model):
    """An address that articles link to, and what was found there when it was asked.

    One row an address, so that what fifty articles link to is asked for once. Within
    the site it is a path, elsewhere it is absolute; neither has a fragment.
    """

    address = models.CharField(max_length=LONGEST, unique=True)
    articles = models.ManyToManyField("articles.Article", related_name="links")
    asked_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True, db_index=True)
    # When what was found became another.
    changed_at = models.DateTimeField(null=True)
    # As ecfr_site/richtext/link_checker.py says it; both empty where a page answers.
    level = models.CharField(max_length=10, blank=True)
    trouble = models.CharField(max_length=300, blank=True)

    readers_see = None

    objects = LinkQuerySet.as_manager()

    class Meta:
        # Nobody edits them.
        default_permissions = ()

    def __str__(self):
        return self.address

    @property
    def is_inside(self):
        return self.address.startswith("/")

    @property
    def site(self):
        return self.address.partition("//")[2].partition("/")[0].lower()

    def record_answer(self, trouble):
        """Keep what was found: None, or a level and the end of a sentence."""
        level, text = trouble or ("", "")
        found = {"level": level, "trouble": text[:300], "checked_at": timezone.now()}
        if (self.level, self.trouble) != (found["level"], found["trouble"]):
            found["changed_at"] = found["checked_at"]
        Link.objects.filter(pk=self.pk).update(asked_at=None, **found)
        for name, value in found.items():
            setattr(self, name, value)
