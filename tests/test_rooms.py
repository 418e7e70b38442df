"""Every part of the project stands in a room, and imports go down only."""

import pkgutil
import tomllib

from django.conf import settings

import ecfr_site

CONTRACT = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["tool"][
    "importlinter"
]["contracts"][0]


def test_the_contract_knows_every_part():
    named = {
        part.strip() for layer in CONTRACT["layers"] for part in layer.split(" : ")
    }
    parts = {
        f"ecfr_site.{module.name}"
        for module in pkgutil.iter_modules(ecfr_site.__path__)
    }

    assert parts - {"ecfr_site.migrations"} == {
        part for part in named if part.startswith("ecfr_site.")
    }
