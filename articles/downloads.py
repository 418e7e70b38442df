"""Attachments, handed to those who may have them: readers when they are published."""

from urllib.parse import quote

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import SuspiciousFileOperation
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.http import content_disposition_header, http_date, quote_etag
from django.views.decorators.http import require_safe

from articles.models import Article, FormerVersion
from articles.models.attachment import FOLDER, find_media_type
from articles.models.data_file import is_data
from ecfr_site.storage.private import private_storage

# Browsers and proxies may keep it but ask each time: a withdrawal counts at once.
FOR_ALL = "public, no-cache"
FOR_ONE = "private, no-store"


@require_safe
def file(request, path):
    """The file, if a published article offers it or the desk shows one that does.

    A former version that readers see offers its files, too.
    """
    name = parse_storage_name(path)
    if Article.objects.published().offering(name).exists():
        return send_file(name, FOR_ALL)
    if is_shown_at_desk(request, name):
        return send_file(name, FOR_ONE)
    # Last, since it reads what all former versions offer.
    if is_stored(name) and FormerVersion.objects.shown().offer(name):
        return send_file(name, FOR_ALL)
    raise Http404


@require_safe
def redirect_former(request, path):
    """Redirect from where attachments were before they were protected."""
    if not Article.objects.published().offering(parse_storage_name(path)).exists():
        raise Http404
    return redirect("file", path, permanent=True)


def parse_storage_name(path):
    """The name in the storage; Http404 for what no storage or database can hold."""
    if "\0" in path:
        raise Http404
    return FOLDER + path


def is_stored(name):
    try:
        return private_storage().exists(name)
    except SuspiciousFileOperation:
        return False


def is_shown_at_desk(request, name):
    user = request.user
    # The desk may ask for more than a password.
    on_desk = admin.site.has_permission(request)
    return (on_desk and user.has_perm("articles.view_article")) and (
        Article.objects.visible_to(user).offering(name).exists()
        # What only earlier versions have is for those who see every article.
        or user.has_perm("articles.approve_article")
    )


def send_file(name, cache_control, file_name="", media_type=""):
    """The stored file; with PRIVATE_ACCEL the web server sends it at our word.

    Data are saved, not shown.

    ConditionalGetMiddleware answers those who have it already.
    """
    file_name = file_name or name.rsplit("/", 1)[-1]
    headers = {
        "Cache-Control": cache_control,
        "Content-Type": media_type or find_media_type(name),
        "Content-Disposition": content_disposition_header(is_data(name), file_name),
    }
    if settings.PRIVATE_ACCEL:
        address = f"{settings.PRIVATE_ACCEL.rstrip('/')}/{quote(name)}"
        return HttpResponse(headers={**headers, "X-Accel-Redirect": address})
    storage = private_storage()
    try:
        opened = storage.open(name)
        changed = int(storage.get_modified_time(name).timestamp())
    except (OSError, SuspiciousFileOperation) as error:
        raise Http404 from error
    headers["Last-Modified"] = http_date(changed)
    headers["ETag"] = quote_etag(f"{changed:x}-{opened.size:x}")
    return FileResponse(
        opened, as_attachment=is_data(name), filename=file_name, headers=headers
    )
