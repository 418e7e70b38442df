"""Requests that count as a reader's, and the names of referrers."""

import pytest

from ecfr_site.statistics.referrers import OTHER, find_host, name_site
from ecfr_site.statistics.rules import is_reader

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
BROWSERS = [
    FIREFOX,
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/139.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Linux; Android 10; CUBOT X19) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/120.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
    "Opera/9.80 (Android; Opera Mini/36.2/191.249; U; en) Presto/2.12.423",
]
ROBOTS = [
    "",
    " ",
    "Mozilla",
    "curl/8.5.0",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; "
    "+https://openai.com/gptbot)",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "HeadlessChrome/120.0.0.0 Safari/537.36",
    "facebookexternalhit/1.1",
    "NetNewsWire (RSS Reader; https://netnewswire.com/)",
    "python-requests/2.32",
    "Bölingbröke/1.0 \udcff",
]


def ask(**headers):
    environ = {"REQUEST_METHOD": "GET", "HTTP_USER_AGENT": FIREFOX}
    return {**environ, **headers}


@pytest.mark.parametrize("user_agent", BROWSERS)
def test_browsers_are_readers(user_agent):
    assert is_reader(ask(HTTP_USER_AGENT=user_agent))


@pytest.mark.parametrize("user_agent", ROBOTS)
def test_robots_are_not(user_agent):
    assert not is_reader(ask(HTTP_USER_AGENT=user_agent))


@pytest.mark.parametrize(
    "headers",
    [
        {"REQUEST_METHOD": "HEAD"},
        {"REQUEST_METHOD": "POST"},
        {"HTTP_SEC_PURPOSE": "prefetch;prerender"},
        {"HTTP_PURPOSE": "prefetch"},
        {"HTTP_X_MOZ": "Prefetch"},
        {"HTTP_SEC_FETCH_DEST": "empty"},
        {"HTTP_SEC_FETCH_DEST": "image"},
        {"HTTP_RANGE": "bytes=65536-131071"},
        {"HTTP_COOKIE": "a=b; sessionid=0123"},
    ],
    ids=str,
)
def test_other_methods_prefetching_pieces_and_colleagues_are_not_counted(headers):
    assert not is_reader(ask(**headers))


@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_SEC_FETCH_DEST": "document"},
        {"HTTP_SEC_FETCH_DEST": "embed"},
        {"HTTP_RANGE": "bytes=0-65535"},
        {"HTTP_COOKIE": "theme=dark"},
    ],
    ids=str,
)
def test_pages_beginnings_of_files_and_other_cookies_are(headers):
    assert is_reader(ask(**headers))


@pytest.fixture
def fresh_names():
    """Forget names: that of a site depends on which one is this."""
    name_site.cache_clear()
    yield
    name_site.cache_clear()


@pytest.mark.usefixtures("fresh_names")
@pytest.mark.parametrize(
    ("referrer", "name"),
    [
        ("", ""),
        ("-", ""),
        ("about:blank", ""),
        ("https://www.google.co.uk/search?q=secret", "Google"),
        ("https://news.google.com/", "Google News"),
        ("android-app://com.google.android.googlequicksearchbox/", "Google"),
        ("https://t.co/abc", "X"),
        ("https://netflix.com/", "netflix.com"),
        ("https://notgoogle.com/", "notgoogle.com"),
        ("https://lnkd.in/x", "LinkedIn"),
        ("https://www.Euractiv.com:443/section/?a=b#c", "euractiv.com"),
        ("https://ida:secret@blog.example.net/ida/", "blog.example.net"),
        ("http://192.0.2.7/", OTHER),
        ("http://intranet/page", OTHER),
        ("https://" + "a" * 10_000 + ".example", OTHER),
        ("https://evil\0.example/<b>", OTHER),
        ("https://[::1", OTHER),
        ("https://localhost/", ""),
        ("https://127.0.0.1:8000/article/x/", ""),
        ("https://think.example/people/", ""),
        ("https://www.think.example/", ""),
    ],
)
def test_referrers_are_counted_by_site_alone(referrer, name, settings):
    settings.SITE_URL = "https://think.example"
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "think.example"]

    assert name_site(find_host(referrer)) == name
