"""An ORCID iD is taken as it is pasted, and refused if a digit is mistyped."""

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from authors.models import Author
from tests.factories import AuthorFactory

FIELD = Author._meta.get_field("orcid")
# Josiah Carberry's and two others of ORCID's own documentation.
REAL = ["0000-0002-1825-0097", "0000-0001-5109-3700", "0000-0002-1694-233X"]


@pytest.mark.parametrize("orcid", REAL)
def test_those_of_its_documentation_pass(orcid):
    assert FIELD.clean(orcid, None) == orcid


@pytest.mark.parametrize(
    "pasted",
    [
        "https://orcid.org/0000-0002-1694-233X",
        "orcid.org/0000-0002-1694-233x",
        " 0000-0002-1694-233x ",
    ],
)
def test_an_address_is_cut_off(pasted):
    assert FIELD.clean(pasted, None) == "0000-0002-1694-233X"


def test_none_is_needed():
    assert FIELD.clean("", None) == ""


@given(st.sampled_from(REAL), st.integers(0, 18), st.sampled_from("0123456789"))
def test_one_mistyped_digit_is_told(orcid, place, digit):
    if orcid[place] in (digit, "-"):
        return
    typed = orcid[:place] + digit + orcid[place + 1 :]
    with pytest.raises(ValidationError, match="mistyped"):
        FIELD.clean(typed, None)


@pytest.mark.parametrize("typed", ["1825-0097", "0000000218250097", "x" * 19])
def test_its_form_is_told(typed):
    with pytest.raises(ValidationError, match="four groups of four"):
        FIELD.clean(typed, None)


@pytest.mark.django_db
def test_two_people_do_not_share_one():
    AuthorFactory(name="Karin Östlund", orcid=REAL[0])
    with pytest.raises(ValidationError, match="Karin Östlund has this ORCID iD"):
        AuthorFactory.build(orcid=REAL[0]).full_clean()
