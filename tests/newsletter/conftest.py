"""Colleagues of a newsletter, as users; tests/conftest.py has them signed in."""

import pytest

from tests.factories import UserFactory


@pytest.fixture
def mona():
    """Approves and sends."""
    return UserFactory(newsletter_manager=True, username="mona")


@pytest.fixture
def paul():
    """Approves, but does not send."""
    return UserFactory(publisher=True)


@pytest.fixture
def eddy():
    """Composes."""
    return UserFactory(newsletter_editor=True)
