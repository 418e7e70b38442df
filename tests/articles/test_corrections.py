"""Corrections: on the article, and all in one list, with their dates."""

from datetime import date, timedelta

import pytest
import reversion
from django.core.exceptions import ValidationError
from django.utils import timezone
from reversion.models import Version

from articles.models import Correction
from tests.admin_site.desk import article_form
from tests.factories import ArticleFactory, CorrectionFactory

pytestmark = pytest.mark.django_db


def test_all_corrections_of_what_is_published_newest_first(reader):
    article = ArticleFactory(published=True, title="The corridor", slug="corridor")
    CorrectionFactory(article=article, date=date(2026, 1, 2), text="The older one.")
    CorrectionFactory(article=article, date=date(2026, 3, 4), text="The newer one.")
    for hidden in ("draft", "scheduled", "withdrawn"):
        CorrectionFactory(
            article=ArticleFactory(**{hidden: True}), text=f"Of a {hidden} one."
        )

    page = reader.get("/corrections/").content.decode()

    assert page.index("The newer one.") < page.index("The older one.")
    assert 'href="/article/corridor/"' in page
    assert "2 January 2026" in page
    assert "Of a" not in page


def test_the_list_goes_on_over_pages(reader):
    article = ArticleFactory(published=True)
    for number in range(21):
        CorrectionFactory(article=article, text=f"Number {number:02}.")

    assert "Number 00." not in reader.get("/corrections/").content.decode()
    assert "Number 00." in reader.get("/corrections/?page=2").content.decode()


def test_readers_find_the_list(reader):
    article = ArticleFactory(published=True)
    CorrectionFactory(article=article)

    page = reader.get(article.get_absolute_url()).content.decode()

    assert page.count('href="/corrections/"') == 2  # under the correction, at the foot
    assert "/corrections/" in reader.get("/sitemap-indexes.xml").content.decode()


def test_who_corrected_is_known_to_the_desk_alone(publisher, reader):
    publisher.user.first_name, publisher.user.last_name = "Ada", "Verne"
    publisher.user.save()
    article = ArticleFactory(published=True, slug="live")
    form = article_form(publisher, article.start_working_copy(publisher.user))
    form["corrections-TOTAL_FORMS"] = "1"
    form["corrections-0-date"] = "2026-05-04"
    form["corrections-0-text"] = "The year was wrong."

    form.press("Update the live page")

    correction = Correction.objects.get()
    assert (correction.by, correction.article) == (publisher.user, article)
    page = reader.get("/article/live/").content.decode()
    assert "The year was wrong." in page
    assert "Ada Verne" not in page
    assert "Ada Verne" not in reader.get("/corrections/").content.decode()
    copy = article.start_working_copy(publisher.user)
    desk = publisher.get(f"/admin/articles/article/{copy.pk}/change/").content.decode()
    assert "Ada Verne" in desk.split('id="corrections-group"')[1]


def test_an_earlier_text_takes_no_correction_back(editor):
    with reversion.create_revision():
        article = ArticleFactory(published=True, title="Before")
    version = Version.objects.get_for_object(article).get()
    CorrectionFactory(article=article, text="Not seven but eight.")

    changes, _ = article.restore(version, by=editor.user)

    assert [c.text for c in changes.corrections.all()] == ["Not seven but eight."]


@pytest.mark.parametrize("field", ["date", "original_date"])
def test_nothing_was_corrected_or_first_published_in_days_to_come(field):
    tomorrow = timezone.localdate() + timedelta(days=1)
    article = ArticleFactory(draft=True, original_outlet="The Review")
    correction = CorrectionFactory.build(article=article, date=tomorrow)
    article.original_date = tomorrow

    with pytest.raises(ValidationError, match="still to come"):
        (correction if field == "date" else article).clean()

    article.state, article.published_at = "published", timezone.now() + timedelta(2)
    (correction if field == "date" else article).clean()
