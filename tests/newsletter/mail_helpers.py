"""A reader's acts on the site's mails: open the link, press the button."""

import re

from django.conf import settings


def link_in(message, page):
    """The path behind the link to a page of the newsletter, which both parts have."""
    [html] = [content for content, kind in message.alternatives if kind == "text/html"]
    pattern = rf"{re.escape(settings.SITE_URL)}(/newsletter/{page}/[a-z2-7]+/)"
    [path] = set(re.findall(pattern, message.body))
    assert path in set(re.findall(pattern, html))
    return path
