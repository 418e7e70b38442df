"""The environment as the settings read it: strict, and each value perhaps in a file.

A value that makes no sense raises ImproperlyConfigured, which names the variable and
never a secret.
"""

import hashlib
import json
import math
import os
import re
from contextlib import suppress
from difflib import get_close_matches
from importlib.util import find_spec
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

import environ
import idna
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

# Where deploy/setup puts the settings of a server (deploy/manage reads them).
SERVER_FOLDER = "/etc/ecfr_site"
ON, OFF = {"on", "true", "yes", "1"}, {"off", "false", "no", "0"}
# With a dot in front: and all names below.
_HOST = re.compile(r"\*|\.?[\w-]+(\.[\w-]+)*\.?|\[[\da-f:.]+\]", re.A | re.I)
_SMTP = "smtp+tls://user:password@host:587"
# How alike two names are before one may be a slip for the other, from 0 to 1.
NEAR = 0.8


class Variables(environ.fileaware_mapping.FileAwareMapping):
    """The environment; NAME may stand in the file that NAME_FILE says instead."""

    def __getitem__(self, name):
        try:
            # Editors end a file with a line break, which is no part of a secret.
            return super().__getitem__(name).removesuffix("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise ImproperlyConfigured(
                f"{name}_FILE names a file that cannot be read: {error}"
            ) from None


class Env(environ.FileAwareEnv):
    """Remembers which variables it was asked for, in `names`."""

    ENVIRON = Variables()

    def __init__(self):
        super().__init__()
        self.names = set()

    def get_value(self, var, *args, **options):
        self.names.add(var)
        return super().get_value(var, *args, **options)

    def bool(self, var, default):
        said = self.str(var, default="on" if default else "off")
        if said.lower() not in ON | OFF:
            raise ImproperlyConfigured(f"{var} is on or off, not {said!r}.")
        return said.lower() in ON

    def int(self, var, default, least=0):
        return self._number(var, int, default, least)

    def float(self, var, default, least=0):
        return self._number(var, float, default, least)

    def _number(self, var, cast, default, least):
        said = self.str(var, default=str(default))
        try:
            number = cast(said)
        except ValueError:
            number = math.nan
        if not math.isfinite(number) or number < least:
            raise ImproperlyConfigured(
                f"{var} is a number, {least} or more, not {said!r}."
            )
        return number

    def list(self, var, default=environ.Env.NOTSET):
        """Texts with commas between; blanks around one are no part of it."""
        found = [item.strip() for item in super().list(var, default=default)]
        return [item for item in found if item]

    def hosts(self, var, default=environ.Env.NOTSET):
        """Names of hosts in ASCII, as browsers send them; "*" for any."""
        found = [_encode_host(host) for host in self.list(var, default=default)]
        for host in found:
            if not _HOST.fullmatch(host):
                raise ImproperlyConfigured(
                    f"{var} lists hosts without scheme, port or path, as example.org "
                    f"or [2001:db8::1], not {host!r}."
                )
        return found

    def networks(self, var):
        """Networks of machines, or single ones."""
        try:
            return [ip_network(item) for item in self.list(var, default=[])]
        except ValueError as error:
            raise ImproperlyConfigured(
                f"{var} lists addresses and networks as 10.0.0.5,10.1.0.0/16: {error}."
            ) from None

    def rates(self, var):
        """{name: number above 0}, written as gmail.com=5,gmx.de=2."""
        found = {}
        for item in self.list(var, default=[]):
            name, _, said = (part.strip() for part in item.partition("="))
            try:
                found[name] = float(said)
            except ValueError:
                found[name] = math.nan
            if not name or not 0 < found[name] < 1e6:
                raise ImproperlyConfigured(
                    f"{var} lists rates as gmail.com=5,gmx.de=2, not {item!r}."
                )
        return found

    def json(self, var):
        """An object of JSON, which may hold secrets; {} for none."""
        try:
            found = json.loads(self.str(var, default="") or "{}")
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise ImproperlyConfigured(
                f'{var} is an object of JSON: {{"NAME": "value"}}.'
            )
        return found

    def path(self, var, default):
        """A folder. None would be the one that a program was started in."""
        if not self.str(var, default=default).strip():
            raise ImproperlyConfigured(
                f"{var} is a folder, and empty: leave it out, and it is the usual one."
            )
        return super().path(var, default=default)

    def matching(self, var, pattern, meaning, default=""):
        """A text of this pattern, or the default. It may be shown: no secret."""
        said = self.str(var, default=default)
        if said != default and not re.fullmatch(pattern, said, re.ASCII):
            raise ImproperlyConfigured(f"{var} is {meaning}, not {said!r}.")
        return said

    def origins(self, var):
        """A list of addresses without a path, as https://example.org."""
        found = self.list(var, default=[])
        for origin in found:
            if not re.fullmatch(r"https?://[^\s/?#]+", origin):
                raise ImproperlyConfigured(
                    f"{var} lists origins as https://example.org, not {origin!r}."
                )
        return found

    def mailbox(self, var, default=""):
        """An e-mail address, with or without a name before it."""
        said = self.str(var, default=default)
        address = re.sub(r".*<(.*)>\s*", r"\1", said)
        if said or default:
            try:
                validate_email(address)
            except ValidationError as error:
                raise ImproperlyConfigured(
                    f"{var} is no e-mail address: {said!r}."
                ) from error
        return said

    def server(self, var, *schemes, default=""):
        """The address of a server, which may hold a password."""
        said = self.str(var, default=default)
        parts = _split_server(var, said)
        if said and (parts.scheme not in schemes or not parts.hostname):
            expected = " or ".join(f"{scheme}://host…" for scheme in schemes)
            raise ImproperlyConfigured(f"{var} is an address as {expected}.")
        return said

    def redis(self, var):
        """The address of a Redis and the number of a database in it, or none."""
        said = self.server(var, "redis", "rediss")
        # Any other path would be taken for number 0, which may be another site's.
        if not re.fullmatch(r"/?\d*/?", urlsplit(said).path):
            raise ImproperlyConfigured(f"{var} is an address as redis://host:port/0.")
        return said

    def cache(self, var):
        """Django's settings of a cache: in each process, or in a Redis."""
        said = self.str(var, default="") or "locmemcache://"
        if not said.startswith("locmemcache://"):
            self.redis(var)
        return self.cache_url_config(said)

    def origin(self, var, default):
        """A scheme and a host as browsers write them (RFC 6454, 6.2): no path below."""
        said = self.str(var, default=default).strip()
        refusal = f"{var} is an address without a path, as https://example.org"
        try:
            parts = urlsplit(said)
            port = parts.port
        except ValueError as error:
            raise ImproperlyConfigured(f"{refusal}: {said!r}.") from error
        if parts.username is not None:
            raise ImproperlyConfigured(f"{refusal}, and names nobody.")
        if (
            parts.scheme not in ("http", "https")
            or not parts.hostname
            or said.partition("//")[2].rstrip("/") != parts.netloc
        ):
            raise ImproperlyConfigured(f"{refusal}: {said!r}.")
        host = _encode_host(parts.hostname)
        host = f"[{host}]" if ":" in host else host
        is_usual = port in (None, {"http": 80, "https": 443}[parts.scheme])
        return f"{parts.scheme}://{host}" + ("" if is_usual else f":{port}")

    def database(self, var, default):
        """Django's settings of a database that the site works with."""
        said = self.str(var, default=default)
        if not said.startswith("sqlite:"):
            _split_server(var, said)
        found = self.db_url_config(said) if said else {}
        if found.get("ENGINE") not in (
            "django.db.backends.sqlite3",
            "django.db.backends.postgresql",
        ) or not (found["NAME"] or "service" in found.get("OPTIONS", {})):
            raise ImproperlyConfigured(
                f"{var} is postgres://user:password@host:port/name or "
                "sqlite:////folder/file."
            )
        return found

    def email(self, var, default):
        """Django's settings of mail, from an address or the name of a way to send."""
        said = self.str(var, default=default)
        _split_server(var, said)
        try:
            found = self.email_url_config(said)
        except ImproperlyConfigured as error:
            raise ImproperlyConfigured(f"{var} is an address as {_SMTP}.") from error
        by_smtp = found["EMAIL_BACKEND"].endswith("smtp.EmailBackend")
        if by_smtp and not found["EMAIL_HOST"]:
            raise ImproperlyConfigured(f"{var} names no host: {_SMTP}.")
        return found

    def mail_service(self, var):
        """The name of a backend of django-anymail, or none."""
        said = self.matching(var, r"\w+", "the name of a mail service")
        if said and not find_spec(f"anymail.backends.{said}"):
            raise ImproperlyConfigured(f"{var}: django-anymail knows no {said!r}.")
        return said

    def age_key(self, var):
        """A public key of age, or none."""
        said = self.str(var, default="")
        if said:
            from pyrage import RecipientError, x25519

            try:
                x25519.Recipient.from_str(said)
            except RecipientError as error:
                raise ImproperlyConfigured(
                    f"{var} is no public key of age (age1…): {said!r}."
                ) from error
        return said

    def digest(self, leave_out):
        """A digest of all variables that the site was asked for so far, but those."""
        names = sorted(self.names - leave_out)
        values = [(n, self.ENVIRON[n]) for n in names if n in self.ENVIRON]
        return hashlib.sha256(repr(values).encode()).hexdigest()

    def find_slips(self):
        """Pairs of a variable that the site does not know and the one it is near."""
        for name in sorted(os.environ):
            plain = name.removesuffix("_FILE")
            near = get_close_matches(plain.upper(), self.names, n=1, cutoff=NEAR)
            if near and plain not in self.names:
                yield name, near[0]


def _split_server(var, said):
    """The parts of a server's address. A refusal shows none of them: it may hold a
    password."""
    with suppress(ValueError):
        parts = urlsplit(said)
        # A port that is no number raises.
        if parts.port != 0 and "@" not in parts.path + parts.query + parts.fragment:
            return parts
    raise ImproperlyConfigured(
        f"{var} is no address of a server, as scheme://user:password@host:port/name. "
        "In the name and the password write / as %2F, # as %23, ? as %3F, @ as %40, "
        "[ as %5B and % as %25."
    )


def _encode_host(host):
    """The name of a host in ASCII, where it has one."""
    if host.isascii():
        return host
    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        return host


def refuse_without_settings(env, debug, folder=SERVER_FOLDER):
    """Raise ImproperlyConfigured on a server whose settings were not read.

    Otherwise a command would act on an empty database of its own, and report success.
    """
    if os.path.exists(folder) and (debug or "DATABASE_URL" not in env.ENVIRON):
        manage = Path(__file__).resolve().parent.parent / "deploy/manage"
        raise ImproperlyConfigured(
            f"This is a server with a site's settings in {folder}, which were not "
            f"read (DEBUG=off and DATABASE_URL are missing): use {manage} in place of "
            "manage.py."
        )
