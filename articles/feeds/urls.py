"""The addresses of feeds: "feed/" below the page of what they are about,
"feed/rss/" and "feed/json/"; languages have theirs below that of everything."""

from functools import partial

from django.urls import path

from articles.feeds.subjects import SUBJECTS
from articles.feeds.views import CorrectionFeed, SubjectFeed
from ecfr_site.institution.feed_formats import FORMATS

# {key of the subject: where its feeds are}
PLACES = {
    "": "feed/",
    "language": "feed/<slug:language>/",
    "kind": "publications/<slug:kind>/feed/",
    "author": "people/<slug:slug>/feed/",
    "programme": "programmes/<slug:slug>/feed/",
    "series": "series/<slug:slug>/feed/",
    "topic": "topics/<slug:slug>/feed/",
    "region": "regions/<slug:slug>/feed/",
}


def _list_paths(key, place, build):
    """One a format: that of Atom is the place itself."""
    for name in FORMATS:
        below = "" if name == "feed" else f"{name}/"
        yield path(f"{place}{below}", build(name), name=f"{key}_{name}".lstrip("_"))


urlpatterns = [
    *_list_paths("correction", "corrections/feed/", CorrectionFeed),
    *(
        pattern
        for key, place in PLACES.items()
        for pattern in _list_paths(key, place, partial(SubjectFeed, SUBJECTS[key]))
    ),
]
