"""Every address of the site, by the name of its pattern, for a site of `make_site`."""

import re
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.urls import get_resolver, reverse
from reversion.models import Version

from ecfr_site.institution.feed_formats import FORMATS
from ecfr_site.mail import outbox
from ecfr_site.security import tokens
from newsletter.models import DomainHold

POSTS = "Takes what is posted; there is nothing to read."
# Patterns that no page is read at, with the reason.
NOT_READ = {
    "csp_report": POSTS,
    "mail_service": POSTS,
    "image_upload": POSTS,
    "articles_article_autosave": POSTS,
    "articles_article_throw_away": POSTS,
    "articles_article_take_over": POSTS,
    "articles_article_comment_resolve": POSTS,
    "articles_article_comment_reopen": POSTS,
    "articles_article_revoke_preview_link": POSTS,
    "articles_article_check_doi": POSTS,
    "articles_article_feature": POSTS,
    "articles_article_documents": POSTS,
    "articles_article_restore": POSTS,
    "newsletter_edition_act": POSTS,
    "newsletter_sender_check": POSTS,
    "redirects_redirect_process_import": POSTS,
    "auth_user_link": POSTS,
    "auth_user_reset": POSTS,
    "auth_user_sessions": POSTS,
    "auth_user_unlock": POSTS,
    "logout": POSTS,
    "turn_off": POSTS,
    "end_sessions": POSTS,
    "new_codes": POSTS,
    "remove_app": POSTS,
    "passkey_options": POSTS,
    "own_passkey_options": POSTS,
    "start_again": POSTS,
    "jsi18n": "Django's own words in a script.",
}


def patterns():
    """The name of each pattern, or the pattern where it has none."""
    found = set()

    def walk(resolver, before=""):
        for pattern in resolver.url_patterns:
            here = before + str(pattern.pattern)
            if hasattr(pattern, "url_patterns"):
                walk(pattern, here)
            elif not here.startswith("mail-service/"):
                found.add(pattern.name or here)

    walk(get_resolver())
    return found


def addresses(site):
    """{name of a pattern: paths to read}."""
    return {
        **_public(site),
        **_by_token(site),
        **_desk(site),
        **_of_articles(site),
        **_of_newsletters(site),
        **_of_models(site),
    }


def _public(site):
    feeds = {
        f"{name}_{feed}": [reverse(f"{name}_{feed}", args=[row.slug])]
        for feed in FORMATS
        for name, row in {
            "author": site.author,
            "programme": site.programme,
            "topic": site.topic,
            "region": site.region,
            "series": site.series,
            "newsletter": site.newsletter,
        }.items()
    }
    api = {
        "documentation": ["/api/"],
        "openapi": ["/api/v1/openapi.json"],
        "kinds": ["/api/v1/kinds"],
        "articles": [
            "/api/v1/articles",
            f"/api/v1/articles/{site.article.slug}",
            "/api/v1/series",
            f"/api/v1/series/{site.series.slug}",
            "/api/v1/topics",
            "/api/v1/search?q=evil",
        ],
        "person": ["/api/v1/people", f"/api/v1/people/{site.author.slug}"],
        r"api/^v1/(?P<rest>[\s\S]*)\Z": [
            "/api/v1/programmes",
            f"/api/v1/programmes/{site.programme.slug}",
            "/api/v1/evil/<evil>",
        ],
    }
    return {
        **api,
        "home": ["/", "/about/", "/evil/<evil>/?q=<evil>"],
        "series_list": ["/series/"],
        "series": [f"/series/{site.series.slug}/"],
        "republish": [f"/article/{site.own.slug}/republish/"],
        "publications": [
            "/publications/",
            "/publications/report/",
            f"/publications/?topic={site.topic.slug}&region={site.region.slug}"
            f"&programme={site.programme.slug}",
        ],
        "article": [
            site.article.get_absolute_url(),
            site.withdrawn.get_absolute_url(),
        ],
        "cite": [f"{site.article.get_absolute_url()}cite/"],
        "cite_export": [
            f"{site.article.get_absolute_url()}cite.{ending}"
            for ending in ("bib", "ris", "json")
        ],
        "cite_version": [f"{site.article.get_absolute_url()}versions/1/cite/"],
        "cite_version_export": [
            f"{site.article.get_absolute_url()}versions/1/cite.{ending}"
            for ending in ("bib", "ris", "json")
        ],
        "article_card": [
            reverse("article_card", args=[each.slug])
            for each in (site.article, site.withdrawn)
        ],
        "oembed": [
            f"/oembed?{urlencode({'url': site.article.get_absolute_url()})}{more}"
            for more in ("", "&format=xml")
        ],
        "file": [site.attachment.file.url],
        "versions": [f"{site.article.get_absolute_url()}versions/"],
        "version": [f"{site.article.get_absolute_url()}versions/1/"],
        "version_changes": [f"{site.article.get_absolute_url()}versions/2/changes/"],
        "document": [f"/article/{site.article.slug}/{site.article.slug}-v1.pdf"],
        "corrections": ["/corrections/"],
        "people": ["/people/"],
        "author": [site.author.get_absolute_url()],
        "programmes": ["/programmes/"],
        "programme": [site.programme.get_absolute_url()],
        "topics": ["/topics/"],
        "topic": [site.topic.get_absolute_url(), site.subtopic.get_absolute_url()],
        "region": [site.region.get_absolute_url()],
        "search": ["/search/", "/search/?q=<evil>", f"/search/?q={site.article.slug}"],
        "feed": ["/feed/"],
        "rss": ["/feed/rss/"],
        "json": ["/feed/json/"],
        "language_feed": ["/feed/en/"],
        "language_rss": ["/feed/en/rss/"],
        "language_json": ["/feed/en/json/"],
        "kind_feed": ["/publications/report/feed/"],
        "kind_rss": ["/publications/report/feed/rss/"],
        "kind_json": ["/publications/report/feed/json/"],
        "correction_feed": ["/corrections/feed/"],
        "correction_rss": ["/corrections/feed/rss/"],
        "correction_json": ["/corrections/feed/json/"],
        "sitemap": ["/sitemap.xml"],
        "sitemap_section": re.findall(
            r"/sitemap-\w+\.xml", site.client.get("/sitemap.xml").content.decode()
        ),
        "newsletter": ["/newsletter/"],
        "newsletter_challenge": ["/newsletter/challenge/"],
        "newsletter_subscribe": ["/newsletter/subscribe/"],
        "newsletter_api": ["/newsletter/api/subscribe"],
        "newsletter_api_challenge": ["/newsletter/api/challenge/"],
        "newsletter_follow": [f"/newsletter/follow/topic/{site.topic.slug}/"],
        "newsletter_archive": [f"/newsletter/{site.newsletter.slug}/"],
        "newsletter_edition": [f"/newsletter/{site.newsletter.slug}/{site.sent.pk}/"],
        "robots.txt": ["/robots.txt"],
        "security_txt": ["/.well-known/security.txt"],
        "indexnow_key": ["/no-key-of-ours.txt"],
        "favicon.ico": ["/favicon.ico"],
        "media/attachments/<path:path>": ["/media/attachments/x"],
        "media/<path:path>": [site.image.file.url],
        **feeds,
    }


def _by_token(site):
    subscriber, delivery = site.subscriber, site.delivery
    preview = site.preview.get_absolute_url()
    confirm = tokens.sign("confirm", site.signup.pk, bound_to=subscriber.normalised)
    move = tokens.sign("address", subscriber.pk, bound_to=subscriber.new_email)
    return {
        "preview": [preview],
        "preview_file": [f"{preview}files/x"],
        "newsletter_confirm": [f"/newsletter/confirm/{confirm}/"],
        "newsletter_preferences": [
            subscriber.preferences_path,
            f"/newsletter/preferences/{tokens.sign('preferences', 0)}/",
        ],
        "newsletter_data": [f"{subscriber.preferences_path}data/"],
        "newsletter_erase": [f"{subscriber.preferences_path}erase/"],
        "newsletter_address": [f"/newsletter/address/{move}/"],
        "newsletter_unsubscribe": [
            f"/newsletter/unsubscribe/{delivery.token('unsubscribe')}/"
        ],
        "newsletter_leaving_reason": [
            f"/newsletter/unsubscribe/{delivery.token('unsubscribe')}/reason/"
        ],
        "newsletter_click": [f"/newsletter/click/{delivery.token('click')}/1/"],
        "newsletter_open": [f"/newsletter/open/{delivery.token('open')}.gif"],
        "password_reset_confirm": ["/admin/password/x/y/"],
    }


def _desk(site):
    mails = [f"/admin/outbox/{name}/" for name in outbox.list_newest()]
    user = site.colleague
    kind = ContentType.objects.get_for_model(site.article)
    return {
        "index": ["/admin/"],
        "app_list": ["/admin/articles/", "/admin/auth/"],
        "outbox": ["/admin/outbox/"],
        "outbox_message": mails,
        "outbox_html": [f"{mail}html/" for mail in mails],
        "queue": ["/admin/tasks/"],
        "moment": ["/admin/moment/?day=<evil>&time=<evil>"],
        "images_image_chosen": [f"/admin/images/image/{site.image.pk}/chosen/"],
        "admin_password_reset": ["/admin/password/"],
        "password_reset_done": ["/admin/password/sent/"],
        "password_reset_complete": ["/admin/password/set/"],
        "login": ["/admin/login/"],
        "sign_in_code": ["/admin/login/code/"],
        "account": ["/admin/account/"],
        "second_factor": ["/admin/account/second-factor/"],
        "add_passkey": ["/admin/account/passkeys/add/"],
        "remove_passkey": [f"/admin/account/passkeys/{site.passkey.pk}/remove/"],
        "password_change": ["/admin/password_change/"],
        "password_change_done": ["/admin/password_change/done/"],
        "view_on_site": [
            reverse("admin:view_on_site", args=[kind.pk, site.article.pk])
        ],
        "autocomplete": [
            "/admin/autocomplete/?app_label=articles&model_name=byline"
            "&field_name=author&term=",
            "/admin/autocomplete/?app_label=articles&model_name=article"
            "&field_name=image&term=",
        ],
        "auth_user_data": [f"/admin/auth/user/{user.pk}/data/"],
        "auth_user_erase": [f"/admin/auth/user/{user.pk}/erase/"],
        "webhook_secret": [
            f"/admin/ecfr_site/webhookendpoint/{site.webhook.pk}/secret/"
        ],
        "webhook_test": [f"/admin/ecfr_site/webhookendpoint/{site.webhook.pk}/test/"],
        "webhook_again": [
            f"/admin/ecfr_site/webhookdelivery/{site.webhook_delivery.pk}/again/"
        ],
        "ecfr_site_auditentry_export": ["/admin/ecfr_site/auditentry/export.csv"],
        "admin/(?P<url>.*)$": ["/admin/evil/<evil>/"],
    }


def _of_articles(site):
    home = "/admin/articles/article/"
    live, draft = f"{home}{site.article.pk}/", f"{home}{site.draft.pk}/"
    [version, *_] = Version.objects.get_for_object(site.article)
    [gone, *_] = Version.objects.get_deleted(type(site.article))
    return {
        "articles_article_position": [
            f"{home}position/?author={site.author.pk}&day=2026-01-01"
        ],
        "articles_article_comments": [f"{live}comments/", f"{draft}comments/"],
        "articles_article_board": [f"{home}board/"],
        "articles_article_calendar": [f"{home}calendar/"],
        "articles_article_manuscripts": [f"{home}manuscripts/"],
        **_of_archives(site, f"{home}move-in/"),
        "articles_article_readers": [
            f"{home}readers/",
            f"{home}readers/?period=year&article={site.article.pk}",
            f"{home}readers/?kind=<evil>&day=<evil>&period=<evil>",
        ],
        "articles_article_output": [
            f"{home}output/",
            f"{home}output/?first=<evil>&last=<evil>&funder={site.funder.pk}",
        ],
        "articles_article_output_csv": [f"{home}output.csv"],
        "articles_article_output_bibtex": [f"{home}output.bib"],
        "articles_article_readers_csv": [f"{home}readers.csv"],
        "articles_article_notices": [f"{home}notices/"],
        "articles_article_preview_links": [f"{draft}preview-links/"],
        "articles_article_preview_link": [f"{draft}preview-links/{site.preview.pk}/"],
        "articles_article_preview": [f"{draft}preview/", f"{home}preview/"],
        "articles_article_discard": [f"{home}{site.copy.pk}/discard/"],
        "articles_article_compare": [
            f"{live}compare/",
            f"{live}compare/?from={version.pk}",
        ],
        "articles_article_merge": [f"{draft}manuscript/"],
        "articles_article_withdraw": [f"{live}withdraw/"],
        "articles_article_recoverlist": [f"{home}recover/"],
        "articles_article_recover": [f"{home}recover/{gone.pk}/"],
        "articles_article_revision": [f"{live}history/{version.pk}/"],
    }


def _of_archives(site, home):
    ready, done = (f"{home}{each.pk}/" for each in site.archives)
    taxonomy = next(iter(site.archives[0].found["taxonomies"]))
    terms = urlencode({"taxonomy": taxonomy})
    prefix = "articles_article_move_in"
    return {
        prefix: [home],
        f"{prefix}_import": [ready, done],
        f"{prefix}_map": [f"{ready}map/"],
        f"{prefix}_terms": [
            f"{ready}terms/?{terms}",
            f"{ready}terms/?{terms}&q=<evil>",
        ],
        f"{prefix}_people": [f"{ready}people/"],
        f"{prefix}_report": [f"{done}report/", f"{done}report/?q=<evil>&kind=<evil>"],
        f"{prefix}_refused": [f"{done}refused.csv"],
        f"{prefix}_report_csv": [f"{done}report.csv"],
        f"{prefix}_positions": [f"{done}positions/", f"{done}positions/?page=<evil>"],
        f"{prefix}_undo": [f"{done}undo/"],
    }


def _of_newsletters(site):
    home = "/admin/newsletter/"
    draft, sent = (f"{home}edition/{row.pk}/" for row in (site.edition, site.sent))
    deliverability = f"{home}edition/deliverability/"
    held = urlencode({"domain": DomainHold.objects.get().domain})
    return {
        "newsletter_deliverability": [deliverability],
        "newsletter_domain_hold": [f"{deliverability}hold/?{held}"],
        "newsletter_domain_release": [f"{deliverability}release/?{held}"],
        "newsletter_edition_preview": [
            f"{draft}preview/",
            f"{draft}preview/?part=text",
            f"{sent}preview/",
        ],
        "newsletter_edition_progress": [f"{sent}progress/"],
        "newsletter_welcomemail_preview": [
            f"{home}welcomemail/{site.welcome.pk}/preview/",
            f"{home}welcomemail/{site.welcome.pk}/preview/?part=text",
        ],
        "newsletter_newsletter_add_person": [
            f"{home}newsletter/{site.press_list.pk}/add-person/"
        ],
        "newsletter_edition_send": [f"{draft}send/"],
        "newsletter_edition_cancel": [f"{draft}cancel/"],
        "newsletter_edition_report": [f"{sent}report/"],
        "newsletter_edition_report_csv": [f"{sent}report.csv"],
        "newsletter_edition_deliveries_csv": [f"{sent}deliveries.csv"],
        "newsletter_subscriber_overview": [f"{home}subscriber/overview/"],
        "newsletter_subscriber_export": [f"{home}subscriber/export.csv"],
        "newsletter_subscriber_act": [
            f"{home}subscriber/{site.subscriber.pk}/erase/act/"
        ],
        "newsletter_subscriber_import": [f"{home}subscriber/import/"],
        "newsletter_subscriber_import_page": [
            f"{home}subscriber/import/{each.pk}/" for each in site.imports
        ],
        "newsletter_subscriber_import_refused": [
            f"{home}subscriber/import/{each.pk}/refused.csv" for each in site.imports
        ],
        "redirects_redirect_import": ["/admin/redirects/redirect/import/"],
    }


def _of_models(site):
    """The pages that each model of the desk has, in each of its rows."""
    found = {}
    for model in admin.site._registry:
        meta = model._meta
        home = f"/admin/{meta.app_label}/{meta.model_name}/"
        name = f"{meta.app_label}_{meta.model_name}"
        found[f"{name}_changelist"] = [home, f"{home}?q=evil"]
        found[f"{name}_add"] = [f"{home}add/"]
        for page in ("history", "delete", "change"):
            found[f"{name}_{page}"] = [
                f"{home}{pk}/{page}/"
                for pk in model._base_manager.values_list("pk", flat=True)[:2]
            ]
        found[f"admin/{meta.app_label}/{meta.model_name}/<path:object_id>/"] = []
    return found
