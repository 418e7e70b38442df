"""The pictures that the demonstration draws itself."""

import pytest

from ecfr_site.demo.pictures import SCENES, draw, emblem, portrait


@pytest.mark.parametrize("motif", SCENES)
def test_a_scene_is_the_same_for_a_seed_and_another_for_another(motif):
    size = (300, 200)

    picture = draw(motif, "one", size)

    assert picture.size == size
    assert picture.tobytes() == draw(motif, "one", size).tobytes()
    assert picture.tobytes() != draw(motif, "two", size).tobytes()


@pytest.mark.parametrize("make", [portrait, emblem])
def test_every_author_looks_different(make):
    pictures = [make(f"author {n}", size=120) for n in range(20)]

    assert {picture.size for picture in pictures} == {(120, 120)}
    assert len({picture.tobytes() for picture in pictures}) == 20
