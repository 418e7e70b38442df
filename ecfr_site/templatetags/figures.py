from django import template
from django.template.loader import render_to_string

from ecfr_site.admin_site.charts import format_per_cent

register = template.Library()


@register.filter
def grouped(number):
    return f"{number:,}"


@register.filter(name="per_cent")
def per_cent_or_dash(value):
    return "–" if value is None else format_per_cent(value)


@register.simple_block_tag
def figures(content, caption, *named, words, numbers, further=""):
    """A report's table around its rows: admin/_figures.html.

    `words` and `numbers` are the titles of its columns, in this order and with "|"
    between; those in `further` vanish on narrow screens. `named` is put into `caption`
    at each %s.
    """
    context = {
        "rows": content,
        "caption": caption % named if named else caption,
        "words": words.split("|"),
        "numbers": numbers.split("|"),
        "further": further.split("|"),
    }
    return render_to_string("admin/_figures.html", context)
