"""Whatever a stranger sends is answered: with a page or a plain refusal, never 500."""

import re
import string

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from tests.factories import DeliveryFactory, EditionFactory, SubscriberFactory

pytestmark = pytest.mark.django_db

ODD = [
    "%00",
    "a%00b",
    "%FF%FE",
    "%ED%A0%80",
    "%F0%9F%98%80",
    "%E2%80%AE",
    "..%2F..%2Fetc%2Fpasswd",
    "%5C..%5C",
    "'\"<script>",
    "%25s%25n{}",
    "0",
    "-1",
    "0001",
    "9999",
    "99999999999999999999999",
    "9" * 5000,
    "٣٤",
    "a" * 3000,
    "",
]
PARAMETERS = ["q", "page", "year", "topic", "region", "programme", "kind", "p", "next"]
text = st.one_of(
    st.sampled_from(ODD),
    st.text(max_size=20),
    st.text(string.printable, max_size=20),
    st.integers().map(str),
)
token = st.one_of(
    text, st.from_regex(r"[a-z2-7]{16,80}", fullmatch=True), st.just("a-slug")
)
header = st.one_of(
    st.sampled_from(
        [
            "a" * 8000,
            "a@" * 4000,
            "[::1",
            "[",
            "x:99999999",
            "null",
            "http://[",
            'W/"a", "b"',
            '"',
            "*",
            ",,,",
            "bytes=-1",
            "bytes=9-1,a",
            "multipart/form-data; boundary=",
            "multipart/form-data",
            "text/plain; charset=nonsense",
            "application/json",
            "Thu, 99 Foo 0000 00:00:00 GMT",
            "Fri, 31 Dec 9999 23:59:59 GMT",
            "gzip;q=x, br;q=9",
            "de;q=1.5, *;q=,",
            "sessionid=\x01; a=b; csrftoken=é",
        ]
    ),
    st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=40),
)
HEADERS = [
    "HTTP_HOST",
    "HTTP_ORIGIN",
    "HTTP_REFERER",
    "HTTP_IF_NONE_MATCH",
    "HTTP_IF_MODIFIED_SINCE",
    "HTTP_ACCEPT",
    "HTTP_ACCEPT_ENCODING",
    "HTTP_ACCEPT_LANGUAGE",
    "HTTP_RANGE",
    "HTTP_COOKIE",
    "HTTP_USER_AGENT",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_REQUEST_ID",
    "CONTENT_TYPE",
]
METHODS = ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "NONSENSE"]


def routes(patterns=None, before=""):
    """The route of every address of the site, with its converters in it."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(pattern.pattern).lstrip("^")
        if isinstance(pattern, URLPattern):
            yield route
        else:
            yield from routes(pattern.url_patterns, route)


ROUTES = sorted(set(routes()))
PUBLIC = [route for route in ROUTES if not route.startswith("admin/")]
HOLE = re.compile(
    r"<[^>]+>|\(\?P<\w+>(?:[^()]|\([^()]*\))*\)|\[[^]]*\][*+]?|\.\*|[$?\\^]"
)


def filled(route, draw):
    return "/" + HOLE.sub(lambda hole: draw(token) if len(hole[0]) > 1 else "", route)


@pytest.fixture
def stranger(settings):
    """A client that gets the 500 that a reader would get, and is never locked out."""
    settings.SEARCHES_AN_ADDRESS_A_MINUTE = 10**6
    return Client(raise_request_exception=False)


odd = examples(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@odd
@given(data=st.data(), route=st.sampled_from(PUBLIC))
def test_every_public_address_answers_any_path_and_query(stranger, data, route):
    path = filled(route, data.draw)
    names = st.sampled_from(PARAMETERS)
    query = data.draw(st.lists(st.tuples(names, text), max_size=3))
    asked = "&".join(f"{name}={value}" for name, value in query)

    response = stranger.generic("GET", path, QUERY_STRING=wsgi(asked))

    assert response.status_code < 500, (path, asked)


@odd
@given(
    path=st.sampled_from(["/", "/search/?q=a", "/people/", "/admin/login/", "/feed/"]),
    headers=st.dictionaries(st.sampled_from(HEADERS), header, max_size=3),
    method=st.sampled_from(["GET", "HEAD", "POST"]),
)
def test_any_header_is_answered(stranger, path, headers, method):
    response = stranger.generic(method, path, **headers)

    assert response.status_code < 500, (path, headers)


@odd
@given(data=st.data(), route=st.sampled_from(ROUTES), method=st.sampled_from(METHODS))
def test_every_address_answers_any_method_of_a_stranger(stranger, data, route, method):
    path = filled(route, data.draw)
    body = data.draw(st.binary(max_size=50))
    kind = data.draw(
        st.sampled_from(
            ["application/x-www-form-urlencoded", "application/json", "multipart/x"]
        )
    )

    response = stranger.generic(method, path, body, content_type=kind)

    assert response.status_code < 500, (method, path)


@odd
@given(
    fields=st.dictionaries(
        st.sampled_from(["username", "password", "code", "next", "this_is_the_login"]),
        st.one_of(st.sampled_from(["\0", "a\0b", "/\\evil", "a" * 9000]), st.text()),
    ),
    after=text,
)
def test_the_sign_in_page_answers_whatever_is_typed(stranger, fields, after):
    address = f"/admin/login/?next={after}"
    response = stranger.post(address, {n: clean(v) for n, v in fields.items()})

    assert response.status_code < 500, (address, fields)


@odd
@given(
    path=st.sampled_from(["/newsletter/", "/newsletter/challenge/", "/csp-report/"]),
    fields=st.dictionaries(
        st.sampled_from(["email", "newsletters", "language", "stamp", "analytics"]),
        st.one_of(
            st.sampled_from(["\0@a.example", "a@" + "b." * 400, "a" * 9000]), st.text()
        ),
    ),
)
def test_the_newsletters_forms_answer_whatever_is_typed(stranger, path, fields):
    response = stranger.post(path, {n: clean(v) for n, v in fields.items()})

    assert response.status_code < 500, (path, fields)


@pytest.mark.parametrize(
    "address",
    [
        "/publications/?year=0001",
        "/publications/?year=9999",
        "/publications/?year=0000",
        "/publications/?page=99999999999999999999",
        "/search/?q=%00",
        "/search/?q=a%00b",
        "/newsletter/weekly/99999999999999999999999/",
        "/sitemap-articles.xml?p=99999999999999999999",
    ],
)
def test_a_number_or_letter_that_nothing_has_is_answered(stranger, address):
    assert stranger.get(address).status_code in (200, 404)


@pytest.mark.parametrize(
    "address",
    [
        "/admin/articles/article/position/?author=abc",
        "/admin/articles/article/position/?author=99999999999999999999",
        "/admin/articles/article/position/",
        "/admin/articles/article/board/?programme=%00",
        "/admin/articles/article/calendar/?month=0001-01",
        "/admin/articles/article/calendar/?month=9999-12",
        "/admin/moment/?day=0001-01-01&time=00:00",
        "/admin/moment/?day=31/12/9999&time=23:59",
        "/admin/articles/article/?q=%00",
        "/admin/articles/article/?p=9999999999999999999999",
        "/admin/articles/article/?state=%00",
        "/admin/articles/article/?kind__exact=%00",
        "/admin/authors/author/?standing__exact=a%00",
        "/admin/newsletter/delivery/?edition=%00",
        "/admin/articles/article/?q=99999999999999999999",
        "/admin/articles/article/?image=99999999999999999999",
        "/admin/articles/article/?topics=-99999999999999999999",
        "/admin/articles/article/?created__year=99999999999999999999",
        "/admin/authors/author/?photo__gt=99999999999999999999",
        "/admin/articles/article/?title__regex=(",
    ],
)
def test_the_desk_answers_what_its_pages_never_ask(publisher, address):
    publisher.raise_request_exception = False

    assert publisher.get(address).status_code < 500


@pytest.mark.parametrize("counted", ["delivery", "subscriber", "edition"])
def test_lists_of_the_newsletter_count_what_each_filter_leaves(
    newsletter_manager, counted
):
    """As the link “Show counts” asks."""
    edition = EditionFactory(state="sent", started_at=timezone.now())
    SubscriberFactory(newsletters=[edition.newsletter])
    DeliveryFactory(edition=edition)

    page = newsletter_manager.get(f"/admin/newsletter/{counted}/?_facets=True")

    assert page.status_code == 200


@pytest.mark.parametrize("lookup", ["regex", "iregex"])
def test_no_list_of_the_desk_is_searched_by_a_pattern(contributor, article, lookup):
    # Some patterns take years to search by.
    for pattern in ("cables", "(a%2B)%2B$"):
        address = f"/admin/articles/article/?title__{lookup}={pattern}"

        assert contributor.get(address).status_code == 400


def test_nothing_is_found_by_a_letter_that_no_text_holds(stranger, article):
    for word in ("%00", "a%00b"):
        assert b"/article/cables/" not in stranger.get(f"/search/?q={word}").content


@pytest.mark.parametrize("tag", ['W/"a"', '"a", W/"b"', "*", '"'])
def test_a_list_of_tags_and_weak_ones_are_understood(stranger, tag):
    assert stranger.get("/", headers={"if-none-match": tag}).status_code in (200, 304)


def wsgi(text):
    """A query string as servers hand it over (PEP 3333)."""
    return clean(text).encode().decode("latin-1")


def clean(text):
    return text.encode("utf-8", "replace").decode()
