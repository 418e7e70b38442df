"""The least that Django can do: no middleware, one query, a template of one line."""

import environ
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpResponse
from django.template import engines
from django.urls import path

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES={"default": environ.Env().db("DATABASE_URL") | {"CONN_MAX_AGE": 60}},
    ROOT_URLCONF=__name__,
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
)


def view(request):
    with connection.cursor() as cursor:
        cursor.execute("SELECT title FROM articles_article WHERE id = 1")
        title = cursor.fetchone()
    return HttpResponse(template.render({"title": title}))


urlpatterns = [path("", view)]
application = get_wsgi_application()
template = engines["django"].from_string("<h1>{{ title }}</h1>")
