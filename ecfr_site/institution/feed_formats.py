"""The formats in which every feed is given, and the names of their addresses."""

from ecfr_site.redirects.paths import get_path

# {end of the name of an address: media type}: "topic_feed", "topic_rss"; that of
# everything is just "feed", "rss" or "json". Pages name them in this order.
FORMATS = {
    "feed": "application/atom+xml",
    "rss": "application/rss+xml",
    "json": "application/feed+json",
}


def get_feed_path(format_name, subject="", *args, **kwargs):
    """The path of the feed of a subject such as "topic", or of everything."""
    name = f"{subject}_{format_name}" if subject else format_name
    return get_path(name, *args, **kwargs)


def list_feed_paths(subject="", *args, **kwargs):
    """[(media type, path)] of the subject's feeds, one a format."""
    return [
        (media_type, get_feed_path(name, subject, *args, **kwargs))
        for name, media_type in FORMATS.items()
    ]
