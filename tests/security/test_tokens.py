"""Tokens cannot be forged, nor used for another purpose, person or state."""

import re
from datetime import timedelta

import pytest
from django.test import override_settings
from django.utils import timezone
from hypothesis import assume, given
from hypothesis import strategies as st

from ecfr_site.security import tokens

ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
YEAR = timedelta(days=365)

purposes = st.sampled_from(
    ["confirm", "preferences", "unsubscribe", "address", "click", "open", "message"]
) | st.text(max_size=20)
numbers = st.integers(0, 2**63 - 1)
texts = st.text(max_size=40)
keys = st.text(min_size=1, max_size=60)


def is_good(purpose, token, bound_to="", max_age=YEAR):
    try:
        tokens.check(purpose, token, max_age, bound_to)
    except tokens.BadToken:
        return False
    return True


@given(purposes, numbers, texts)
def test_a_token_says_what_was_signed_and_has_always_the_same_shape(
    purpose, number, bound_to
):
    token = tokens.sign(purpose, number, bound_to)

    assert re.fullmatch(f"[a-z2-7]{{{tokens.LENGTH}}}", token)
    assert tokens.check(purpose, token, YEAR, bound_to) == number
    assert tokens.number_in(token) == number
    # Mail servers may change the case of a return path.
    assert is_good(purpose, token.upper(), bound_to)


@given(numbers, st.integers(0, tokens.LENGTH - 1), st.sampled_from(ALPHABET))
def test_no_character_of_a_token_can_be_another(number, place, character):
    token = tokens.sign("confirm", number)
    assume(token[place] != character)

    assert not is_good("confirm", token[:place] + character + token[place + 1 :])


@given(st.text() | st.text(ALPHABET, min_size=tokens.LENGTH, max_size=tokens.LENGTH))
def test_what_was_not_signed_is_no_token(text):
    assert not is_good("confirm", text)


@pytest.mark.parametrize("text", ["", "aaaaa", "a" * 53, "é" * tokens.LENGTH])
def test_what_has_not_the_shape_of_a_token_is_none(text):
    with pytest.raises(tokens.BadToken):
        tokens.number_in(text)


def test_a_token_has_one_spelling():
    token = tokens.sign("confirm", 1)
    # The last character has a bit that says nothing.
    other = ALPHABET[ALPHABET.index(token[-1]) ^ 1]

    assert not is_good("confirm", token[:-1] + other)


def test_a_token_names_no_row_beyond_the_largest():
    with pytest.raises(tokens.BadToken):
        tokens.number_in(tokens.sign("confirm", 2**63))


@given(numbers, numbers)
def test_two_tokens_cannot_be_cut_into_a_third(one, other):
    assume(one != other)
    first, second = tokens.sign("confirm", one), tokens.sign("confirm", other)
    for place in range(1, tokens.LENGTH):
        mixed = first[:place] + second[place:]
        assert mixed in (first, second) or not is_good("confirm", mixed)


@given(purposes, purposes, numbers, texts)
def test_a_token_is_good_for_its_purpose_only(purpose, other, number, bound_to):
    assume(purpose != other)
    token = tokens.sign(purpose, number, bound_to)

    assert not is_good(other, token, bound_to)


@given(numbers, numbers)
def test_a_token_names_one_person(one, other):
    assume(one != other)
    token = tokens.sign("preferences", one)

    assert tokens.check("preferences", token, YEAR) != other
    assert token != tokens.sign("preferences", other)


@given(numbers, texts, texts)
def test_a_token_is_void_once_its_state_has_changed(number, before, after):
    assume(before != after)

    assert not is_good("address", tokens.sign("address", number, before), after)


@given(numbers, st.integers(2, 10**6), st.integers(2, 10**6))
def test_a_token_has_a_time(number, age, max_age):
    at = timezone.now() - timedelta(seconds=age)
    token = tokens.sign("confirm", number, at=at)
    assume(abs(age - max_age) > 2)

    assert is_good("confirm", token, max_age=timedelta(seconds=max_age)) == (
        age < max_age
    )


def test_an_expired_token_is_told_from_a_bad_one():
    old = tokens.sign("confirm", 1, at=timezone.now() - timedelta(days=8))

    with pytest.raises(tokens.ExpiredToken):
        tokens.check("confirm", old, timedelta(days=7))
    with pytest.raises(tokens.BadToken) as bad:
        tokens.check("preferences", old, timedelta(days=7))
    assert not isinstance(bad.value, tokens.ExpiredToken)


@given(keys, keys, numbers)
def test_a_new_key_keeps_the_old_ones_tokens_only_as_long_as_it_is_kept(
    old, new, number
):
    assume(old != new)
    with override_settings(SECRET_KEY=old, SECRET_KEY_FALLBACKS=[]):
        token = tokens.sign("unsubscribe", number)
    with override_settings(SECRET_KEY=new, SECRET_KEY_FALLBACKS=["other", old]):
        assert tokens.check("unsubscribe", token, YEAR) == number
        assert tokens.sign("unsubscribe", number) != token
    with override_settings(SECRET_KEY=new, SECRET_KEY_FALLBACKS=[]):
        assert not is_good("unsubscribe", token)


@given(numbers)
def test_a_token_signed_for_a_moment_is_the_same_each_time(number):
    at = timezone.now()

    assert tokens.sign("message", number, at=at) == tokens.sign(
        "message", number, at=at
    )


@given(texts, texts, st.sampled_from(["address", "network"]))
def test_a_digest_tells_equal_from_different_and_nothing_else(one, other, purpose):
    assume(one != other)

    digest = tokens.digest(purpose, one)

    assert digest == tokens.digest(purpose, one)
    assert digest != tokens.digest(purpose, other)
    assert digest != tokens.digest("something else", one)
    assert digest != tokens.digest(purpose, one, key="another key")
    assert re.fullmatch("[0-9a-f]{64}", digest)
