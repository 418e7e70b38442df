"""Whole copies of the site: database, uploaded files, and a manifest of both.

A backup is a folder named for its moment (UTC): `database`, `media/`, `private/` and
`manifest.json`, which names every file with size and SHA-256. It is written under
another name and renamed as the last act, so that half of one is never taken for whole.
In an object store, where nothing can be renamed, the manifest comes last and makes it
whole. docs/decisions/0019-backups.md says why it is made like this.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from urllib.parse import parse_qsl, urlsplit

import pyrage
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.core.cache.backends.redis import RedisCache
from django.core.files.storage import FileSystemStorage, storages
from django.core.management import call_command
from django.db import connection, transaction
from django.db.backends.postgresql.client import DatabaseClient
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from ecfr_site.audit import log
from ecfr_site.institution.models import Institution
from ecfr_site.mail.models import MailHold

FORMAT = 1
MANIFEST = "manifest.json"
NAME = re.compile(r"backup-(\d{8}T\d{6}Z)")
_TIME = "%Y%m%dT%H%M%SZ"
_BLOCK = 1024 * 1024


class BackupError(Exception):
    """Why there is no backup, or why it is not to be trusted; words for people."""


def place_of(where):
    """A folder's Path; for "s3://bucket/folder" an S3Path, which is used like one.

    Behind a question mark may stand `endpoint_url`, `region_name` and
    `addressing_style`. Raises BackupError where the packages for it are missing.
    """
    if not isinstance(where, (str, Path)):
        return where
    if not str(where).startswith("s3://"):
        return Path(where).absolute()
    try:
        from boto3 import Session
        from cloudpathlib import S3Client
    except ImportError as error:
        raise BackupError("s3:// needs the packages of requirements-s3.txt.") from error
    address = urlsplit(str(where))
    options = dict(parse_qsl(address.query))
    client = S3Client(
        boto3_session=Session(region_name=options.pop("region_name", None)),
        # One file at a time passes through this disk.
        file_cache_mode="close_file",
        **options,
    )
    return client.CloudPath(f"s3://{address.netloc}{address.path.rstrip('/')}")


def is_away(place):
    return not isinstance(place, Path)


@contextmanager
def trouble_in_words():
    """Turn errors of an object store into BackupError."""
    try:
        yield
    except Exception as error:
        # The package of the store's own errors need not be installed.
        if type(error).__module__.startswith(("botocore.", "boto3.")):
            raise BackupError(f"The object store: {error}") from error
        raise


def places():
    """{name in the backup: folder} of the uploaded files that are in folders."""
    folders = {"media": settings.MEDIA_ROOT, "private": settings.PRIVATE_ROOT}
    away = elsewhere()
    return {name: Path(at) for name, at in folders.items() if name not in away}


def elsewhere():
    """What of the uploaded files is in an object store, which a backup leaves there."""
    stores = {"media": storages["default"], "private": storages["private"]}
    return [n for n, s in stores.items() if not isinstance(s, FileSystemStorage)]


# Making one


def make(folder, *, recipient="", say=lambda text: None):
    """Write a backup into `folder` and return its own folder.

    recipient: an age public key; what is stored can then be read with its identity
    only. `say` is called with lines of progress. Raises BackupError, OSError.
    """
    folder = place_of(folder)
    if not is_away(folder):
        for place in places().values():
            if folder.is_relative_to(place.absolute()):
                raise BackupError(f"{folder} is within what is backed up ({place}).")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone() as work, trouble_in_words():
        at = datetime.now(UTC).replace(microsecond=0)
        whole = folder / f"backup-{at.strftime(_TIME)}"
        _remove_parts(folder)
        if whole.exists():
            raise BackupError(f"{whole} exists already.")
        part = whole
        if not is_away(folder):
            part = whole.with_suffix(".part")
            part.mkdir(mode=0o700)
        # First the database: a file that comes meanwhile is one too many, where
        # otherwise a row would lack its file.
        say("Database …")
        manifest = {
            "format": FORMAT,
            "at": at.isoformat(),
            "release": settings.RELEASE,
            "vendor": connection.vendor,
            "encrypted": bool(recipient),
            "elsewhere": elsewhere(),
            **dump(work / "database"),
            "files": {},
        }
        store = _Store(part, recipient, manifest["files"], say)
        store.keep(work / "database", "database")
        (work / "database").unlink()
        for name, place in places().items():
            for file in _files(place):
                store.keep(file, f"{name}/{file.relative_to(place).as_posix()}")
        manifest["sha256"] = digest_of(manifest)
        (part / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True))
        if not is_away(folder):
            # All of it is on the disk before it has its name.
            os.sync()
            part.rename(whole)
    say(f"{store.count:,} files, {megabytes(store.bytes)}.")
    for name in manifest["elsewhere"]:
        say(f"NOT IN IT: {name}/, which is in an object store. Back that up by itself.")
    return whole


class _Store:
    """Copies files into the backup, and notes them in the manifest."""

    def __init__(self, root, recipient, noted, say):
        self.root, self.noted, self.say = root, noted, say
        self.recipients = []
        if recipient:
            try:
                self.recipients = [pyrage.x25519.Recipient.from_str(recipient)]
            except pyrage.RecipientError as error:
                raise BackupError("That is no public key of age.") from error
        self.count = self.bytes = 0

    def keep(self, source, name):
        target = self.root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            reader = source.open("rb")
        except FileNotFoundError:
            # Removed since the folder was read; no row of now names it.
            return
        with reader, target.open("wb") as file:
            writer = _Hashing(file)
            if self.recipients:
                pyrage.encrypt_io(reader, writer, self.recipients)
            else:
                shutil.copyfileobj(reader, writer, _BLOCK)
        self.noted[name] = {"bytes": writer.bytes, "sha256": writer.hash.hexdigest()}
        self.count += 1
        self.bytes += writer.bytes
        if self.count % 1000 == 0:
            self.say(f"{self.count:,} files, {megabytes(self.bytes)} …")


class _Hashing:
    """A file to write to that knows what went through."""

    def __init__(self, file):
        self.file, self.bytes, self.hash = file, 0, hashlib.sha256()

    def write(self, block):
        self.hash.update(block)
        self.bytes += len(block)
        return self.file.write(block)

    def flush(self):
        self.file.flush()


def dump(target):
    """Copy the database as of one moment into a file; readers and writers go on.

    Returns what the manifest says of it: applied migrations, and rows by table.
    """
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        with closing(sqlite3.connect(target)) as copy:
            # In one step: in WAL mode that makes nobody wait.
            connection.connection.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
        with closing(sqlite3.connect(target)) as copy:
            return _contents(copy.cursor(), _sqlite_tables(copy))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        (snapshot,) = cursor.fetchone()
        run_client(
            "pg_dump",
            "--format=custom",
            "--no-owner",
            "--no-privileges",
            f"--snapshot={snapshot}",
            f"--file={target}",
        )
        return _contents(cursor, connection.introspection.table_names(cursor))


def _contents(cursor, tables):
    cursor.execute("SELECT app, name FROM django_migrations ORDER BY app, name")
    return {
        "migrations": [f"{app}.{name}" for app, name in cursor.fetchall()],
        "rows": {table: count_rows(cursor, table) for table in sorted(tables)},
    }


def count_rows(cursor, table):
    # The name is the database's own.
    cursor.execute(f'SELECT count(*) FROM "{table}"')  # noqa: S608
    return cursor.fetchone()[0]


def _sqlite_tables(copy):
    # Search indexes keep tables of their own, whose rows are no rows of ours.
    found = copy.execute(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' "
        "AND name NOT LIKE 'sqlite_%'"
    )
    return [name for (name,) in found]


def run_client(program, *arguments):
    """Run pg_dump or pg_restore on the site's database; the password is no argument."""
    said = connection.settings_dict
    options, environment = DatabaseClient.settings_to_cmd_args_env(said, [])
    # Between the name of another program and that of the database.
    command = [program, *options[1:-1], f"--dbname={said['NAME']}", *arguments]
    try:
        done = subprocess.run(  # noqa: S603 no shell, and nothing a visitor typed
            command,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
    except FileNotFoundError as error:
        raise BackupError(
            f"{program} is not installed; it comes with PostgreSQL's client."
        ) from error
    if done.returncode:
        raise BackupError(f"{program}: {done.stderr.strip()[-1000:]}")


@contextmanager
def _alone():
    """A folder to work in, which no other backup on this machine uses."""
    work = Path(settings.VAR_DIR) / "backup-work"
    work.mkdir(mode=0o700, exist_ok=True)
    with (work / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupError("Another backup is being made.") from error
        # What one that was killed left.
        (work / "database").unlink(missing_ok=True)
        try:
            yield work
        finally:
            (work / "database").unlink(missing_ok=True)


def _files(folder):
    """Every file below, in order; none if there is no such folder."""
    if is_away(folder):
        yield from (path for path in sorted(folder.rglob("*")) if path.is_file())
        return
    # A folder may be a link to another disk.
    for root, folders, names in os.walk(folder, followlinks=True):
        folders.sort()
        for name in sorted(names):
            file = Path(root, name)
            if file.is_file():
                yield file


# What there is


def all_in(folder):
    """The whole backups in a folder, oldest first."""
    folder = place_of(folder)
    with trouble_in_words():
        found = [f for f in _entries(folder) if NAME.fullmatch(f.name) and is_whole(f)]
    return sorted(found, key=lambda path: path.name)


def _entries(folder):
    return list(folder.iterdir()) if folder.exists() else []


def is_whole(path):
    return (path / MANIFEST).is_file()


def time_of(path):
    return datetime.strptime(NAME.fullmatch(path.name)[1], _TIME).replace(tzinfo=UTC)


def thin_out(folder, keep):
    """Remove all but the newest `keep`; return what was removed."""
    old = all_in(folder)[:-keep]
    with trouble_in_words():
        for path in old:
            # From now on it is none, even if this ends half way.
            if is_away(path):
                (path / MANIFEST).unlink()
                _remove(path)
            else:
                _remove(path.rename(path.with_suffix(".part")))
    return old


def _remove(path):
    path.rmtree() if is_away(path) else shutil.rmtree(path)


def _remove_parts(folder):
    """What was killed a day ago or earlier; a younger one may be another machine's."""
    for part in _entries(folder):
        if is_away(part):
            name, is_part = part.name, not is_whole(part)
        else:
            name, is_part = part.stem, part.suffix == ".part"
        if not is_part or not NAME.fullmatch(name):
            continue
        if datetime.now(UTC) - time_of(folder / name) >= timedelta(days=1):
            _remove(part)


def manifest_of(path):
    """Raises BackupError unless it is a whole backup of a format known here."""
    path = place_of(path)
    with trouble_in_words():
        if path.suffix == ".part" or not is_whole(path):
            raise BackupError(f"{path} is no backup, or not a whole one.")
        text = (path / MANIFEST).read_text()
    try:
        manifest = json.loads(text)
        known = manifest["format"] == FORMAT
    except (ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{MANIFEST} cannot be read.") from error
    if not known:
        raise BackupError("This backup is of another format, maybe a newer one.")
    # Those of before have none.
    if manifest.pop("sha256", None) not in (None, digest_of(manifest)):
        raise BackupError(f"{MANIFEST} is not as it was written (SHA-256).")
    return manifest


def digest_of(manifest):
    """Of all that it says; it guards against accidents, and signs nothing."""
    text = json.dumps(manifest, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def faults(path):
    """What is wrong with a backup, as lines that name the file; none if it is good.

    Reads all of it. Needs no key. Raises BackupError where there is no backup.
    """
    path = place_of(path)
    noted = manifest_of(path)["files"]
    with trouble_in_words():
        yield from _faults(path, noted)


def _faults(path, noted):
    if "database" not in noted:
        yield "database: is not in the manifest"
    for name, said in noted.items():
        file = path / name
        if not is_plain_name(name) or leads_outside(path, file):
            yield f"{name}: lies outside the backup"
        elif not file.is_file():
            yield f"{name}: is missing"
        elif file.stat().st_size != said["bytes"]:
            yield f"{name}: has {file.stat().st_size:,} bytes, not {said['bytes']:,}"
        else:
            with file.open("rb") as opened:
                found = hashlib.file_digest(opened, "sha256").hexdigest()
            if found != said["sha256"]:
                yield f"{name}: is not what was written (SHA-256)"
    for file in _files(path):
        name = file.relative_to(path).as_posix()
        if name != MANIFEST and name not in noted:
            yield f"{name}: is not in the manifest"


def is_plain_name(name):
    """Whether a name in a manifest is that of a file below, written in one way only."""
    plain = PurePosixPath(name)
    return (
        plain.as_posix() == name
        and not plain.is_absolute()
        and not {"..", "."} & set(plain.parts)
        and not re.search(r"[\x00-\x1f\\]", name)
    )


def leads_outside(folder, file):
    """Return whether a link below `folder` leads out of it; object stores have none."""
    return not is_away(folder) and not file.resolve().is_relative_to(folder.resolve())


def known_here():
    """The migrations that this software has, as the manifest has them."""
    return {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}


def applied_here():
    """The migrations of this database, as the manifest has them."""
    return {
        f"{app}.{name}"
        for app, name in MigrationRecorder(connection).applied_migrations()
    }


def megabytes(count):
    return f"{count / 1e6:,.1f} MB"


# Putting one back


def restore(path, *, identity="", say=lambda text: None):
    """Load a backup into an empty database and empty folders; no other place will do.

    identity: the age identity (AGE-SECRET-KEY-…) of an encrypted one. Afterwards the
    tables are those of this software, nobody is signed in, and mail is held. Raises
    BackupError; the folders are then empty as before, and so is the database, unless it
    says otherwise.
    """
    path = place_of(path)
    manifest = manifest_of(path)
    _check_fits(manifest)
    _check_empty()
    say("Reading the backup to its end …")
    if found := list(faults(path)):
        raise BackupError("This backup is damaged. " + "; ".join(found[:5]))
    source = _Source(path, manifest, identity)
    with _alone() as work:
        source.fetch("database", work / "database")
        filled = []
        try:
            # The database last, so that it never stands there without its files.
            for name, place in places().items():
                filled.append(place)
                for file in manifest["files"]:
                    if file.startswith(f"{name}/"):
                        target = place / PurePosixPath(file).relative_to(name)
                        if leads_outside(place, target):
                            raise BackupError(f"{target} lies outside {place}.")
                        source.fetch(file, target)
            say("Database …")
            _load(work / "database")
            _hold_mail_at_once()
        except BaseException:
            for place in filled:
                _empty(place)
            raise
    _check_rows(manifest)
    call_command("migrate", verbosity=0, interactive=False)
    MailHold.objects.start()
    Session.objects.all().delete()
    said = f"The backup of {manifest['at']}, from {path.name}."
    log.record("restore", object=Institution, detail=said)
    _forget_what_is_cached()


def _forget_what_is_cached():
    """Of this site: what others keep in the same Redis, and tasks, stay."""
    cache = caches["default"]
    if not isinstance(cache, RedisCache):
        cache.clear()
        return
    client = cache._cache.get_client(write=True)
    # A name may hold what is special in a pattern, as an IPv6 address does.
    prefix = re.sub(r"([][*?\\^])", r"\\\1", cache.make_key(""))
    for key in client.scan_iter(f"{prefix}*", count=1000):
        client.unlink(key)


class _Source:
    """Reads files of a backup, encrypted or not."""

    def __init__(self, path, manifest, identity):
        self.path, self.identities = path, []
        if manifest["encrypted"]:
            if not identity:
                raise BackupError("This backup is encrypted: give its --identity.")
            try:
                self.identities = [pyrage.x25519.Identity.from_str(identity)]
            except pyrage.IdentityError as error:
                raise BackupError("That is no identity of age.") from error

    def fetch(self, name, target):
        target.parent.mkdir(parents=True, exist_ok=True)
        with (
            trouble_in_words(),
            (self.path / name).open("rb") as reader,
            target.open("wb") as writer,
        ):
            if not self.identities:
                shutil.copyfileobj(reader, writer, _BLOCK)
                return
            try:
                pyrage.decrypt_io(reader, writer, self.identities)
            except pyrage.DecryptError as error:
                raise BackupError(f"{name}: cannot be decrypted. {error}") from error


def _check_fits(manifest):
    if manifest["vendor"] != connection.vendor:
        raise BackupError(
            f"This backup is of {manifest['vendor']}, the database here is "
            f"{connection.vendor}."
        )
    if newer := sorted(set(manifest["migrations"]) - known_here()):
        raise BackupError(
            f"This backup is of newer software ({manifest['release']}), which this one "
            f"does not know: {', '.join(newer[:5])}."
        )


def _check_empty():
    if connection.introspection.table_names():
        raise BackupError("The database is not empty. Nothing was changed.")
    for place in places().values():
        if next(_files(place), None):
            raise BackupError(f"{place} is not empty. Nothing was changed.")


def _load(source):
    connection.close()
    if connection.vendor == "postgresql":
        # In one transaction: all or nothing.
        run_client(
            "pg_restore",
            "--single-transaction",
            "--exit-on-error",
            "--no-owner",
            "--no-privileges",
            str(source),
        )
        return
    target = Path(connection.settings_dict["NAME"])
    for suffix in ("", "-wal", "-shm"):
        Path(f"{target}{suffix}").unlink(missing_ok=True)
    unfinished = Path(f"{target}.part")
    shutil.copyfile(source, unfinished)
    unfinished.rename(target)


def _hold_mail_at_once():
    """Before anything else can fail, and before the tables are those of this software.

    A database of before the migration 0010_mail_hold keeps the hold with the
    institution, whence the migration takes it.
    """
    with connection.cursor() as cursor:
        table = MailHold._meta.db_table
        if table in connection.introspection.table_names(cursor):
            cursor.execute(
                f"INSERT INTO {table} (id, since) "  # noqa: S608
                "VALUES (1, CURRENT_TIMESTAMP) "
                "ON CONFLICT (id) DO UPDATE SET since = excluded.since"
            )
            return
        table = Institution._meta.db_table
        columns = connection.introspection.get_table_description(cursor, table)
        if any(column.name == "mail_held_since" for column in columns):
            cursor.execute(
                f"UPDATE {table} SET mail_held_since = CURRENT_TIMESTAMP"  # noqa: S608
            )


def _check_rows(manifest):
    with connection.cursor() as cursor:
        for table, count in manifest["rows"].items():
            if table == MailHold._meta.db_table:
                # It has a row since, whatever was in the backup.
                continue
            if (found := count_rows(cursor, table)) != count:
                raise BackupError(
                    f"Table {table} has {found:,} rows, not {count:,}: do not use it."
                )


def _empty(folder):
    """The folder itself stays: it may be another disk."""
    for entry in folder.iterdir() if folder.is_dir() else ():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
