"""Uploads may be in an S3 store, and nothing about pages, texts and rights changes."""

import re
from urllib.parse import urlsplit

import boto3
import pytest
import requests
from django.core.files.storage import default_storage
from moto.server import ThreadedMotoServer

from articles.models import Attachment
from ecfr_site.images.markup import render_picture
from ecfr_site.images.models import Image
from ecfr_site.storage.private import private_storage
from tests.factories import ArticleFactory, AttachmentFactory, ImageFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def endpoint():
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def store(endpoint, settings, monkeypatch):
    """The address of a store with the buckets "pictures" and "papers", in use."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    options = {"region_name": "us-east-1", "endpoint_url": endpoint}
    for bucket in ("pictures", "papers"):
        client(endpoint).create_bucket(Bucket=bucket)
    path = {"addressing_style": "path"}
    public = {"bucket_name": "pictures", "location": "media", **options, **path}
    private = {"bucket_name": "papers", **options, **path}
    settings.STORAGES = settings.STORAGES | {
        "default": {
            "BACKEND": "ecfr_site.storage.s3.PublicObjects",
            "OPTIONS": public,
        },
        "private": {
            "BACKEND": "ecfr_site.storage.s3.PrivateObjects",
            "OPTIONS": private,
        },
    }
    # A field asks for its storage once, when its model is made.
    monkeypatch.setattr(
        Attachment._meta.get_field("file"), "storage", private_storage()
    )
    yield endpoint
    requests.post(f"{endpoint}/moto-api/reset", timeout=5)


@pytest.fixture
def image(store, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        image = ImageFactory()
    return Image.objects.get(pk=image.pk)


def client(endpoint):
    return boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")


def objects(endpoint, bucket):
    listed = client(endpoint).list_objects_v2(Bucket=bucket)
    return {each["Key"] for each in listed.get("Contents", [])}


def test_pictures_and_renditions_are_in_the_store(store, image):
    kept = objects(store, "pictures")

    assert f"media/{image.file.name}" in kept
    assert len(kept) == 1 + 9


def test_pages_name_the_same_addresses_as_ever(store, image):
    html = render_picture(image, "card")

    addresses = set(re.findall(r"/media/renditions/[^ \"]+", html))
    assert len(addresses) == 3
    assert store not in html
    for address in addresses:
        told = client(store).head_object(Bucket="pictures", Key=address[1:])
        suffix = address.rpartition(".")[2]
        kind = {"jpg": "jpeg"}.get(suffix, suffix)
        assert told["ContentType"] == f"image/{kind}"
        assert "immutable" in told["CacheControl"]


def test_the_application_can_serve_them_itself(store, image, reader):
    answer = reader.get(image.share_url)

    assert b"".join(answer.streaming_content)[:2] == b"\xff\xd8"
    assert answer["Content-Type"] == "image/jpeg"
    assert "immutable" in answer["Cache-Control"]
    modified = answer["Last-Modified"]
    again = reader.get(image.share_url, HTTP_IF_MODIFIED_SINCE=modified)
    assert again.status_code == 304
    assert reader.get("/media/renditions/nothing.jpg").status_code == 404


def test_a_deleted_picture_leaves_nothing(
    store, image, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        image.delete()

    assert not objects(store, "pictures")


def test_a_new_focal_point_leaves_one_set(
    store, image, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        image.focal_x = 10
        image.save()

    assert len(objects(store, "pictures")) == 1 + 9


def test_attachments_are_streamed_to_those_who_may_have_them(store, reader):
    attachment = AttachmentFactory(article=ArticleFactory(published=True))
    draft = AttachmentFactory(article=ArticleFactory())

    answer = reader.get(attachment.file.url)

    assert b"".join(answer.streaming_content).startswith(b"%PDF")
    assert answer["Content-Type"] == "application/pdf"
    assert (
        reader.get(attachment.file.url, HTTP_IF_NONE_MATCH=answer["ETag"]).status_code
        == 304
    )
    assert reader.get(draft.file.url).status_code == 404
    assert objects(store, "papers") == {attachment.file.name, draft.file.name}


def test_a_private_file_has_no_address_in_the_store(store):
    with pytest.raises(ValueError, match="no address"):
        private_storage().url("attachments/report.pdf")


def test_a_file_that_is_gone_is_not_found(store, reader):
    attachment = AttachmentFactory(article=ArticleFactory(published=True))
    private_storage().delete(attachment.file.name)

    assert reader.get(attachment.file.url).status_code == 404


def test_two_files_of_one_name_are_two_objects(store):
    first, second = ImageFactory(), ImageFactory()

    assert first.file.name != second.file.name
    assert urlsplit(default_storage.url(first.file.name)).netloc == ""
