"""Ask doi.org whether it knows a DOI; its answer never stops anybody from saving."""

from urllib.parse import quote

from django.utils import timezone
from django_tasks import task

from articles.models import Article
from articles.models.identifiers import DOI_SITE
from ecfr_site.richtext import link_checker
from ecfr_site.tasks.queue import LOWEST

# Answers of handles themselves, whatever the page that they lead to does
# (https://www.doi.org/doi-handbook/HTML/rest-api.html).
RESOLVER = f"{DOI_SITE}api/handles/"


@task(priority=LOWEST)
def check_doi(article_id: int) -> None:
    """Store on the article, or working copy, what doi.org answers now."""
    article = Article.objects.without_texts().filter(pk=article_id).first()
    if article is None or not article.doi:
        return
    address = RESOLVER + quote(article.doi, safe="/")
    trouble = link_checker.check_page(address)
    # Of this DOI, unless another was saved meanwhile.
    Article.objects.filter(pk=article_id, doi=article.doi).update(
        doi_checked_at=timezone.now(),
        doi_answer=_describe(trouble),
    )


def _describe(trouble: tuple[str, str] | None) -> str:
    if trouble is None:
        return "It is registered."
    if trouble[1].startswith("leads nowhere"):
        return "It is not registered."
    return f"doi.org could not be asked: its address {trouble[1]}."[:200]
