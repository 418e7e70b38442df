from datetime import UTC, datetime

import pytest

from tests.factories import ArticleFactory


@pytest.fixture
def article():
    """Published long ago, whatever time a test moves to."""
    return ArticleFactory(
        published=True,
        published_at=datetime(2026, 1, 2, tzinfo=UTC),
        title="Cables under the sea",
        slug="cables",
    )
