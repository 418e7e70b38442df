from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


class ArticlesConfig(AppConfig):
    name = "articles"
    verbose_name = "Publications"

    def ready(self):
        post_migrate.connect(make_search_index, sender=self)


def make_search_index(using, **kwargs):
    """Make what SQLite keeps the search index in, once its table is there."""
    from articles.search import sqlite

    connection = connections[using]
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pragma_table_info('articles_searchtext')")
        if ("forms",) in cursor.fetchall():
            sqlite.make_index(cursor)
