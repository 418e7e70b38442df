from django.conf import settings
from django.contrib import admin
from django.contrib.sitemaps.views import index as sitemap_index
from django.contrib.sitemaps.views import sitemap
from django.urls import (
    URLPattern,
    URLResolver,
    include,
    path,
    re_path,
    register_converter,
)
from django.urls.converters import IntConverter

from articles import cards, downloads, preview_links, versions
from articles import views as articles
from articles.citing import views as citing
from articles.documents.views import document
from articles.search.views import search
from authors import views as authors
from ecfr_site import views
from ecfr_site.accounts import passwords
from ecfr_site.caching.views import cached_page
from ecfr_site.images.views import upload
from ecfr_site.mail import views as outbox
from ecfr_site.mail.outbox import NAME
from ecfr_site.monitoring import csp_reports
from ecfr_site.security.views import security_txt
from ecfr_site.sitemaps import sitemaps, without_date
from ecfr_site.tasks import views as tasks
from newsletter.bounces.webhooks import webhook


class VersionConverter(IntConverter):
    """A number as we write it: “01” is no second address of version 1."""

    regex = "[1-9][0-9]{0,4}"


register_converter(VersionConverter, "version")

# Whoever may be there is asked by DeskAddressMiddleware too.
desk: list[URLPattern | URLResolver] = [
    path("images/upload/", upload, name="image_upload"),
    path("outbox/", outbox.messages, name="outbox"),
    re_path(
        rf"^outbox/(?P<name>{NAME})/$",
        outbox.message,
        name="outbox_message",
    ),
    re_path(
        rf"^outbox/(?P<name>{NAME})/html/$",
        outbox.html,
        name="outbox_html",
    ),
    path("tasks/", tasks.queue, name="queue"),
    path("password/", passwords.AskForLink.as_view(), name="admin_password_reset"),
    path(
        "password/sent/",
        passwords.LinkSent.as_view(),
        name="password_reset_done",
    ),
    path(
        "password/<uidb64>/<token>/",
        passwords.SetPassword.as_view(),
        name="password_reset_confirm",
    ),
    path(
        "password/set/",
        passwords.PasswordSet.as_view(),
        name="password_reset_complete",
    ),
    path("", admin.site.urls),
]

urlpatterns = [
    path("", views.home, name="home"),
    path("publications/", articles.publications, name="publications"),
    path("publications/<slug:kind>/", articles.publications, name="publications"),
    path("article/<slug:slug>/", articles.article, name="article"),
    path("article/<slug:slug>/cite/", citing.cite, name="cite"),
    path("article/<slug:slug>/cite.<str:ending>", citing.export, name="cite_export"),
    path("article/<slug:slug>/republish/", articles.republish, name="republish"),
    re_path(
        r"^article/(?P<slug>[-\w]+)/(?P<name>[-\w]+)-v(?P<version>\d{1,4})"
        r"\.(?P<ending>pdf|epub)$",
        document,
        name="document",
    ),
    path("article/<slug:slug>/versions/", versions.versions, name="versions"),
    path(
        "article/<slug:slug>/versions/<version:number>/",
        versions.version,
        name="version",
    ),
    path(
        "article/<slug:slug>/versions/<version:number>/changes/",
        versions.changes,
        name="version_changes",
    ),
    path(
        "article/<slug:slug>/versions/<version:number>/cite/",
        citing.cite,
        name="cite_version",
    ),
    path(
        "article/<slug:slug>/versions/<version:number>/cite.<str:ending>",
        citing.export,
        name="cite_version_export",
    ),
    path("embed/article/<slug:slug>/", cards.card, name="article_card"),
    re_path("^oembed/?$", cards.oembed, name="oembed"),
    path("files/<path:path>", downloads.file, name="file"),
    path("preview/<str:token>/", preview_links.preview, name="preview"),
    path(
        "preview/<str:token>/files/<path:path>",
        preview_links.file,
        name="preview_file",
    ),
    path("corrections/", articles.corrections, name="corrections"),
    path("people/", authors.people, name="people"),
    path("people/<slug:slug>/", authors.author, name="author"),
    path("programmes/", authors.programmes, name="programmes"),
    path("programmes/<slug:slug>/", authors.programme, name="programme"),
    path("series/", articles.series_list, name="series_list"),
    path("series/<slug:slug>/", articles.series, name="series"),
    path("topics/", articles.topics, name="topics"),
    path("topics/<slug:slug>/", articles.topic, {"kind": "topic"}, name="topic"),
    path("regions/<slug:slug>/", articles.topic, {"kind": "region"}, name="region"),
    path("search/", search, name="search"),
    path("", include("articles.feeds.urls")),
    path("api/", include("ecfr_site.api.urls")),
    path("newsletter/", include("newsletter.urls")),
    path("mail-service/<path:path>", webhook, name="mail_service"),
    path(
        "sitemap.xml",
        cached_page()(without_date(sitemap_index)),
        {"sitemaps": sitemaps, "sitemap_url_name": "sitemap_section"},
        name="sitemap",
    ),
    path(
        "sitemap-<slug:section>.xml",
        cached_page("p")(without_date(sitemap)),
        {"sitemaps": sitemaps},
        name="sitemap_section",
    ),
    path(settings.CSP_REPORT_PATH[1:], csp_reports.receive, name="csp_report"),
    path("robots.txt", views.robots),
    path(".well-known/security.txt", security_txt, name="security_txt"),
    path("<slug:key>.txt", views.indexnow_key, name="indexnow_key"),
    path("favicon.ico", views.favicon),
    path(f"{settings.ADMIN_PATH}/", include(desk)),
]

handler400 = "ecfr_site.views.bad_request"
handler404 = "ecfr_site.views.page_not_found"
handler500 = "ecfr_site.views.server_error"

media_url = settings.MEDIA_URL.lstrip("/")
urlpatterns.append(
    path(f"{media_url}attachments/<path:path>", downloads.redirect_former)
)
if settings.SERVE_MEDIA:
    urlpatterns.append(path(f"{media_url}<path:path>", views.media))
