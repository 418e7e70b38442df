from django import template

from ecfr_site.richtext.plain_text import web_address

register = template.Library()
register.filter(web_address)
