from django import template

from ecfr_site.images.markup import render_picture

register = template.Library()
register.simple_tag(render_picture, name="picture")
