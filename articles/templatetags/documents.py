from django import template

from articles.documents.addresses import count_pages, list_made

register = template.Library()
register.simple_tag(count_pages)
register.simple_tag(list_made)
