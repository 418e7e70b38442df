from django import template

from ecfr_site.institution.feed_formats import list_feed_paths

register = template.Library()


@register.inclusion_tag("_feed_links.html", takes_context=True)
def feed_links(context, about="", subject="", *args):
    """Name the feeds of a subject in a page's head, or those of everything."""
    return {
        "institution": context.get("institution"),
        "about": about,
        "feeds": list_feed_paths(subject, *args),
    }
