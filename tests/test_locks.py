"""Locks: every package with its hashes, in step with the lists."""

import re
import tomllib
from itertools import groupby

import pytest
from django.conf import settings
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LISTS = ["requirements", "requirements-s3", "requirements-dev"]


def read_list(name):
    """Yield the direct requirements, those of included lists too."""
    for line in (settings.BASE_DIR / f"{name}.txt").read_text().splitlines():
        if included := re.fullmatch(r"-r (\S+)\.txt", line):
            yield from read_list(included[1])
        elif line and not line.startswith("#"):
            yield Requirement(line)


def read_lock(name):
    """Yield each locked requirement and its hashes."""
    text = (settings.BASE_DIR / f"{name}.lock").read_text()
    for line in text.replace("\\\n", "").splitlines():
        if line and not line.lstrip().startswith("#"):
            requirement, *hashes = line.split("--hash=")
            yield Requirement(requirement), [each.strip() for each in hashes]


def read_pins(name):
    """Map each package to its locked versions: more than one where markers differ."""
    pins = sorted(
        (canonicalize_name(locked.name), str(locked.specifier))
        for locked, _ in read_lock(name)
    )
    return {
        package: {version for _, version in versions}
        for package, versions in groupby(pins, key=lambda pin: pin[0])
    }


@pytest.mark.parametrize("name", LISTS)
def test_the_lock_has_the_versions_of_the_list(name):
    locked = read_pins(name)

    assert [
        str(direct)
        for direct in read_list(name)
        if locked.get(canonicalize_name(direct.name)) != {str(direct.specifier)}
    ] == [], "Run `make lock`."


@pytest.mark.parametrize("name", LISTS)
def test_every_package_is_pinned_and_has_hashes(name):
    locked = list(read_lock(name))

    assert len(locked) >= len(list(read_list(name)))
    for requirement, hashes in locked:
        assert re.fullmatch(r"==[^*,]+", str(requirement.specifier)), requirement
        assert hashes, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", each) for each in hashes)


@pytest.mark.parametrize("name", ["requirements", "requirements-s3"])
def test_the_site_is_tested_with_the_versions_it_runs_with(name):
    tested = read_pins("requirements-dev")

    assert {
        package: versions
        for package, versions in read_pins(name).items()
        if not versions <= tested[package]
    } == {}


@pytest.mark.parametrize("name", LISTS)
def test_the_lock_names_no_server(name):
    assert "://" not in (settings.BASE_DIR / f"{name}.lock").read_text()


def test_the_locks_are_made_for_the_oldest_python_supported():
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())
    oldest = re.match(r">=([\d.]+)", project["project"]["requires-python"])[1]

    assert f"--python-version {oldest} " in (settings.BASE_DIR / "Makefile").read_text()
