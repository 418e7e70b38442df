from django.conf import settings
from django.contrib import admin
from django.contrib.sitemaps.views import index as sitemap_index
from django.contrib.sitemaps.views import sitemap
from django.urls import URLPattern, URLResolver, include, path, re_path

from articles import downloads, feeds, preview_links
from articles import views as articles
from authors import views as authors
from ecfr_site import views
from ecfr_site.accounts import passwords
from ecfr_site.caching.views import cached_page
from ecfr_site.images.views import upload
from ecfr_site.mail import views as outbox
from ecfr_site.mail.outbox import NAME
from ecfr_site.monitoring import csp_reports
from ecfr_site.sitemaps import sitemaps
from ecfr_site.tasks import views as tasks
from newsletter.bounces.webhooks import webhook

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
    path("publications/<slug:kind>/feed/", feeds.KindFeed(), name="kind_feed"),
    path("article/<slug:slug>/", articles.article, name="article"),
    path("files/<path:path>", downloads.file, name="file"),
    path("preview/<str:token>/", preview_links.preview, name="preview"),
    path(
        "preview/<str:token>/files/<path:path>",
        preview_links.file,
        name="preview_file",
    ),
    path("corrections/", articles.corrections, name="corrections"),
    path("corrections/feed/", feeds.CorrectionFeed(), name="correction_feed"),
    path("people/", authors.people, name="people"),
    path("people/<slug:slug>/", authors.author, name="author"),
    path("people/<slug:slug>/feed/", feeds.AuthorFeed(), name="author_feed"),
    path("programmes/", authors.programmes, name="programmes"),
    path("programmes/<slug:slug>/", authors.programme, name="programme"),
    path("programmes/<slug:slug>/feed/", feeds.ProgrammeFeed(), name="programme_feed"),
    path("topics/", articles.topics, name="topics"),
    path("topics/<slug:slug>/", articles.topic, {"kind": "topic"}, name="topic"),
    path(
        "topics/<slug:slug>/feed/",
        feeds.TopicFeed(),
        {"kind": "topic"},
        name="topic_feed",
    ),
    path("regions/<slug:slug>/", articles.topic, {"kind": "region"}, name="region"),
    path(
        "regions/<slug:slug>/feed/",
        feeds.TopicFeed(),
        {"kind": "region"},
        name="region_feed",
    ),
    path("search/", articles.search, name="search"),
    path("feed/", feeds.LatestFeed(), name="feed"),
    path("newsletter/", include("newsletter.urls")),
    path("mail-service/<path:path>", webhook, name="mail_service"),
    path(
        "sitemap.xml",
        cached_page()(sitemap_index),
        {"sitemaps": sitemaps, "sitemap_url_name": "sitemap_section"},
        name="sitemap",
    ),
    path(
        "sitemap-<slug:section>.xml",
        cached_page("p")(sitemap),
        {"sitemaps": sitemaps},
        name="sitemap_section",
    ),
    path(settings.CSP_REPORT_PATH[1:], csp_reports.receive, name="csp_report"),
    path("robots.txt", views.robots),
    path("favicon.ico", views.favicon),
    path(f"{settings.ADMIN_PATH}/", include(desk)),
]

handler400 = "ecfr_site.views.bad_request"

media_url = settings.MEDIA_URL.lstrip("/")
urlpatterns.append(path(f"{media_url}attachments/<path:path>", downloads.former))
if settings.SERVE_MEDIA:
    urlpatterns.append(path(f"{media_url}<path:path>", views.media))
