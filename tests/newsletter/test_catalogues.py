"""Every phrase that readers see is translated into every language."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.template import engines
from django.templatetags.i18n import BlockTranslateNode, TranslateNode

from newsletter.models import ConsentRecord, LeavingReason
from newsletter.time_zones import REGIONS
from tests.newsletter.catalogues import CATALOGUES, FOREIGN, compiled, source, written

TEMPLATES = [
    *Path("templates/newsletter").rglob("*.html"),
    *Path("templates/newsletter").rglob("*.txt"),
    Path("templates/base.html"),
    Path("templates/_pages.html"),
]
CODE = [*Path("newsletter").rglob("*.py"), Path("ecfr_site/mail/addresses.py")]


def phrases_in(path):
    name = path.relative_to("templates").as_posix()
    nodes = engines["django"].engine.get_template(name).nodelist
    for node in nodes.get_nodes_by_type(TranslateNode):
        if not node.filter_expression.var.lookups:
            yield node.filter_expression.var.literal
    for node in nodes.get_nodes_by_type(BlockTranslateNode):
        yield node.render_token_list(node.singular)[0]


def phrases_in_code():
    """The phrases that xgettext finds; those of models and forms are among them."""
    run = ["xgettext", "-L", "Python", "--from-code=UTF-8", "--no-wrap", "-o", "-"]
    keywords = ["--keyword=_", "--keyword=gettext_noop", "--keyword=gettext_lazy"]
    found = subprocess.run(
        [*run, *keywords, *map(str, CODE)], check=True, capture_output=True, text=True
    ).stdout
    entries = re.findall(r'^msgid ((?:".*"\n)+)', found, re.MULTILINE)
    joined = ["".join(re.findall(r'"(.*)"', entry)) for entry in entries]
    return {entry.replace('\\"', '"') for entry in joined if entry}


@pytest.mark.parametrize("language", FOREIGN)
def test_every_phrase_of_every_template_is_translated(language):
    needed = {phrase for path in TEMPLATES for phrase in phrases_in(path)}

    assert len(needed) > 150
    assert needed - compiled(language).keys() == set()


@pytest.mark.parametrize("language", FOREIGN)
def test_so_is_every_phrase_of_forms_and_models(language):
    catalogue = compiled(language)
    labels = {
        *ConsentRecord.Action.labels,
        *ConsentRecord.Method.labels,
        *LeavingReason.Reason.labels,
    }

    assert labels | set(REGIONS.values()) <= catalogue.keys()
    if shutil.which("xgettext"):
        assert phrases_in_code() - catalogue.keys() == set()


@pytest.mark.parametrize("language", FOREIGN)
def test_a_catalogue_is_complete_and_compiled(language):
    assert "fuzzy" not in source(language)
    assert "#~" not in source(language)
    assert all(text.strip() for text in written(language).values())
    assert written(language).keys() == written("de").keys()
    assert written(language) == compiled(language), (
        f"Run: msgfmt -o django.mo django.po in {CATALOGUES / language}/LC_MESSAGES"
    )


# Words to a friend: the site says Sie, vous, usted, Lei and Państwo.
FAMILIAR = {
    "de": r"du|di(r|ch)|dein\w*|eu(ch|er|re\w*)",
    "es": r"tú|tus?|ti|te|tuy[oa]s?|contigo|v?os",
    "fr": r"t(u|e|oi|on|a|es)",
    "it": r"tu|ti|te|tu[oa]|tuoi|tue",
    "pl": r"ty|ci|cię|ciebie|tobie|tw[oó]\w*|(?!zapisz)\w+(asz|esz|isz|ysz)",
}


@pytest.mark.parametrize("language", FOREIGN)
def test_readers_are_addressed_in_one_form(language):
    familiar = re.compile(rf"\b({FAMILIAR[language]})\b", re.IGNORECASE)

    assert not [t for t in written(language).values() if familiar.search(t)]


@pytest.mark.parametrize("language", FOREIGN)
def test_a_translation_has_the_same_slots_and_spaces(language):
    slots = re.compile(r"%\(\w+\)s|<[^>]*>")
    for english, translated in compiled(language).items():
        assert sorted(slots.findall(english)) == sorted(slots.findall(translated))
        if "\4" not in english:
            assert english[0].isspace() is translated[0].isspace(), english
            assert english[-1].isspace() is translated[-1].isspace(), english
