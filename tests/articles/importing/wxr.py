"""Small WordPress exports, made as WordPress makes them."""

import io
from xml.sax.saxutils import escape

HEAD = """<?xml version="1.0" encoding="UTF-8" ?>
<!-- This is a WordPress eXtended RSS file -->
<rss version="2.0"
  xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"
  xmlns:content="http://purl.org/rss/1.0/modules/content/"
  xmlns:dc="http://purl.org/dc/elements/1.1/"
  xmlns:wp="http://wordpress.org/export/1.2/">
<channel>
  <title>The Old Institute</title>
  <link>https://old.example</link>
  <language>en-GB</language>
  <wp:wxr_version>1.2</wp:wxr_version>
  <wp:base_site_url>https://old.example</wp:base_site_url>
  <wp:base_blog_url>https://old.example</wp:base_blog_url>
"""
# Of accounts and categories; all others have the same.
NUMBERS = {"ben": 2, "africa": 6, "trade": 7}
FOOT = "</channel>\n</rss>\n"


def cdata(text):
    return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"


def author(login="ada", name="Ada Verne", email="ada@old.example"):
    return (
        f"<wp:author><wp:author_id>{NUMBERS.get(login, 1)}</wp:author_id>"
        f"<wp:author_login>{cdata(login)}"
        f"</wp:author_login><wp:author_email>{cdata(email)}</wp:author_email>"
        f"<wp:author_display_name>{cdata(name)}</wp:author_display_name>"
        "<wp:author_first_name></wp:author_first_name></wp:author>\n"
    )


def category(slug, name, parent=""):
    return (
        f"<wp:category><wp:term_id>{NUMBERS.get(slug, 5)}</wp:term_id>"
        f"<wp:category_nicename>{cdata(slug)}</wp:category_nicename>"
        f"<wp:category_parent>{cdata(parent)}</wp:category_parent>"
        f"<wp:cat_name>{cdata(name)}</wp:cat_name></wp:category>\n"
    )


def term(taxonomy, slug, name):
    return (
        f"<wp:term><wp:term_taxonomy>{cdata(taxonomy)}</wp:term_taxonomy>"
        f"<wp:term_slug>{cdata(slug)}</wp:term_slug>"
        f"<wp:term_name>{cdata(name)}</wp:term_name></wp:term>\n"
    )


def item(number=1, title="A piece", text="Words.", **fields):
    """A post; `terms` are (taxonomy, slug), `meta` (key, value)."""
    slug = fields.get("slug", "a-piece")
    type_ = fields.get("type", "post")
    terms = "".join(
        f'<category domain="{taxonomy}" nicename="{name}">{cdata(name)}</category>'
        for taxonomy, name in fields.get("terms", ())
    )
    meta = "".join(
        f"<wp:postmeta><wp:meta_key>{cdata(key)}</wp:meta_key>"
        f"<wp:meta_value>{cdata(value)}</wp:meta_value></wp:postmeta>"
        for key, value in fields.get("meta", ())
    )
    date = fields.get("date", "2019-03-04 10:30:00")
    return f"""<item>
  <title>{cdata(title)}</title>
  <link>{escape(fields.get("link", f"https://old.example/2019/03/{slug}/"))}</link>
  <dc:creator>{cdata(fields.get("creator", "ada"))}</dc:creator>
  <guid isPermaLink="false">https://old.example/?p={number}</guid>
  <description></description>
  <content:encoded>{cdata(text)}</content:encoded>
  <excerpt:encoded>{cdata(fields.get("excerpt", ""))}</excerpt:encoded>
  <wp:post_id>{number}</wp:post_id>
  <wp:post_date>{cdata(date)}</wp:post_date>
  <wp:post_date_gmt>{cdata(fields.get("date_gmt", date))}</wp:post_date_gmt>
  <wp:post_modified_gmt>{cdata(fields.get("modified", ""))}</wp:post_modified_gmt>
  <wp:post_name>{cdata(slug)}</wp:post_name>
  <wp:status>{cdata(fields.get("status", "publish"))}</wp:status>
  <wp:post_parent>{fields.get("parent", 0)}</wp:post_parent>
  <wp:post_type>{cdata(type_)}</wp:post_type>
  <wp:post_password>{cdata(fields.get("password", ""))}</wp:post_password>
  <wp:is_sticky>{fields.get("sticky", 0)}</wp:is_sticky>
  <wp:attachment_url>{cdata(fields.get("file", ""))}</wp:attachment_url>
  {terms}{meta}
  <wp:comment><wp:comment_author>Troll</wp:comment_author>
  <wp:comment_content>Not for us</wp:comment_content></wp:comment>
</item>
"""


def export(*parts, head=HEAD, foot=FOOT):
    return io.BytesIO((head + "".join(parts) + foot).encode())
