import time
from datetime import UTC, datetime

import pytest
import time_machine

# For how long an app shows a code, in seconds.
STEP = 30


@pytest.fixture(autouse=True)
def early_in_a_step():
    """Codes do not end while a test uses them; time goes on from here."""
    begun = time.time() // STEP * STEP + 1
    with time_machine.travel(datetime.fromtimestamp(begun, UTC), tick=True):
        yield
