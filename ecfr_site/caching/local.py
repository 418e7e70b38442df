"""Pages that this process served lately, found without asking the shared cache."""

from typing import TYPE_CHECKING
from wsgiref.types import WSGIEnvironment

if TYPE_CHECKING:
    # Which keep pages here.
    from ecfr_site.caching.store import Page
    from ecfr_site.caching.version import CacheVersion

# How many pages a process has at hand, and for how long it believes that the number is
# what it was, in seconds: nobody can tell that from a page asked for a moment earlier.
AT_HAND = 300
LOCAL_TTL = 0.1


class LocalPageCache:
    """Pages that this process served lately, by the request as it arrived."""

    def __init__(self) -> None:
        self.pages: dict[tuple[str | None, ...], tuple[str, Page]] = {}
        self.moment: CacheVersion | None = None
        self.believed_from: float = 0
        self.believed_until: float = 0

    def put(
        self,
        environ: WSGIEnvironment,
        view: str,
        page: "Page",
        moment: "CacheVersion",
        now: float,
    ) -> None:
        if len(self.pages) >= AT_HAND:
            self.pages.clear()
        self.pages[build_key(environ)] = view, page
        self.moment = moment
        self.believed_from, self.believed_until = now, now + LOCAL_TTL

    def get(self, environ: WSGIEnvironment, now: float) -> "tuple[str, Page] | None":
        """(view, Page) if it may be served without another look, or None."""
        # No longer, either, when the clock is moved back.
        if self.moment is None or not self.believed_from <= now < self.believed_until:
            return None
        found = self.pages.get(build_key(environ))
        return found if found and found[1].is_good(self.moment, now) else None

    def forget(self) -> None:
        self.believed_until = 0


def build_key(environ: WSGIEnvironment) -> tuple[str | None, ...]:
    get = environ.get
    return (
        get("wsgi.url_scheme"),
        get("HTTP_X_FORWARDED_PROTO"),
        get("HTTP_HOST"),
        get("PATH_INFO"),
        get("QUERY_STRING"),
        get("HTTP_ACCEPT_ENCODING"),
    )


local_pages = LocalPageCache()
