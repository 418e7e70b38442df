from django.urls import path, re_path

from newsletter.feeds import EditionFeed
from newsletter.views import (
    alerts,
    archive,
    elsewhere,
    preferences,
    signup,
    tracking,
)

urlpatterns = [
    path("", signup.signup, name="newsletter"),
    path("challenge/", signup.challenge, name="newsletter_challenge"),
    path("subscribe/", elsewhere.subscribe, name="newsletter_subscribe"),
    # With and without the slash: a POST is never redirected.
    re_path(r"^api/subscribe/?$", elsewhere.api_subscribe, name="newsletter_api"),
    path(
        "api/challenge/",
        elsewhere.allow_origins(signup.challenge),
        name="newsletter_api_challenge",
    ),
    path("follow/<slug:kind>/<slug:slug>/", alerts.follow, name="newsletter_follow"),
    path("confirm/<str:token>/", preferences.confirm, name="newsletter_confirm"),
    path(
        "preferences/<str:token>/",
        preferences.preferences,
        name="newsletter_preferences",
    ),
    path("preferences/<str:token>/data/", preferences.data, name="newsletter_data"),
    path("preferences/<str:token>/erase/", preferences.erase, name="newsletter_erase"),
    path("address/<str:token>/", preferences.address, name="newsletter_address"),
    # With and without the slash: a one-click POST is never redirected (RFC 8058).
    re_path(
        r"^unsubscribe/(?P<token>[a-z2-7]+)/?$",
        preferences.unsubscribe,
        name="newsletter_unsubscribe",
    ),
    path(
        "unsubscribe/<str:token>/reason/",
        preferences.leaving_reason,
        name="newsletter_leaving_reason",
    ),
    path("click/<str:token>/<int:number>/", tracking.click, name="newsletter_click"),
    path("open/<str:token>.gif", tracking.open_pixel, name="newsletter_open"),
    path("<slug:slug>/", archive.archive, name="newsletter_archive"),
    path("<slug:slug>/feed/", EditionFeed(), name="newsletter_feed"),
    path("<slug:slug>/feed/rss/", EditionFeed("rss"), name="newsletter_rss"),
    path("<slug:slug>/feed/json/", EditionFeed("json"), name="newsletter_json"),
    path("<slug:slug>/<int:pk>/", archive.edition, name="newsletter_edition"),
]
