"""Atom (RFC 4287) and RSS 2.0, for text that may hold any character."""

import re
from copy import copy
from typing import NamedTuple

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.urls import reverse
from django.utils.feedgenerator import (
    Atom1Feed,
    Rss201rev2Feed,
    SyndicationFeed,
    rfc3339_date,
)
from django.utils.html import escape
from django.utils.timezone import localdate

from ecfr_site.caching.responses import surrogate_keys
from ecfr_site.caching.views import Kept
from ecfr_site.database.days import get_midnight
from ecfr_site.institution.feed_formats import FORMATS
from ecfr_site.institution.json_feed import JsonFeed
from ecfr_site.institution.models import Institution

# What XML cannot hold, and the control characters and non-characters that it advises
# against (XML 1.0, section 2.2): readers show a box, and validators warn of them.
_PLANES = "".join(
    f"{chr(plane)}-{chr(plane + 0xFFFD)}" for plane in range(0x10000, 0x110000, 0x10000)
)
_NOT_XML = re.compile(
    f"[^\t\n\r\u0020-\u007e\u00a0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd{_PLANES}]"
)
# Media RSS, for images.
_MEDIA = "http://search.yahoo.com/mrss/"
# Of files that may be an item's one enclosure in RSS, which data are not.
_TO_READ_OR_HEAR = ("application/pdf", "application/epub+zip", "audio/")


class Person(NamedTuple):
    """Somebody who is named in a feed, with the address of a page or ""."""

    name: str
    url: str = ""


class Category(NamedTuple):
    """The subject of an item, and the address of the list that it is in."""

    term: str
    scheme: str = ""


class _InstitutionXML(SyndicationFeed):
    """Items have more than Django's: `authors` and `contributors` (of Person),
    `subjects` (of Category), `content` (HTML), `image` (an address), `language`.

    Titles and descriptions are plain text; Django's own writes a description as it is
    and calls it HTML.
    """

    def __init__(self, **feed):
        super().__init__(**clean_for_xml(feed))

    def add_item(self, **item):
        # Required (RFC 4287, section 4.1.2); without people the feed's own author.
        authors = item.pop("authors", ())
        if not authors:
            authors = [Person(self.feed["author_name"], self.feed["author_link"])]
        super().add_item(**clean_for_xml(item | {"authors": authors}))

    def latest_post_date(self):
        """The last update; of an empty feed a time that is the same all day long."""
        midnight = get_midnight(localdate())
        return super().latest_post_date() if self.items else midnight


class AtomFeed(_InstitutionXML, Atom1Feed):
    def add_root_elements(self, handler):
        super().add_root_elements(handler)
        for hub in self.feed["hubs"]:
            handler.addQuickElement("link", "", {"rel": "hub", "href": hub})

    def root_attributes(self):
        return {**super().root_attributes(), "xmlns:media": _MEDIA}

    def item_attributes(self, item):
        return {"xml:lang": item["language"]} if item.get("language") else {}

    def add_item_elements(self, handler, item):
        # Ours are written below.
        own = {"author_name": None, "description": None, "categories": ()}
        super().add_item_elements(handler, {**item, **own})
        for element in ("author", "contributor"):
            for person in item.get(f"{element}s", ()):
                _write_person(handler, element, person)
        for term, scheme in item.get("subjects", ()):
            handler.addQuickElement("category", "", {"term": term, "scheme": scheme})
        if item["description"]:
            handler.addQuickElement("summary", item["description"], {"type": "text"})
        if item.get("content"):
            handler.addQuickElement("content", item["content"], {"type": "html"})
        _write_image(handler, item)


class RssFeed(_InstitutionXML, Rss201rev2Feed):
    def add_root_elements(self, handler):
        super().add_root_elements(handler)
        for hub in self.feed["hubs"]:
            handler.addQuickElement("atom:link", "", {"rel": "hub", "href": hub})

    def rss_attributes(self):
        return {
            **super().rss_attributes(),
            "xmlns:content": "http://purl.org/rss/1.0/modules/content/",
            "xmlns:dc": "http://purl.org/dc/elements/1.1/",
            "xmlns:media": _MEDIA,
        }

    def add_item_elements(self, handler, item):
        own = {
            "author_name": None,
            "categories": (),
            # Here it is HTML.
            "description": escape(item["description"] or ""),
            # More than one is not for RSS (RSS Advisory Board, best practices).
            "enclosures": [
                each
                for each in item["enclosures"][:1]
                if each.mime_type.startswith(_TO_READ_OR_HEAR)
            ],
            "unique_id_is_permalink": item["unique_id"] == item["link"],
        }
        super().add_item_elements(handler, {**item, **own})
        for person in item["authors"]:
            handler.addQuickElement("dc:creator", person.name)
        for person in item.get("contributors", ()):
            handler.addQuickElement("dc:contributor", person.name)
        for term, scheme in item.get("subjects", ()):
            handler.addQuickElement("category", term, {"domain": scheme})
        if item["updateddate"]:
            updated = rfc3339_date(item["updateddate"])
            handler.addQuickElement("atom:updated", updated)
        if item.get("language"):
            handler.addQuickElement("dc:language", item["language"])
        if item.get("content"):
            handler.addQuickElement("content:encoded", item["content"])
        _write_image(handler, item)


FEED_TYPES = dict(zip(FORMATS, (AtomFeed, RssFeed, JsonFeed), strict=True))


class InstitutionFeed(Feed):
    """A feed that knows its `institution`, asked for once a request."""

    kept = Kept()
    # Of what it shows (`surrogate_keys`), once its items are known.
    tags = ()
    # Whether hubs are told when it changes; only then does it name them.
    is_announced = False

    def __init__(self, format_name="feed"):
        self.feed_type = FEED_TYPES[format_name]

    def __call__(self, request, *args, **kwargs):
        # One instance answers all requests.
        return copy(self)._answer(request, *args, **kwargs)

    def _answer(self, request, *args, **kwargs):
        response = super().__call__(request, *args, **kwargs)
        # The newest entry's time, which stays when another is withdrawn or reworded.
        del response["Last-Modified"]
        if hubs := self._list_hubs():
            links = [(f"{settings.SITE_URL}{request.path}", "self")]
            links += [(hub, "hub") for hub in hubs]
            response["Link"] = ", ".join(f'<{url}>; rel="{rel}"' for url, rel in links)
        return surrogate_keys(response, *self.tags) if self.tags else response

    def _list_hubs(self):
        return settings.WEBSUB_HUBS if self.is_announced else []

    def feed_extra_kwargs(self, obj):
        return {"hubs": self._list_hubs()}

    def get_feed(self, obj, request):
        self.institution = Institution.objects.current()
        self.path = request.path
        self.language = self.get_language(obj)
        return super().get_feed(obj, request)

    def get_language(self, obj):
        """The code of the language, or None for that of the request."""

    def feed_url(self):
        return f"{settings.SITE_URL}{self.path}"

    def description(self):
        return self.institution.strapline or self.institution.name

    def author_name(self):
        return self.institution.name

    def author_link(self):
        return f"{settings.SITE_URL}{reverse('home')}"

    def item_link(self, item):
        return f"{settings.SITE_URL}{item.get_absolute_url()}"


def _write_person(handler, element, person):
    handler.startElement(element, {})
    handler.addQuickElement("name", person.name)
    if person.url:
        handler.addQuickElement("uri", person.url)
    handler.endElement(element)


def _write_image(handler, item):
    if item.get("image"):
        image = {"url": item["image"], "medium": "image"}
        handler.addQuickElement("media:content", "", image)


def clean_for_xml(value):
    """The same without what XML cannot or should not hold, however deep it is."""
    if isinstance(value, str):
        return _NOT_XML.sub("", value)
    if isinstance(value, dict):
        return {name: clean_for_xml(each) for name, each in value.items()}
    if isinstance(value, Person | Category):
        return type(value)(*map(clean_for_xml, value))
    if isinstance(value, list):
        return [clean_for_xml(each) for each in value]
    return value
