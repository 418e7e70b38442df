"""Each minute the clock queues what is due."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from articles import periodic as articles
from ecfr_site.declarations import find_declarations
from ecfr_site.images import periodic as images

pytestmark = pytest.mark.django_db

ROOT = Path(settings.BASE_DIR)


def broken():
    raise ValueError("The link checker is out of order.")


def test_each_app_that_has_work_is_asked():
    files = {path for path in ROOT.rglob("periodic.py") if ".venv" not in path.parts}
    asked = {Path(module.__file__) for module in find_declarations("periodic")}

    assert asked == files


def test_it_says_nothing_when_nothing_is_due(capsys):
    call_command("run_due")

    assert capsys.readouterr().out == ""


def test_it_says_what_it_queued(capsys, monkeypatch):
    monkeypatch.setitem(images.WORK, "images", lambda: 3)

    call_command("run_due")

    assert capsys.readouterr().out == "images: 3 queued\n"


def test_one_app_in_trouble_is_logged_and_does_not_stop_the_others(
    capsys, caplog, monkeypatch
):
    monkeypatch.setitem(images.WORK, "images", broken)
    monkeypatch.setitem(articles.WORK, "articles", lambda: 1)

    call_command("run_due")

    assert capsys.readouterr().out == "articles: 1 queued\n"
    assert "out of order" in caplog.text


@pytest.mark.parametrize("every", ["0", "-5", "a minute"])
def test_a_pause_of_no_length_is_refused(every):
    with pytest.raises(CommandError, match="a number of seconds, 1 or more"):
        call_command("run_due", "--every", every)
