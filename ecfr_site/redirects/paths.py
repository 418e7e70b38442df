"""One spelling for each address, however a browser, an editor or a file writes it."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import combinations, islice
from urllib.parse import parse_qsl, quote, unquote_to_bytes, urlencode, urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http.request import validate_host
from django.urls import reverse
from django.utils.encoding import repercent_broken_unicode

# Characters that pasting brings along and nobody sees.
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\xad]")
_RESERVED = re.compile(r"[\x00-\x1f\x7f%?#]")
_SLASHES = re.compile("/{2,}")
# What newsletters, advertisements and social networks add to the addresses they link.
_TRACKING = re.compile(
    "(utm|pk|mtm|matomo|hsa)_.*|_hs(enc|mi)|_ga|_gl|(fb|g|d|y|tw|ms|tt)clid|[gw]braid"
    "|mc_[ce]id|li_fat_id|igsh(id)?|mkt_tok|trk",
    re.IGNORECASE,
)
# The size of a smaller copy of an image: table-300x200.jpg, table-scaled.jpg.
_SIZE = re.compile(r"-(?:\d+x\d+|scaled|rotated)(?=\.\w+$)")
# What WordPress appends to a page's address: its feeds, its further pages, and of a
# year's list the month and the day.
_PART = re.compile(
    r"/(?:feed|rss2?|rdf|atom|page|(?<=/page/)\d+|comment-page-\d+|\d\d?"
    r"|amp|embed|trackback)/?$"
)
_MOST_PARTS = 5
# The lists of WordPress by month or day, as a parameter: those of the year.
_MONTH = re.compile(r"(\d{4})\d{2,10}")
# The words that WordPress is searched for: one row stands for any.
WORDS = "s"
# A search in the form that its links have: /search/words/page/2/.
_SEARCH = re.compile(
    r"(?P<home>.*?/)search/(?P<words>.+?)(?:/page/\d+|/feed(?:/\w+)?)?/?"
)
# Before every address where a server knew no better: /index.php/2019/03/a-piece/.
_INDEX = re.compile(r"/index\.php(?=/|$)")
# The parts of a sitemap of WordPress, or of a plugin for search engines.
_SITEMAP = re.compile(r"/(?:wp-sitemap-[\w-]+|[\w-]+-sitemap\d*)\.xml$")
SITEMAP = "wp-sitemap.xml"
# As many characters as the table has room for.
LONGEST = 200
# How many parameters of a query, and ways to choose among them, are looked at.
_PARAMETERS = 20
_CHOICES = 120


@lru_cache(maxsize=4096)
def get_path(view: str, *args: str | int, **kwargs: str) -> str:
    """The path of a view, as `reverse` gives it: a process knows each one by heart.

    An article's page has thirty, most of them again and again.
    """
    return reverse(view, args=args, kwargs=kwargs)


def canonical_path(address: str) -> str:
    """The address on this site as the table keeps it, readable and in one spelling.

    Takes a path or a whole URL of this site, encoded or not; parameters come in the
    order of the alphabet. Raises ValidationError where no browser could ask this site
    for it.
    """
    address = address.encode(errors="replace").decode().strip()
    if not address.startswith("/"):
        address = _strip_own_host(address)
    if "#" in address:
        raise ValidationError(
            "Remove “#” and anything after it: browsers do not send it."
        )
    path, _, query = address.partition("?")
    decoded = repercent_broken_unicode(unquote_to_bytes(path)).decode()
    spelt = _join(spell_path(decoded), parse_parameters(query))
    if len(spelt) > LONGEST:
        raise ValidationError(f"An address can have up to {LONGEST} characters.")
    return spelt


def _strip_own_host(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        raise ValidationError("This is not an address.") from None
    if parts.scheme not in ("http", "https", "") or not host:
        raise ValidationError("Enter an old address that starts with “/”.")
    own = [urlsplit(settings.SITE_URL).hostname or "", *settings.ALLOWED_HOSTS]
    own = [name for name in own if name != "*"]
    if not validate_host(host, [*own, *(f"www.{name}" for name in own)]):
        raise ValidationError(
            f"{host} is another site. You can only redirect addresses of this one."
        )
    rest = url.split("//", 1)[1].partition("/")[2]
    return f"/{rest}"


def spell_path(decoded: str) -> str:
    """A decoded path with all that can be written in two ways written in one."""
    path = unicodedata.normalize("NFC", _INVISIBLE.sub("", decoded)).strip()
    return _RESERVED.sub(lambda found: quote(found[0]), _SLASHES.sub("/", path)) or "/"


def parse_parameters(query: str) -> list[tuple[str, str]]:
    """Names and values in the order of the alphabet; none of a query without sense."""
    try:
        return sorted(
            parse_qsl(query, keep_blank_values=True, max_num_fields=_PARAMETERS)
        )
    except ValueError:
        return []


def is_tracking(name: str) -> bool:
    """Return whether the parameter only tells where a reader came from."""
    return bool(_TRACKING.fullmatch(name))


def list_spellings(path: str, parameters: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The rows that answer for a request, in canonical spelling.

    Those that use the most parameters come first; of two that differ in the last slash
    only, the one that was asked for. Last comes what the address was a part of, and the
    same without the name of WordPress's program.
    """
    parameters = list(parameters)
    path = spell_path(path)
    used = sorted({p for p in parameters if not is_tracking(p[0])})[:_PARAMETERS]
    sizes = sorted(range(len(used) + 1), key=lambda size: (size != len(used), size))
    chosen = (part for size in sizes for part in combinations(used, size))
    for part in sorted(islice(chosen, _CHOICES), key=len, reverse=True):
        for place in (path, toggle_slash(path)):
            if place:
                yield _join(place, part)
    yield from _list_queried(path, used)
    yield from islice(_list_wholes(path), 2 * _MOST_PARTS)
    if _INDEX.search(path):
        yield from list_spellings(_INDEX.sub("", path, count=1) or "/", parameters)


def _list_queried(path: str, used: list[tuple[str, str]]) -> Iterator[str]:
    """The rows that stand for a search, and for the list of a month or a day."""
    if found := _SEARCH.fullmatch(path):
        yield _join(found["home"], [(WORDS, "")])
    for name, value in used:
        if name == WORDS:
            yield _join(path, [(WORDS, "")])
        elif name == "m" and (month := _MONTH.fullmatch(value)):
            yield _join(path, [("m", month[1])])


def _list_wholes(path: str) -> Iterator[str]:
    """The addresses that WordPress would have made the path of, the nearest first.

    Of /2019/03/a/feed/atom/ the feed's and the page's, of table-300x200.jpg the image.
    """
    yield from list_originals(path)[1:]
    if _SITEMAP.search(path):
        yield _SITEMAP.sub(f"/{SITEMAP}", path)
    while (whole := _PART.sub("/", path, count=1)) not in (path, "/"):
        yield from (whole, toggle_slash(whole))
        path = whole


def read_words(path: str) -> str:
    """The words that a path of WordPress searches for, or nothing."""
    found = _SEARCH.fullmatch(path)
    return found["words"].replace("+", " ") if found else ""


def list_originals(path: str) -> list[str]:
    """The path of an image, and the larger ones that it may be a copy of."""
    whole = _SIZE.sub("", path)
    stem, dot, ending = whole.rpartition(".")
    if not dot or "/" in ending:
        return [path]
    return list(dict.fromkeys([path, whole, f"{stem}-scaled{dot}{ending}"]))


def toggle_slash(path: str) -> str:
    """The path without its last slash, or with one; nothing for the home page."""
    return path.removesuffix("/") if path.endswith("/") else f"{path}/"


def _join(path: str, parameters: Sequence[tuple[str, str]]) -> str:
    return f"{path}?{urlencode(parameters)}" if parameters else path
