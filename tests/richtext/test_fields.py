"""Whatever way a text takes into the database, it arrives clean."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.forms import CharField, Form, modelform_factory
from django.test import RequestFactory

from authors.models import Programme
from ecfr_site.richtext.fields import RichTextField, RichTextWidget
from ecfr_site.richtext.sanitizer import ALLOWED
from tests.factories import ProgrammeFactory

DIRTY = "<p onclick=x>Good</p><script>bad()</script>"
CLEAN = "<p>Good</p>"


@pytest.fixture
def programme(db):
    return ProgrammeFactory()


def stored(programme):
    return Programme.objects.values_list("description", flat=True).get(pk=programme.pk)


def test_saving_cleans(programme):
    programme.description = DIRTY
    programme.save()
    assert stored(programme) == CLEAN


def test_what_was_saved_is_what_the_instance_holds(programme):
    programme.description = DIRTY
    programme.save()
    assert programme.description == CLEAN


def test_creating_cleans(db):
    assert stored(ProgrammeFactory(description=DIRTY)) == CLEAN


def test_updating_a_queryset_cleans(programme):
    Programme.objects.update(description=DIRTY)
    assert stored(programme) == CLEAN


def test_bulk_creation_cleans(db):
    rows = [ProgrammeFactory.build(description=DIRTY)]
    [programme] = Programme.objects.bulk_create(rows)
    assert stored(programme) == CLEAN


def test_bulk_update_cleans(programme):
    programme.description = DIRTY
    Programme.objects.bulk_update([programme], ["description"])
    assert stored(programme) == CLEAN


def test_validation_cleans(programme):
    programme.description = DIRTY
    programme.full_clean()
    assert programme.description == CLEAN


def test_searching_is_left_alone(programme):
    Programme.objects.update(description="<p>Fish &amp; chips</p>")
    assert Programme.objects.filter(description__contains="Fish &amp; c").exists()


def test_a_text_of_empty_paragraphs_is_no_text():
    with pytest.raises(ValidationError):
        RichTextField().clean("<p>&nbsp;</p>", None)


def test_migrations_need_know_nothing_but_the_class():
    assert RichTextField(blank=True).deconstruct()[1:] == (
        "ecfr_site.richtext.fields.RichTextField",
        [],
        {"blank": True},
    )


def test_a_model_form_shows_the_editor():
    form = modelform_factory(Programme, fields=["description"])()
    assert isinstance(form.fields["description"].widget, RichTextWidget)


def test_the_admin_shows_the_editor():
    model_admin = admin.ModelAdmin(Programme, admin.site)
    request = RequestFactory().get("/")
    request.user = User(is_superuser=True)
    form = model_admin.get_form(request)
    assert isinstance(form.base_fields["description"].widget, RichTextWidget)


def test_a_form_of_its_own_may_show_the_editor():
    class PageForm(Form):
        content = CharField(widget=RichTextWidget)

    html = str(PageForm(initial={"content": "<p>x</p>"}))
    assert 'data-type="ckeditortype"' in html
    assert "&lt;p&gt;x&lt;/p&gt;" in html


def test_the_editor_lets_through_what_the_site_keeps():
    content = RichTextWidget().config["allowedContent"].split(";")
    tags = {rule.split("[")[0] for rule in content}
    assert tags >= set(ALLOWED)
    # The rest is written as something else: quotation marks, lines, struck-out words.
    assert tags - set(ALLOWED) == {"q", "pre", "strike", "del", "semantics", "mfenced"}
