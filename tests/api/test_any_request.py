"""Whatever a program asks the API for, it answers as its document says."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.factories import (
    ArticleFactory,
    CorrectionFactory,
    PositionFactory,
    TopicFactory,
)

# Nobody can make up a cursor, which the document cannot say.
UNSAID = "positive_data_acceptance"


@pytest.mark.server
@pytest.mark.django_db(transaction=True)
def test_no_request_breaks_the_api_or_its_promises(live_server, settings, tmp_path):
    settings.API_REQUESTS_AN_ADDRESS_A_MINUTE = 100_000
    settings.SEARCHES_AN_ADDRESS_A_MINUTE = 100_000
    settings.PAGE_CACHE = True
    position = PositionFactory(directorship=True)
    for number in range(3):
        article = ArticleFactory(
            published=True,
            slug=f"piece-{number}",
            authors=[position.author],
            programmes=[position.programme],
            topics=[TopicFactory()],
        )
    CorrectionFactory(article=article)

    done = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"),
            "run",
            f"{live_server.url}/api/v1/openapi.json",
            f"--url={live_server.url}/api/v1",
            "--phases=examples,coverage,fuzzing",
            "--max-examples=12",
            f"--exclude-checks={UNSAID}",
            "--continue-on-failure",
            "--request-timeout=10",
            "--seed=1",
            "--no-color",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Tested: 11" in done.stdout
