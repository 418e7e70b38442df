"""Security headers: the rules of Mozilla's HTTP Observatory, answer by answer.

With the settings of production, read by a process of its own.
"""

import json
import os
import re
import subprocess
import sys

import pytest
from django.conf import settings as django_settings

from tests.factories import ArticleFactory, ImageFactory
from tests.test_settings import PRODUCTION

pytestmark = pytest.mark.django_db

PAGES = ["/", "/article/told/", "/newsletter/", "/no-such-page/"]
DOORS = ["/admin/login/", "/admin/password/"]
STATIC = "/static/ecfr_site/css/site.css"
OTHERS = ["/feed/", "/robots.txt", STATIC]
TELL = """
import json
from ecfr_site import settings
print(json.dumps({
    name: value for name, value in vars(settings).items()
    if name.startswith(("SECURE_", "SESSION_COOKIE_", "CSRF_COOKIE_", "X_FRAME_"))
}))
"""


@pytest.fixture(scope="module")
def production(tmp_path_factory):
    said = subprocess.run(
        [sys.executable, "-c", TELL],
        cwd=django_settings.BASE_DIR,
        env={
            "PATH": os.environ["PATH"],
            "VAR_DIR": str(tmp_path_factory.mktemp("var")),
            **PRODUCTION,
        },
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return json.loads(said)


@pytest.fixture
def get(production, settings, reader):
    for name, value in production.items():
        setattr(settings, name, value)
    settings.SERVE_MEDIA = settings.WHITENOISE_AUTOREFRESH = True
    settings.WHITENOISE_USE_FINDERS = True
    ArticleFactory(published=True, slug="told")
    return lambda address: reader.get(address, secure=True)


def directives(response):
    parts = response["Content-Security-Policy"].split(";")
    return {name: values for name, *values in map(str.split, filter(str.strip, parts))}


@pytest.mark.parametrize("address", [*PAGES, *DOORS])
def test_nothing_inline_runs_and_only_what_is_named_is_loaded(get, address):
    policy = directives(get(address))

    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == policy["style-src"] == ["'self'"]
    assert policy["base-uri"] == policy["frame-ancestors"] == ["'none'"]
    assert policy["form-action"] == ["'self'"]
    assert "unsafe" not in str(policy)
    assert "http:" not in str(policy)


def test_the_desk_allows_inline_what_the_editor_needs_and_nothing_from_elsewhere(
    get, editor
):
    policy = directives(editor.get("/admin/", secure=True))

    assert policy["script-src"] == ["'self'", "'unsafe-inline'"]
    assert policy["object-src"] == ["'none'"]
    assert policy["frame-ancestors"] == ["'self'"]
    assert not re.search(r"https?:|\*|unsafe-eval", str(policy))


@pytest.mark.parametrize("address", [*PAGES, *DOORS, *OTHERS])
def test_every_answer(get, address):
    response = get(address)

    assert response.status_code == (404 if "no-such" in address else 200)
    # A day, and this name alone: the operator raises it (HSTS_DAYS).
    assert response["Strict-Transport-Security"] == "max-age=86400"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in response


@pytest.mark.parametrize("address", ["/", "/article/told/", "/no-such-page/", STATIC])
def test_readers_get_no_cookie(get, address):
    assert not get(address).cookies


@pytest.mark.parametrize("address", DOORS)
def test_cookies_are_for_this_host_by_tls_and_for_its_own_forms(get, address):
    cookies = get(address).cookies

    assert list(cookies) == ["__Host-csrftoken"]
    for cookie in cookies.values():
        assert cookie["secure"]
        assert cookie["samesite"] == "Lax"
        assert cookie["path"] == "/"
        assert not cookie["domain"]


def test_scripts_cannot_read_the_session(production):
    assert production["SESSION_COOKIE_NAME"] == "__Host-sessionid"
    assert production["SESSION_COOKIE_SECURE"]
    assert production["SESSION_COOKIE_HTTPONLY"]
    assert production["SESSION_COOKIE_SAMESITE"] == "Lax"


def test_http_leads_to_https_on_the_same_host(get, reader):
    response = reader.get("/publications/")

    assert response.status_code == 301
    assert response["Location"] == "https://testserver/publications/"


def test_mails_may_show_pictures_and_count_what_is_opened(get):
    picture = get(ImageFactory().file.url)
    pixel = get("/newsletter/open/none.gif")

    for response in (picture, pixel):
        assert response.status_code == 200
        assert response["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert directives(response)["default-src"] == ["'none'"]
