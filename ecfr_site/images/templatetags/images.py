from django import template

from ecfr_site.images.markup import picture

register = template.Library()
register.simple_tag(picture)
