"""Whatever is wrong with an archive, it is told by one of a few errors."""

import zipfile
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecfr_site.importing.archives import BROKEN, open_archive


def pack():
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("list.csv", "texts/word.xml", "mimetype"):
            archive.writestr(name, f"{name} " * 30)
    return file.getvalue()


WHOLE = pack()


def read(data):
    with open_archive(BytesIO(data)) as archive:
        return [archive.read(entry) for entry in archive.infolist()]


def test_a_whole_archive_is_read():
    assert len(read(WHOLE)) == 3


def test_a_part_that_would_begin_before_the_file_is_damage():
    # The archive says of its list of parts that it begins 256 bytes further on.
    data = bytearray(WHOLE)
    data[-5] += 1
    with pytest.raises(zipfile.BadZipFile):
        open_archive(BytesIO(data))


def test_a_name_that_is_not_what_it_says_is_damage():
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("café.xml", "text")
    with pytest.raises(BROKEN):
        read(file.getvalue().replace("é".encode(), b"\xe9\xe9"))


@given(st.integers(0, len(WHOLE) - 1), st.binary(min_size=1, max_size=8))
def test_any_damage_is_one_of_the_known_errors(place, noise):
    data = WHOLE[:place] + noise + WHOLE[place + len(noise) :]
    with suppress(*BROKEN):
        read(data)
