"""The audit log at the desk: managers read and save it, and nobody writes in it."""

import csv
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from lxml import html
from time_machine import travel

from articles.models import PreviewLink
from ecfr_site.audit import log
from ecfr_site.audit.models import AuditEntry
from ecfr_site.database.queries import ShortPaginator
from tests.admin_site.desk import article_form
from tests.factories import (
    ArticleFactory,
    EditionFactory,
    SubscriberFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

LOG = "/admin/ecfr_site/auditentry/"
EXPORT = f"{LOG}export.csv"


@pytest.fixture
def superuser():
    client = Client()
    client.user = UserFactory(username="root", is_staff=True, is_superuser=True)
    client.force_login(client.user)
    return client


def listed(client, query=""):
    """Return the words of each line of the list."""
    response = client.get(f"{LOG}?{query}")
    assert response.status_code == 200
    page = html.fromstring(response.content.decode())
    return [
        " ".join(" ".join(row.itertext()).split())
        for row in page.xpath("//table[@id='result_list']/tbody/tr")
    ]


def counting():
    return CaptureQueriesContext(connection)


def saved(client, query=""):
    response = client.post(f"{EXPORT}?{query}")
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(text.splitlines()))


# Who may


@pytest.mark.parametrize("role", ["contributor", "editor", "publisher"])
def test_who_is_no_manager_sees_nothing_of_it(role, request):
    client = request.getfixturevalue(role)
    entry = log.record("publish", client.user, ArticleFactory(title="Under embargo"))

    assert client.get(LOG).status_code == 403
    assert client.get(f"{LOG}{entry.pk}/change/").status_code == 403
    assert client.get(f"{LOG}{entry.pk}/history/").status_code == 403
    assert client.post(EXPORT).status_code == 403
    assert "auditentry" not in client.get("/admin/").content.decode()


def test_readers_are_asked_to_sign_in(reader):
    for address in (LOG, EXPORT):
        assert reader.get(address)["Location"].startswith("/admin/login/")


def test_managers_read_it(manager):
    article = ArticleFactory(published=True, title="Beyond the grid")
    log.record("publish", manager.user, article)

    assert "published Beyond the grid" in listed(manager)[0]
    assert "no-store" in manager.get(LOG)["Cache-Control"]


def test_reading_is_not_yet_saving_as_a_file(manager):
    export = Permission.objects.get(codename="export_auditentry")
    Group.objects.get(name="Managers").permissions.remove(export)

    assert "Export this list" not in manager.get(LOG).content.decode()
    assert manager.post(EXPORT).status_code == 403
    assert not AuditEntry.objects.filter(action="export").exists()


@pytest.mark.parametrize("role", ["manager", "superuser"])
def test_nobody_writes_in_it(role, request):
    client = request.getfixturevalue(role)
    entry = log.record("export", client.user)
    before = list(AuditEntry.objects.order_by("pk").values())

    for address in ("add/", f"{entry.pk}/change/", f"{entry.pk}/delete/"):
        response = client.post(LOG + address, {"who": "nobody", "post": "yes"})
        assert response.status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": entry.pk, "post": "yes"}
    client.post(LOG, chosen)

    assert list(AuditEntry.objects.order_by("pk").values()) == before
    form = html.fromstring(client.get(f"{LOG}{entry.pk}/change/").content)
    assert not form.xpath("//form[@id='auditentry_form']//input[@type='submit']")


# Finding


@pytest.fixture
def ada():
    return UserFactory(username="ada")


def test_it_is_narrowed_down_by_action_person_kind_and_words(manager, ada):
    article = ArticleFactory(published=True, title="Beyond the grid")
    log.record("publish", ada, article)
    log.record("withdraw", ada, article, detail="The numbers were wrong.")
    log.record("export", manager.user, EditionFactory(subject="Our week"))

    def count(query):
        return len(listed(manager, query))

    assert count("action=withdraw") == 1
    assert count(f"person={ada.pk}") == 2
    assert count("kind=newsletter.edition") == 1
    assert count("q=numbers") == 1
    assert count("q=ada+grid") == 2
    assert count("q=our+week") == 1
    assert count(f"kind=articles.article&object_id={article.pk}") == 2
    assert count("person=nobody") == 0


def test_a_network_address_is_found(manager, rf):
    request = rf.get("/", REMOTE_ADDR="192.0.2.7")
    log.record("export", manager.user, request=request)

    assert len(listed(manager, "q=192.0.2.7")) == 1


def test_a_period_is_whole_days_of_the_institutions_time(manager):
    # Midnight in Brussels is 22:00 UTC in summer.
    for hour in (21, 22):
        with travel(datetime(2026, 5, 3, hour, 30, tzinfo=UTC), tick=False):
            log.record("export", who=f"at {hour}")

    found = {
        query: [line for line in listed(manager, query) if "at 2" in line]
        for query in ("from=2026-05-04&to=2026-05-04", "from=2026-05-03&to=2026-05-03")
    }

    [[later], [earlier]] = found.values()
    assert later.startswith("4 May 2026, 00:30:00 at 22")
    assert earlier.startswith("3 May 2026, 23:30:00 at 21")
    assert len(listed(manager, "to=2026-05-04")) == 2


@pytest.mark.parametrize(
    "query", ["from=x", "to=2026-02-30", "from=9999-12-31&to=9999-12-31"]
)
def test_what_is_no_day_is_no_filter(manager, query):
    assert manager.get(f"{LOG}?{query}").status_code == 302


def test_the_form_for_a_period_keeps_the_other_filters(manager):
    page = html.fromstring(manager.get(f"{LOG}?action=export&q=ada").content)
    [form] = [f for f in page.forms if "audit-period" in f.get("class", "")]

    assert dict(form.form_values()) == {
        "action": "export",
        "q": "ada",
        "from": "",
        "to": "",
    }


def test_an_object_is_linked_while_it_is_there_and_the_reader_may_see_it(manager):
    mine = ArticleFactory(published=True, title="There")
    draft = ArticleFactory(draft=True, title="Not for managers")
    gone = ArticleFactory(draft=True, title="Gone")
    edition = EditionFactory(subject="Of another desk")
    for row in (mine, draft, gone, edition):
        log.record("change", manager.user, row)
    gone.delete()

    page = html.fromstring(manager.get(f"{LOG}?action=change").content)
    links = page.xpath("//td[@class='field-what_of_kind']/a")

    assert [link.text for link in links] == ["There"]
    assert manager.get(links[0].get("href")).status_code == 200


def test_a_kind_that_is_no_more_is_no_obstacle(manager):
    AuditEntry.objects.create(
        action="change", kind="old.thing", object_id="a", what="x"
    )
    AuditEntry.objects.create(
        action="change", kind="auth.user", object_id="a", what="y"
    )

    assert len(listed(manager, "action=change")) == 2


def test_longer_lists_need_no_more_queries(manager):
    numbers = []
    for size in (3, 40):
        for article in ArticleFactory.create_batch(size, published=True):
            log.record("publish", UserFactory(), article)
            log.record("change", manager.user, manager.user)
        with counting() as seen:
            assert len(listed(manager)) >= size
        numbers.append(len(seen))

    assert numbers[0] == numbers[1] <= 14


def test_counting_ends(manager, monkeypatch):
    monkeypatch.setattr("ecfr_site.database.queries.ShortPaginator.most", 5)
    monkeypatch.setattr("ecfr_site.audit.admin.MOST_LISTED", 5)
    for _ in range(9):
        log.record("export", manager.user)

    assert ShortPaginator(AuditEntry.objects.all(), 100).count == 5
    assert "latest 5" in manager.get(LOG).content.decode()


def test_each_objects_page_leads_to_what_was_done_to_it(superuser, publisher):
    article = ArticleFactory(published=True)
    copy = article.start_working_copy(by=publisher.user)
    rows = [
        ("articles/article", article, article.pk),
        ("articles/article", copy, article.pk),
        ("newsletter/edition", edition := EditionFactory(), edition.pk),
        ("newsletter/subscriber", ada := SubscriberFactory(), ada.pk),
        ("auth/user", publisher.user, publisher.user.pk),
    ]
    for path, row, number in rows:
        kind = path.replace("/", ".")
        page = superuser.get(
            f"/admin/{path}/{row.pk}/change/", follow=True
        ).content.decode()
        assert f'{LOG}?kind={kind}&amp;object_id={number}"' in page

    assert "auditentry" not in article_form(publisher, copy).response.content.decode()


def test_the_page_of_one_objects_log_says_so(manager):
    article = ArticleFactory(published=True, title="Beyond the grid")
    log.record("publish", manager.user, article)

    page = manager.get(f"{LOG}?kind=articles.article&object_id={article.pk}")

    assert "Showing only entries about “Beyond the grid”" in page.content.decode()


# As a file


def test_what_is_listed_is_saved_and_that_is_noted(manager, ada):
    log.record("publish", ada, ArticleFactory(published=True, title="Beyond the grid"))
    log.record("withdraw", ada)

    [row] = saved(manager, "action=publish")

    assert row["what"] == "Beyond the grid"
    assert (row["who"], row["account"]) == ("ada", str(ada.pk))
    assert row["time"][-6:] in ("+01:00", "+02:00")
    entry = AuditEntry.objects.get(action="export")
    assert (entry.user, entry.what) == (manager.user, "audit log")
    assert entry.detail == "Only action: publish."


def test_a_file_is_asked_for_with_a_button(manager):
    assert manager.get(EXPORT).status_code == 405
    assert not AuditEntry.objects.filter(action="export").exists()
    manager.handler.enforce_csrf_checks = True
    assert manager.post(EXPORT).status_code == 403


def test_no_cell_is_a_formula(manager):
    for start in "=+-@":
        log.record("change", who=f"{start}1+1", detail=f"{start}cmd|' /C calc'!A0")

    for row in saved(manager, "action=change"):
        assert row["who"].startswith("'")
        assert row["detail"].startswith("'")


def test_longer_files_need_no_more_queries(manager, ada):
    numbers = []
    for size in (1, 30):
        for _ in range(size):
            log.record("publish", UserFactory(), who="x")
        with counting() as seen:
            assert len(saved(manager, "action=publish")) >= size
        numbers.append(len(seen))

    assert numbers[0] == numbers[1]


# Of drafts


@pytest.fixture
def embargoed(publisher):
    """A draft, a live page that had another title, and one that is deleted."""
    draft = ArticleFactory(draft=True, title="Undisclosed")
    PreviewLink.make(draft, publisher.user, recipient="Dr Confidant")
    live = ArticleFactory(draft=True, title="Undisclosed before")
    PreviewLink.make(live, publisher.user, recipient="Dr Confidant")
    live.title = "Mild words"
    live.publish(by=publisher.user)
    gone = ArticleFactory(draft=True, title="Undisclosed, deleted")
    log.record("delete", publisher.user, gone, detail="Undisclosed reasons.")
    gone.delete()
    return draft, live


SECRETS = ("Undisclosed", "Confidant")


@pytest.mark.parametrize(
    "query", ["", "kind=articles.article", "action=change", "action=delete"]
)
def test_managers_learn_no_title_and_no_recipient_of_drafts(manager, embargoed, query):
    said = " ".join(listed(manager, query))
    written = " ".join(" ".join(row.values()) for row in saved(manager, query))

    for secret in SECRETS:
        assert secret not in said
        assert secret not in written
    if query in ("", "kind=articles.article"):
        draft, live = embargoed
        assert f"article {draft.pk}" in said
        assert f"article {draft.pk}" in written
        assert "published Mild words" in said


@pytest.mark.parametrize("secret", SECRETS)
def test_no_search_confirms_what_is_not_shown(manager, embargoed, secret):
    assert listed(manager, f"q={secret}") == []
    assert saved(manager, f"q={secret}") == []


@pytest.mark.parametrize("lookup", ["what", "detail"])
def test_nor_does_an_address(manager, embargoed, lookup):
    for how in ("startswith", "contains", "gte"):
        response = manager.get(f"{LOG}?{lookup}__{how}=Undis")
        assert response.status_code in (302, 400), how
        assert manager.post(f"{EXPORT}?{lookup}__{how}=Undis").status_code in (302, 400)


def test_the_page_of_an_entry_and_that_of_an_object_tell_no_more(manager, embargoed):
    draft, _ = embargoed
    pages = [f"{LOG}?kind=articles.article&object_id={draft.pk}"]
    pages += [f"{LOG}{entry.pk}/change/" for entry in AuditEntry.objects.all()]
    for page in pages:
        told = manager.get(page).content.decode()
        assert not [secret for secret in SECRETS if secret in told], page


def test_whose_work_it_is_reads_it_in_the_log_as_well(manager, superuser, embargoed):
    draft, _ = embargoed
    draft.created_by = manager.user
    draft.save()

    for client in (manager, superuser):
        said = " ".join(listed(client, "q=Confidant"))
        assert "Undisclosed" in said
