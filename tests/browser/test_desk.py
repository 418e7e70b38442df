"""The desk's own pages are accessible, in light and dark (WCAG 2.2 AA)."""

from axe_playwright_python.sync_playwright import Axe

from tests.browser.test_pages import RULES
from tests.factories import (
    ArticleFactory,
    EditionFactory,
    PositionFactory,
    SubscriberFactory,
    UserFactory,
)

WCAG = [rule for rule in RULES if rule.startswith("wcag")]


def test_no_page_of_the_desk_has_an_accessibility_violation(page, sign_in, settings):
    settings.TASKS = {
        "default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}
    }
    article = ArticleFactory(published=True)
    position = PositionFactory(directorship=True)
    edition, subscriber = EditionFactory(), SubscriberFactory()
    user = UserFactory(is_staff=True, is_superuser=True)
    sign_in(user)
    axe, found = Axe(), []
    for address in [
        "",
        "account/",
        "tasks/",
        "articles/article/",
        f"articles/article/{article.pk}/change/",
        f"articles/article/{article.pk}/history/",
        "articles/article/board/",
        "articles/article/calendar/",
        "articles/topic/add/",
        f"authors/author/{position.author_id}/change/",
        "authors/programme/",
        f"newsletter/edition/{edition.pk}/change/",
        f"newsletter/subscriber/{subscriber.pk}/change/",
        "ecfr_site/auditentry/",
        f"auth/user/{user.pk}/change/",
    ]:
        assert page.goto(f"/admin/{address}").status == 200
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            # Django's buttons take a moment to change their colour.
            page.wait_for_timeout(200)
            result = axe.run(page, options={"runOnly": WCAG})
            found += [
                (address, scheme, violation["id"], node["html"][:200])
                for violation in result.response["violations"]
                for node in violation["nodes"]
            ]
    assert not found
