"""Word documents with what a test needs, as small as Word reads them."""

import io
import zipfile

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
MATH = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
DRAWING = (
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"'
)
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPES = """<?xml version="1.0" encoding="UTF-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels"
  ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Default Extension="png" ContentType="image/png"/>
<Default Extension="emf" ContentType="image/x-emf"/>
</Types>"""
STYLES = "".join(
    f'<w:style w:type="paragraph" w:styleId="{name.replace(" ", "")}">'
    f'<w:name w:val="{name}"/></w:style>'
    for name in ("Title", "Subtitle", "heading 1", "heading 2", "caption")
)


def p(*runs, style=""):
    """A paragraph; texts are runs, what begins with < is XML."""
    inner = "".join(run if run.startswith("<") else r(run) for run in runs)
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{properties}{inner}</w:p>"


def r(text, tag="t"):
    return f'<w:r><w:{tag} xml:space="preserve">{text}</w:{tag}></w:r>'


def footnote(number, kind="footnote"):
    return f'<w:r><w:{kind}Reference w:id="{number}"/></w:r>'


def inserted(text):
    return f'<w:ins w:id="1" w:author="B">{r(text)}</w:ins>'


def deleted(text):
    return f'<w:del w:id="2" w:author="B">{r(text, "delText")}</w:del>'


def image(target="rId9", alt="A table"):
    return (
        f"<w:r><w:drawing {DRAWING}><wp:inline>"
        f'<wp:docPr id="1" name="x" descr="{alt}"/>'
        "<a:graphic><a:graphicData><pic:pic><pic:blipFill>"
        f'<a:blip r:embed="{target}"/></pic:blipFill></pic:pic></a:graphicData>'
        "</a:graphic></wp:inline></w:drawing></w:r>"
    )


def build(*blocks, notes=(), endnotes=(), comments=(), files=None):
    """The file's bytes; `files` are {path below word/: content}, images rId9 on."""
    files = files or {}
    parts = {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": _relations({"rId1": ("officeDocument", "word/document.xml")}),
        "word/document.xml": f"<w:document {W} {R} {MATH}><w:body>{''.join(blocks)}"
        "</w:body></w:document>",
        "word/styles.xml": f"<w:styles {W}>{STYLES}</w:styles>",
    }
    relations = {"rId1": ("styles", "styles.xml")}
    for kind, rows in (
        ("footnote", notes),
        ("endnote", endnotes),
        ("comment", comments),
    ):
        if rows:
            inner = "".join(
                f'<w:{kind} w:id="{number}">{p(text)}</w:{kind}>'
                for number, text in enumerate(rows, 1)
            )
            parts[f"word/{kind}s.xml"] = f"<w:{kind}s {W} {R}>{inner}</w:{kind}s>"
            relations[f"rId{len(relations) + 1}"] = (f"{kind}s", f"{kind}s.xml")
    for number, path in enumerate(files, 9):
        relations[f"rId{number}"] = ("image", path)
    parts["word/_rels/document.xml.rels"] = _relations(relations)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
        for path, content in files.items():
            package.writestr(f"word/{path}", content)
    return file.getvalue()


def _relations(rows):
    inner = "".join(
        f'<Relationship Id="{name}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for name, (kind, target) in rows.items()
    )
    return (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
        f'relationships">{inner}</Relationships>'
    )
