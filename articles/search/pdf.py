"""The words of a PDF, read in a process of its own with limits on size and time."""

import logging
import resource
import subprocess
import sys
from io import BytesIO

from django.conf import settings
from pypdf import PdfReader

from ecfr_site.richtext.plain_text import clean_text
from ecfr_site.storage.private import private_storage

logger = logging.getLogger(__name__)

MOST_BYTES = 30_000_000
MOST_PAGES = 400
MOST_CHARACTERS = 600_000
SECONDS = 60
_MEMORY, _CPU_SECONDS = 1_000_000_000, 60


def read_pdf(name: str) -> tuple[str, str]:
    """The text of the stored file, and why there is none or not all; "" if all is well.

    A file may be made to keep its reader busy, or to fill its memory: that ends the
    process that reads it, and nothing else.
    """
    try:
        with private_storage().open(name) as file:
            if file.size > MOST_BYTES:
                return "", "The file is too large to be searched."
            content = file.read()
    except OSError:
        return "", "The file is missing."
    try:
        done = subprocess.run(  # noqa: S603 our own program, and no shell
            [sys.executable, "-m", __name__],
            input=content,
            capture_output=True,
            timeout=SECONDS,
            cwd=settings.BASE_DIR,
            preexec_fn=_limit,
        )
    except subprocess.TimeoutExpired:
        return "", "The file takes too long to read."
    text = done.stdout.decode("utf-8", "ignore")
    if done.returncode:
        logger.warning("%s could not be read: %s", name, done.stderr[-500:])
        return "", "The file could not be read."
    return text, "" if text.strip() else "There is no text in it, as in a scan."


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))


def extract_text(content: bytes) -> str:
    """The text of a PDF's first pages, on lines as long as they are there."""
    reader = PdfReader(BytesIO(content))
    pages = []
    room = MOST_CHARACTERS
    for number, page in enumerate(reader.pages):
        if number == MOST_PAGES or room <= 0:
            break
        pages.append(page.extract_text()[:room])
        room -= len(pages[-1])
    lines = "\n".join(pages).splitlines()
    text = "\n".join(" ".join(line.split()) for line in lines)
    # A word divided at a line's end is one word.
    return clean_text(text.replace("-\n", ""))


if __name__ == "__main__":
    sys.stdout.buffer.write(
        extract_text(sys.stdin.buffer.read()).encode("utf-8", "ignore")
    )
