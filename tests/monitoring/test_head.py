"""HEAD is answered as GET is, without a body (RFC 9110, 9.3.2)."""

from io import BytesIO

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory

from tests.factories import ArticleFactory, AttachmentFactory

pytestmark = pytest.mark.django_db


def ask(method, path):
    """(status, length that is said, body) as a server has them."""
    environ = RequestFactory()._base_environ(
        REQUEST_METHOD=method, PATH_INFO=path, **{"wsgi.input": BytesIO()}
    )
    began = []
    answer = WSGIHandler()(
        environ, lambda status, headers: began.append((status, headers))
    )
    body = b"".join(answer)
    answer.close()
    [(status, headers)] = began
    return status, dict(headers).get("Content-Length"), body


@pytest.mark.parametrize(
    "path", ["/", "/feed/", "/healthz", "/api/v1/kinds", "/nowhere/", "file"]
)
@pytest.mark.parametrize("is_kept", [True, False])
def test_head_hands_no_body_to_the_server(settings, counted_version, path, is_kept):
    settings.PAGE_CACHE = is_kept
    if path == "file":
        attachment = AttachmentFactory(article=ArticleFactory(published=True))
        path = attachment.file.url

    got, asked = ask("GET", path), ask("HEAD", path)

    assert got[2]
    assert asked == (got[0], got[1], b"")
