"""Atom as RFC 4287 has it, for text that may hold any character."""

import re
from copy import copy

from django.contrib.syndication.views import Feed
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape

from ecfr_site.caching.views import Kept
from ecfr_site.institution.models import Institution

# What no XML document can hold (XML 1.0, section 2.2).
_NOT_XML = re.compile(
    "[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]",
)


class AtomFeed(Atom1Feed):
    """Titles and descriptions are given as plain text.

    Django's own writes a description as it is and calls it HTML.
    """

    def add_item_elements(self, handler, item):
        item = {name: _clean(value) for name, value in item.items()}
        # Required (section 4.1.2); without people the feed's own author.
        item["author_name"] = item["author_name"] or self.feed["author_name"]
        if item["description"] is not None:
            item["description"] = escape(item["description"])
        super().add_item_elements(handler, item)

    def add_root_elements(self, handler):
        self.feed = {name: _clean(value) for name, value in self.feed.items()}
        super().add_root_elements(handler)


class InstitutionFeed(Feed):
    """A feed that knows its `institution`, asked for once a request."""

    feed_type = AtomFeed
    kept = Kept()

    def get_feed(self, obj, request):
        # One instance answers all requests.
        feed = copy(self)
        feed.institution = Institution.objects.current()
        return super(InstitutionFeed, feed).get_feed(obj, request)

    def author_name(self):
        return self.institution.name


def _clean(value):
    return _NOT_XML.sub("", value) if isinstance(value, str) else value
