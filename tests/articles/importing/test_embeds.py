"""Embeds that are not possible here become links, and are named."""

import pytest

from articles.importing.embeds import link_embedded
from articles.models import Article
from tests.articles.importing.archives import get_losses, move_in
from tests.articles.importing.test_pipeline import POST
from tests.articles.importing.wxr import item

CHART = "https://charts.example/1/"


def link(address, text=None):
    return f'<a href="{address}">{text or address}</a>'


@pytest.mark.parametrize(
    ("html", "linked"),
    [
        (f'<iframe src="{CHART}" title="Gas prices"></iframe>', "Gas prices"),
        (f"<IFRAME width=600 SRC='{CHART}'>No frames</IFRAME>", CHART),
        (f'<iframe src="about:blank" data-src="{CHART}"></iframe>', CHART),
        (f'<iframe src="{CHART.removeprefix("https:")}"></iframe>', CHART),
        (f'<video controls src="{CHART}"></video>', CHART),
        (f'<audio controls><source src="{CHART}"></audio>', CHART),
        (f'<object data="{CHART}"></object>', CHART),
        (f'<object><embed src="{CHART}"></object>', CHART),
        (f'<embed src="{CHART}">', CHART),
    ],
)
def test_what_was_embedded_is_linked(html, linked):
    said, [loss] = link_embedded(f"<p>Before.</p>{html}<p>After.</p>")
    assert said == f"<p>Before.</p>{link(CHART, linked)}<p>After.</p>"
    assert loss.endswith(", now a link")


@pytest.mark.parametrize(
    "html",
    [
        f'<iframe src="{CHART}" width="1" height="1"></iframe>',
        '<iframe srcdoc="Words"></iframe>',
        '<iframe src="javascript:alert(1)"></iframe>',
        f'{link(CHART)}<object data="{CHART}"></object>',
    ],
)
def test_what_is_not_seen_or_linked_anyway_is_not(html):
    assert link_embedded(html) == (html, [])


def test_addresses_are_escaped():
    html, _ = link_embedded('<iframe src="/a?b=1&amp;c=%22" title="A &lt;b&gt;">')
    assert html == '<a href="/a?b=1&amp;c=%22">A &lt;b&gt;</a>'


@pytest.mark.django_db
def test_readers_and_the_report_see_it():
    film = '<video src="https://a.example/film.mp4"></video>'
    text = (
        f'<iframe src="{CHART}"></iframe>\n\n'
        f"<figure>{film}<figcaption>A film</figcaption></figure>"
    )
    found = move_in(*POST, item(text=text))
    body = Article.objects.get().body
    assert link(CHART) in body
    assert link("https://a.example/film.mp4") in body
    assert "A film" in body
    assert get_losses(found) == ["embedded page, now a link", "video, now a link"]
