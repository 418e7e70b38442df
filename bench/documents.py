"""Measure the making of a long report's documents.

    .venv/bin/python bench/documents.py --sections 66 --images 60

It writes an article into a database of its own, with notes, tables and images of noise,
which no compression makes small, and has its PDF and its EPUB made as the task does.
"""

import argparse
import io
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SENTENCE = (
    "Cables break where ships anchor, and what is said of them in one capital is "
    "rarely what is known of them in the next, which is why the figures differ. "
)


def build_section(number: int, image: str) -> str:
    words = f"<p>{SENTENCE * 5}</p>"
    note = f'<p>{SENTENCE}<span class="footnote">See report {number}.</span></p>'
    rows = "".join(
        f"<tr><td>Sea {row}</td><td>{row * number}</td><td>{row}</td></tr>"
        for row in range(1, 13)
    )
    head = "<tr><th>Sea</th><th>Cables</th><th>Ships</th></tr>"
    table = f"<table><caption>Seas {number}</caption><thead>{head}</thead>"
    figure = (
        f'<figure><img src="{image}" alt="Noise"><figcaption>Figure {number}'
        "</figcaption></figure>"
        if image
        else ""
    )
    return (
        f"<h2>Section {number}</h2>{words * 3}{note * 2}<h3>Seas</h3>{words * 2}"
        f"{table}<tbody>{rows}</tbody></table>{words * 2}{figure}{note}{words * 2}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sections", type=int, default=66)
    parser.add_argument("--images", type=int, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"VAR_DIR": folder, "DATABASE_URL": f"sqlite:///{folder}/db"}
        os.environ["DJANGO_SETTINGS_MODULE"] = "ecfr_site.settings"
        os.environ["LOG_LEVEL"] = "WARNING"
        sys.path.insert(0, str(ROOT))
        measure(options.sections, options.images)


def measure(sections: int, images: int) -> None:
    import django

    django.setup()
    from django.core.files.base import ContentFile
    from django.core.management import call_command
    from django.utils import timezone
    from PIL import Image as Pillow

    from articles.documents.making import make_documents
    from articles.models import Article, Document
    from ecfr_site.images.models import Image

    call_command("migrate", verbosity=0)
    addresses = []
    for number in range(images):
        content = io.BytesIO()
        noise = Pillow.effect_noise((160, 107), 80).resize((1600, 1067))
        noise.convert("RGB").save(content, "JPEG", quality=80)
        image = Image.objects.create(
            title=f"Noise {number}", file=ContentFile(content.getvalue(), "noise.jpg")
        )
        addresses.append(image.file.url)
    article = Article.objects.create(
        title="A long report",
        slug="a-long-report",
        kind="report",
        standfirst=SENTENCE,
        state="published",
        published_at=timezone.now(),
        body="".join(
            build_section(n, addresses[n - 1] if n <= images else "")
            for n in range(1, sections + 1)
        ),
    )
    began = time.monotonic()
    make_documents(article.pk)
    wall = time.monotonic() - began
    child = resource.getrusage(resource.RUSAGE_CHILDREN)
    for document in Document.objects.all():
        print(f"{document.format}: {document.pages} pages, {document.bytes:,} bytes")
        assert not document.error, document.error
    cpu = child.ru_utime + child.ru_stime
    print(f"wall {wall:.1f} s, CPU of the child {cpu:.1f} s")
    print(f"most memory of the child {child.ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
