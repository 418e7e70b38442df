from django import template

from newsletter.reports.charts import per_cent

register = template.Library()


@register.filter
def grouped(number):
    return f"{number:,}"


@register.filter(name="per_cent")
def per_cent_or_dash(value):
    return "–" if value is None else per_cent(value)
