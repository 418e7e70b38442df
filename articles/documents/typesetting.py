"""HTML to PDF by WeasyPrint, in a process of its own with limits on memory and time.

The process gets a folder with all that the document shows, and reads nothing else: no
network, no database, no settings.
"""

import json
import logging
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

logger = logging.getLogger(__name__)

# Of the clock, which goes on while others have the processor, and of the processor.
SECONDS, _CPU_SECONDS = 480, 180
# Of addresses: what is used is less, see docs/performance.md.
MEMORY = 2_000_000_000
PACKAGES = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
FONTS = Path(__file__).parent / "fonts"
STYLE_SHEETS = (
    FONTS / "fonts.css",
    settings.BASE_DIR / "ecfr_site/static/ecfr_site/css/print.css",
)
# How a process ends that lacks what it needs (sysexits.h: EX_UNAVAILABLE).
_UNAVAILABLE = 69


class TypesettingError(Exception):
    """There is no PDF, for a reason that is a sentence for editors."""


class Typeset(NamedTuple):
    content: bytes
    pages: int


def typeset(html: str, files: dict[str, bytes]) -> Typeset:
    """The PDF of a document that shows these files; TypesettingError says why none."""
    with tempfile.TemporaryDirectory(prefix="document-") as name:
        folder = Path(name)
        (folder / "document.html").write_text(html, encoding="utf-8")
        for file, content in files.items():
            (folder / file).write_bytes(content)
        command = [sys.executable, "-m", "articles.documents.weasyprint", name]
        command += [str(path) for path in STYLE_SHEETS]
        try:
            done = subprocess.run(  # noqa: S603 our own program, and no shell
                command,
                capture_output=True,
                timeout=SECONDS,
                cwd=settings.BASE_DIR,
                preexec_fn=_limit,
            )
        except subprocess.TimeoutExpired:
            raise TypesettingError("It took too long, and was stopped.") from None
        if done.returncode == _UNAVAILABLE:
            raise TypesettingError(
                "This machine lacks what typesets PDFs. On Debian and Ubuntu the "
                f"operator installs it with: apt install {PACKAGES}"
            )
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace")[-2000:]
            logger.warning("A PDF could not be made (%s): %s", done.returncode, said)
            raise TypesettingError(_explain(done.returncode, said))
        facts = json.loads((folder / "facts.json").read_text())
        return Typeset((folder / "document.pdf").read_bytes(), facts["pages"])


def _explain(code: int, said: str) -> str:
    if "MemoryError" in said:
        return "It needed too much memory, and was stopped."
    if code < 0:
        return f"The typesetter was stopped (signal {-code})."
    lines = said.strip().splitlines()
    return f"The typesetter failed: {lines[-1] if lines else f'code {code}'}"[:300]


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
