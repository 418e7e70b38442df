"""A link to "All …" leads to a list that holds what stands above it."""

import re

import pytest

from articles.models import Article
from tests.factories import ArticleFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "kinds",
    [["policy-brief"], ["report"], ["report", "policy-brief"]],
    ids=["briefs", "reports", "both"],
)
def test_research_links_to_the_kinds_that_are_shown(reader, kinds):
    for kind in kinds * 2:
        ArticleFactory(published=True, kind=kind)
    # Enough newer pieces that the research is not among the latest.
    Article.objects.update(published_at="2020-01-01T00:00Z")
    ArticleFactory.create_batch(8, published=True, kind="commentary")

    page = reader.get("/").content.decode()
    research = page[page.index('aria-labelledby="research"') :].split("</section>")[0]

    links = dict(re.findall(r'href="(/publications/[^"]+)">All ([^<]+)<', research))
    assert set(links) == {f"/publications/{kind}/" for kind in kinds}
    shown = set(re.findall(r'href="(/article/[^"]+)"', research))
    listed = {
        address
        for link in links
        for address in re.findall(
            r'href="(/article/[^"]+)"', reader.get(link).content.decode()
        )
    }
    assert shown
    assert shown <= listed
