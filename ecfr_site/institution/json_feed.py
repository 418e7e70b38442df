"""JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/)."""

import json

from django.utils.feedgenerator import SyndicationFeed, rfc3339_date


class JsonFeed(SyndicationFeed):
    """Of the same items as the feeds in XML (ecfr_site/institution/feeds.py)."""

    content_type = "application/feed+json; charset=utf-8"

    def write(self, outfile, encoding):
        text = json.dumps(self.build(), ensure_ascii=False)
        outfile.write(text.encode(encoding, "replace"))

    def build(self):
        feed = self.feed
        return _drop_empty(
            {
                "version": "https://jsonfeed.org/version/1.1",
                "title": feed["title"],
                "home_page_url": feed["link"],
                "feed_url": feed["feed_url"],
                "description": feed["description"],
                "authors": [{"name": feed["author_name"], "url": feed["author_link"]}],
                "language": feed["language"],
                "hubs": [{"type": "WebSub", "url": hub} for hub in feed["hubs"]],
            }
        ) | {"items": [_build_item(item) for item in self.items]}


def _build_item(item):
    content = item.get("content")
    enclosures = item["enclosures"] or ()
    return _drop_empty(
        {
            "id": item["unique_id"] or item["link"],
            "url": item["link"],
            "title": item["title"],
            "content_html": content,
            "summary": item["description"],
            "image": item.get("image"),
            "date_published": item["pubdate"] and rfc3339_date(item["pubdate"]),
            "date_modified": item["updateddate"] and rfc3339_date(item["updateddate"]),
            "authors": [
                _drop_empty(each._asdict()) for each in item.get("authors") or ()
            ],
            "tags": [each.term for each in item.get("subjects") or ()],
            "language": item.get("language"),
            "attachments": [
                {
                    "url": each.url,
                    "mime_type": each.mime_type,
                    "size_in_bytes": int(each.length),
                }
                for each in enclosures
            ],
        }
        # One of the two there must be.
    ) | ({} if content else {"content_text": item["description"] or ""})


def _drop_empty(members):
    return {name: value for name, value in members.items() if value}
