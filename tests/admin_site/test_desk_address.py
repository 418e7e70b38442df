"""The desk may be at another path, and for some networks only."""

import os
import subprocess
import sys
from ipaddress import ip_network

import pytest
from django.conf import settings as django_settings

OTHER = """
import django
django.setup()
from django.test import RequestFactory
from django.urls import Resolver404, resolve, reverse
from articles import tasks
from ecfr_site.views import robots
for name in ("admin:index", "admin:login", "image_upload", "outbox",
             "admin_password_reset", "admin:articles_article_add"):
    assert reverse(name).startswith("/house/desk/"), name
assert "/house/desk/" in tasks.NOT_PAGES
told = robots(RequestFactory().get("/robots.txt")).content.decode()
assert "Disallow: /search/" in told
assert "desk" not in told and "admin" not in told, told
try:
    resolve("/admin/")
except Resolver404:
    print("moved")
"""


def test_everything_of_the_desk_moves_and_robots_are_not_told(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", OTHER],
        cwd=django_settings.BASE_DIR,
        env={
            "PATH": os.environ["PATH"],
            "VAR_DIR": str(tmp_path),
            "DJANGO_SETTINGS_MODULE": "ecfr_site.settings",
            "ADMIN_PATH": "/house/desk/",
        },
        capture_output=True,
        text=True,
    )

    assert done.stdout == "moved\n", done.stderr[-2000:]


@pytest.mark.django_db
class TestNetworks:
    @pytest.fixture(autouse=True)
    def _house(self, settings):
        settings.ADMIN_ADDRESSES = [ip_network("10.1.0.0/16")]

    @pytest.mark.parametrize(
        "path", ["", "/", "/login/", "/password/", "/outbox/", "/images/upload/"]
    )
    def test_from_elsewhere_there_is_no_desk(self, reader, path):
        response = reader.get(f"/admin{path}", REMOTE_ADDR="192.0.2.1")

        assert response.status_code == 404
        assert not response.cookies
        assert response.content == (
            reader.get("/nowhere/", REMOTE_ADDR="192.0.2.1").content
        )

    def test_from_the_house_there_is(self, editor):
        assert editor.get("/admin/", REMOTE_ADDR="10.1.2.3").status_code == 200

    def test_a_proxy_that_is_not_known_opens_it_to_nobody(self, editor):
        response = editor.get(
            "/admin/", REMOTE_ADDR="10.1.2.3", HTTP_X_FORWARDED_FOR="192.0.2.1"
        )

        assert response.status_code == 404

    def test_readers_come_from_anywhere(self, reader):
        assert reader.get("/", REMOTE_ADDR="192.0.2.1").status_code == 200
