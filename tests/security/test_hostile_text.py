"""Whatever a text holds, no page, feed, mail or file does what it says.

Every text of every model is poisoned, past validation, as an import, a restored backup
or a fault in a form would do it. Then everything that shows texts is read.
"""

import csv
import io
import json
import re
from urllib.parse import quote

import pytest
from lxml import etree, html

from ecfr_site.mail import outbox
from tests.factories import ArticleFactory
from tests.security import hostile, hostile_pages

pytestmark = pytest.mark.django_db

KINDS = list(hostile.POISONS)


@pytest.fixture
def site(request, db, settings):
    """A site full of poison of the kind that the test names, mails sent."""
    site = hostile.make_site()
    kind = getattr(request, "param", KINDS[0])
    hostile.poison_site(site, kind)
    settings.MAIL_BACKEND = "ecfr_site.mail.outbox.EmailBackend"
    hostile.send_mails(site)
    return site


def test_every_text_and_every_address_is_tried_or_has_a_reason(site):
    fields = hostile.text_fields()
    tried = {*hostile_pages.addresses(site), *hostile_pages.NOT_READ}

    missing = {field for field in fields if not fields[field]} - site.fields

    assert not {hostile.label_of(field) for field in missing}
    assert hostile.EXCEPTIONS.keys() <= {hostile.label_of(field) for field in fields}
    assert not hostile_pages.patterns() - tried


@pytest.mark.parametrize("site", KINDS, indirect=True)
def test_no_page_feed_or_file_does_what_a_text_says(site):
    faults = [
        (path, fault)
        for paths in hostile_pages.addresses(site).values()
        for path in paths
        for fault in faults_of(read(site.client, path))
    ]

    assert not faults


@pytest.mark.parametrize("site", KINDS, indirect=True)
def test_no_mail_does_what_a_text_says(site):
    mails = [outbox.read(name) for name in outbox.list_newest()]

    assert len(mails) > 8
    assert not [fault for raw in mails for fault in faults_in_mail(raw)]


def read(client, path):
    """The page; a file that leaves a trace in the log is asked for by POST."""
    response = client.get(path)
    return client.post(path) if response.status_code == 405 else response


def faults_in_mail(raw):
    mail = outbox.parse(raw)
    for name, value in mail.items():
        if "evil" in name.lower() or name.lower() == "bcc" or "\n" in value:
            yield name, value
    for name in ("Subject", "From", "To"):
        if len(mail.get_all(name, [])) != 1:
            yield name, mail.get_all(name)
    if part := mail.get_body(["html"]):
        yield from faults_in_html(part.get_content())
    yield from UNSEEN.findall(mail.get_body(["plain"]).get_content())


def faults_of(response):
    if response.status_code >= 500:
        yield response.status_code
    for name, value in response.items():
        if "evil" in name.lower() or re.search(r"[\r\n]", value):
            yield name, value
        if RUN.match(value):
            yield name, value
    content = b"".join(response) if response.streaming else response.content
    kind = response.get("Content-Type", "").partition(";")[0]
    if kind == "text/html":
        yield from faults_in_html(content.decode())
    elif kind.endswith("xml"):
        yield from faults_in_tree(etree.fromstring(content))
    elif kind.endswith("json"):
        yield from faults_in_json(json.loads(content))
    elif kind == "text/csv":
        yield from faults_in_csv(content.decode("utf-8-sig"))


# Attributes that hold addresses, and those of them that are run or shown as a page.
ADDRESSES = {"href", "src", "action", "formaction", "srcset", "data", "poster", "cite"}
RUN = re.compile(r"\W*(javascript|vbscript|data|evil)\W*:", re.I)
UNSEEN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def faults_in_html(text):
    yield from UNSEEN.findall(text)
    if text.strip():
        yield from faults_in_tree(html.document_fromstring(text))


def faults_in_tree(tree):
    """Elements, attributes, addresses, scripts and comments that a poison made."""
    for element in tree.iter():
        text = element.text or ""
        if not isinstance(element.tag, str):
            if "evil" in text:
                yield "comment", text
            continue
        if "evil" in element.tag:
            yield "element", element.tag
        if element.tag == "script":
            if element.get("type") == "application/ld+json":
                json.loads(text)
            elif "evil" in text:
                yield "script", text
        if element.tag in ("style", "base") and "evil" in str(etree.tostring(element)):
            yield "element", etree.tostring(element)
        if element.tag == "meta" and element.get("http-equiv"):
            yield "element", etree.tostring(element)
        for name, value in element.attrib.items():
            run = name.lower() in ADDRESSES and RUN.match(value)
            code = name.startswith("on") or name in ("style", "srcdoc")
            if "evil" in name or run or (code and "evil" in value):
                yield element.tag, name, value


def faults_in_json(found):
    """In HTML, and in addresses."""
    if isinstance(found, list):
        for each in found:
            yield from faults_in_json(each)
    elif isinstance(found, dict):
        for name, value in found.items():
            if not isinstance(value, str):
                yield from faults_in_json(value)
            elif name.endswith("_html"):
                yield from faults_in_html(value)
            elif name.endswith("url") and RUN.match(value):
                yield name, value


def faults_in_csv(text):
    for row in csv.reader(io.StringIO(text)):
        for cell in row:
            if cell.startswith(("=", "+", "-", "@", "\t", "\r")):
                yield "cell", cell


ATTACK = "\"'><evil x=1></title></textarea><script>evil()</script>\r\nEvil: 1"


@pytest.mark.parametrize(
    ("path", "posted"),
    [
        ("/search/?q={}", None),
        ("/publications/?topic={}&year={}&page={}", None),
        ("/evil/{}/", None),
        ("/newsletter/preferences/{}/", None),
        ("/admin/login/?next={}", None),
        ("/admin/login/", {"username": ATTACK, "password": ATTACK}),
        ("/admin/password/", {"email": ATTACK}),
        ("/newsletter/", {"email": ATTACK, "newsletters": ATTACK, "stamp": ATTACK}),
        (
            "/admin/articles/article/add/",
            {"title": ATTACK, "body": ATTACK, ATTACK: "1"},
        ),
        ("/admin/articles/article/?q={}&{}=1", None),
    ],
)
def test_what_a_stranger_sends_is_never_said_back_as_markup(reader, path, posted):
    path = path.replace("{}", quote(ATTACK))

    response = reader.post(path, posted) if posted else reader.get(path)

    assert not list(faults_of(response))


def test_text_that_was_refused_is_shown_as_text(contributor):
    article = ArticleFactory(published=True)
    address = f"/admin/articles/article/{article.pk}/change/"

    response = contributor.post(address, {"title": ATTACK, f"a {ATTACK}": ATTACK})

    assert response.status_code == 403
    assert not list(faults_of(response))
