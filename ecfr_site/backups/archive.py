"""The files of a backup, with or without encryption by age."""

import hashlib
import shutil

import pyrage

from ecfr_site.backups.exceptions import BackupError
from ecfr_site.backups.location import explain_store_errors

_BLOCK = 1024 * 1024


class ArchiveWriter:
    """Copies files into a backup, encrypted or not, and notes them in the manifest."""

    def __init__(self, root, recipient, noted, say):
        self.root, self.noted, self.say = root, noted, say
        self.recipients = []
        if recipient:
            try:
                self.recipients = [pyrage.x25519.Recipient.from_str(recipient)]
            except pyrage.RecipientError as error:
                raise BackupError("That is no public key of age.") from error
        self.count = self.bytes = 0

    def add(self, source, name):
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
            self.say(f"{self.count:,} files, {format_megabytes(self.bytes)} …")


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


class ArchiveReader:
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

    def extract(self, name, target):
        target.parent.mkdir(parents=True, exist_ok=True)
        with (
            explain_store_errors(),
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


def format_megabytes(count):
    return f"{count / 1e6:,.1f} MB"
