"""The process that typesets one document; articles/documents/typesetting.py starts it.

    python -m articles.documents.weasyprint FOLDER STYLE_SHEET…

It reads document.html and what that shows in the folder, and writes document.pdf and
facts.json there. Without Django, so that its memory is the document's.
"""

import json
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from lxml import html

# More dots an inch than this no printer shows.
DPI = 300


def main(name: str, *style_sheets: str) -> None:
    try:
        # Here: what it loads are no Python packages, and may be missing.
        import weasyprint
    except OSError:
        sys.exit(69)
    from weasyprint.text.fonts import FontConfiguration

    folder = Path(name).resolve()
    fetcher = _build_fetcher(folder, style_sheets)
    fonts = FontConfiguration()
    sheets = [
        weasyprint.CSS(filename=sheet, font_config=fonts, url_fetcher=fetcher)
        for sheet in style_sheets
    ]
    source = folder / "document.html"
    document = weasyprint.HTML(
        filename=source, encoding="utf-8", url_fetcher=fetcher
    ).render(font_config=fonts, stylesheets=sheets, dpi=DPI)
    document.write_pdf(
        folder / "document.pdf",
        finisher=partial(_describe_links, _list_headings(source)),
        pdf_variant="pdf/ua-1",
        pdf_tags=True,
        dpi=DPI,
    )
    facts = {"pages": len(document.pages)}
    (folder / "facts.json").write_text(json.dumps(facts))


def _build_fetcher(folder: Path, style_sheets: Iterable[str]) -> Any:
    """A fetcher of the document's files and our fonts, and of nothing else."""
    from weasyprint import URLFetcher

    homes = [folder, *(Path(sheet).resolve().parent for sheet in style_sheets)]

    class Fetcher(URLFetcher):
        def fetch(self, url: str, headers: Any = None) -> Any:
            parts = urlsplit(url)
            path = Path(unquote(parts.path)).resolve()
            is_ours = path.suffix == ".woff2" or any(map(path.is_relative_to, homes))
            if parts.scheme != "file" or not is_ours:
                raise ValueError(f"Not of this document: {url}")
            return super().fetch(url, headers)

    return Fetcher(allowed_protocols=["file"])


def _list_headings(source: Path) -> dict[str, str]:
    """{id: text} of headings, figures and tables, which the contents link to."""
    document = html.document_fromstring(source.read_bytes().decode())
    headings = {
        heading.get("id", ""): "".join(map(str, heading.itertext()))
        for heading in document.iter("h2", "h3")
        if heading.get("id")
    }
    return headings | {
        link.get("href", "").removeprefix("#"): "".join(map(str, link.itertext()))
        for section in document.iter("section")
        if section.get("class") == "captioned"
        for link in section.iter("a")
    }


def _describe_links(names: dict[str, str], document: Any, pdf: Any) -> None:
    """Tell those who cannot see it where a link leads (PDF/UA-1, 7.18.5)."""
    from pydyf import String

    for each in pdf.objects:
        target = each.get("Dest") if isinstance(each, dict) else None
        place = getattr(target, "string", None)
        if place in names:
            each["Contents"] = String(names[place])


if __name__ == "__main__":
    main(*sys.argv[1:])
