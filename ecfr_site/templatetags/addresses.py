from django import template

from ecfr_site.mail.addresses import show_address
from ecfr_site.richtext.plain_text import web_address
from ecfr_site.security.hosts import show_host

register = template.Library()
register.filter(web_address)
register.filter(show_address)
register.filter(show_host)
