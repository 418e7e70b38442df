import subprocess
import sys

import pytest

from authors.models import Position
from tests.factories import (
    ArticleFactory,
    AuthorFactory,
    BylineFactory,
    ImageFactory,
    jpeg,
)

TEXT = """<h2>The problem</h2>
<p>Cables break.<span class="footnote">See <em>Cables</em>, p. 4.</span> Ships mend
them, <a href="/publications/">as said</a>.<span class="footnote">So do divers.</span>
</p>
<h3>Ships</h3><p>There are few.</p>
<h2>Numbers</h2>
<table><caption>Ships</caption><thead><tr><th>Sea</th><th>Ships</th></tr></thead>
<tbody><tr><td>Baltic</td><td>2</td></tr></tbody></table>
<figure><img src="{image}" alt="A ship lays a cable"><figcaption>At work</figcaption>
</figure>
<h2>What to do</h2>
<p>The square of <math><msup><mi>x</mi><mn>2</mn></msup></math>.</p>"""


def has_pango():
    command = [sys.executable, "-c", "import weasyprint"]
    return not subprocess.run(command, capture_output=True).returncode


HAS_PANGO = has_pango()
needs_pango = pytest.mark.skipif(
    not HAS_PANGO,
    reason="PDFs need libpango-1.0-0, libpangoft2-1.0-0 and libharfbuzz-subset0",
)


@pytest.fixture
def report():
    """A report by a director of the day, with notes, a table and two images."""
    director = AuthorFactory(name="Ann Cable", sort_name="Cable, Ann")
    Position.objects.create(
        author=director, title="Director of Seas", started="2020-01-01"
    )
    inside = ImageFactory(file__data=jpeg(1700, 900))
    inside.render()
    inside.refresh_from_db()
    report = ArticleFactory(
        published=True,
        kind="report",
        title="Cables & ships",
        slug="cables-and-ships",
        standfirst="What lies under the sea.",
        body=TEXT.format(image=inside.file.url),
        image=ImageFactory(),
        image_alt="The open sea",
    )
    BylineFactory(article=report, author=director)
    return report
