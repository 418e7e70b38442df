"""Backups in an S3 store: as whole, as well checked and as well thinned out."""

import os
import time
from io import StringIO

import boto3
import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from ecfr_site.backups.create import create_backup
from ecfr_site.backups.folder import list_backups
from ecfr_site.backups.location import parse_location
from tests.backups.test_backups import (  # noqa: F401
    empty_place,
    files_of,
    manage,
    own_folder,
    site,
)
from tests.images.test_object_store import client, endpoint, objects  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bucket(endpoint, monkeypatch):  # noqa: F811
    """The address of a folder in an empty bucket."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "key")
    store = boto3.resource("s3", endpoint_url=endpoint, region_name="us-east-1")
    store.create_bucket(Bucket="safe")
    yield address(endpoint)
    store.Bucket("safe").objects.all().delete()
    store.Bucket("safe").delete()


def address(endpoint, path="site"):  # noqa: F811
    how = f"endpoint_url={endpoint}&region_name=us-east-1&addressing_style=path"
    return f"s3://safe/{path}?{how}"


def backup(bucket, **options):
    call_command("backup", to=bucket, stdout=StringIO(), **options)
    return list_backups(bucket)[-1]


def verify(path):
    errors = StringIO()
    try:
        call_command("verify_backup", path, stdout=StringIO(), stderr=errors)
    except CommandError as error:
        return f"{errors.getvalue()}{error}"
    return ""


def test_what_is_restored_is_what_was_backed_up(site, bucket, tmp_path, settings):  # noqa: F811
    made = backup(bucket)
    files = files_of(settings.MEDIA_ROOT, settings.PRIVATE_ROOT)
    where = bucket.replace("safe/site", f"safe/site/{made.name}")

    assert verify(where) == ""
    with empty_place(tmp_path) as (environment, there):
        done = manage(environment, "restore", where)

        assert "Restored." in done.stdout, done.stderr
        var = tmp_path / "elsewhere"
        assert files_of(var / "media", var / "private") == files
        with there.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM articles_article")
            assert cursor.fetchone() == (3,)


def test_a_damaged_or_missing_file_is_named(site, bucket, endpoint):  # noqa: F811
    made = backup(bucket)
    where = bucket.replace("safe/site", f"safe/site/{made.name}")
    key = f"site/{made.name}/private/attachments/2026/paper.pdf"

    client(endpoint).put_object(Bucket="safe", Key=key, Body=b"%PDF of them")
    assert "paper.pdf: is not what was written" in verify(where)
    client(endpoint).delete_object(Bucket="safe", Key=key)
    assert "paper.pdf: is missing" in verify(where)


def test_one_that_ends_half_way_is_none_and_goes_a_day_later(site, bucket, monkeypatch):  # noqa: F811
    def killed(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("json.dumps", killed)
    with pytest.raises(KeyboardInterrupt):
        backup(bucket)
    monkeypatch.undo()
    os.environ["AWS_ACCESS_KEY_ID"] = os.environ["AWS_SECRET_ACCESS_KEY"] = "key"
    folder = parse_location(bucket)
    assert len(list(folder.iterdir())) == 1
    assert list_backups(bucket) == []

    with time_machine.travel(timezone.now() + timezone.timedelta(days=1, seconds=2)):
        whole = create_backup(bucket)

    assert [each.name for each in folder.iterdir()] == [whole.name]


def test_the_newest_are_kept(bucket):
    for _ in range(3):
        newest = backup(bucket, keep=2)
        time.sleep(1.1)

    kept = list_backups(bucket)
    assert len(kept) == 2
    assert kept[-1] == newest
    assert len(list(parse_location(bucket).iterdir())) == 2


def test_a_store_that_refuses_is_told_in_words(bucket):
    nowhere = bucket.replace("safe", "nobodys")

    with pytest.raises(CommandError, match="No backup was made. The object store"):
        backup(nowhere)
    with pytest.raises(CommandError, match="is no backup|The object store"):
        call_command("verify_backup", nowhere)


def test_nothing_of_it_stays_on_this_machine(
    site,  # noqa: F811
    bucket,
    settings,
    monkeypatch,
    tmp_path,
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()

    made = backup(bucket)
    verify(bucket.replace("safe/site", f"safe/site/{made.name}"))

    assert not [f for f in (tmp_path / "tmp").rglob("*") if f.is_file()]
    assert not list(settings.VAR_DIR.rglob("database*"))
