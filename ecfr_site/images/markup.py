"""The HTML of an image."""

from django.core.files.storage import default_storage
from django.utils.html import format_html, format_html_join

from ecfr_site.images.renditions import FORMATS, GROUNDS, SHAPES


def render_picture(image, shape, alt="", sizes="100vw", lazy=True, css_class=""):
    """A <picture> of the renditions in `shape`, or the original until they are ready.

    No query: the files' addresses follow from the image's row.
    """
    rendered = SHAPES[shape].sizes(image.width, image.height)
    width, height = rendered[-1]
    transparent = image.ground in GROUNDS
    if transparent:
        css_class = f"{css_class} ground-{image.ground}".strip()
    attributes = {
        "class": css_class,
        "width": width,
        "height": height,
        "alt": alt,
        "loading": "lazy" if lazy else "",
        "fetchpriority": "" if lazy else "high",
        "decoding": "async",
    }
    attributes = format_html_join(
        "",
        ' {}="{}"',
        [(k, v) for k, v in attributes.items() if v or k == "alt"],
    )
    if not image.rendered:
        return format_html(
            '<picture><img src="{}"{}></picture>', image.file.url, attributes
        )

    def address(width, extension):
        return default_storage.url(image.rendition_name(shape, width, extension))

    def srcset(extension):
        return ", ".join(f"{address(w, extension)} {w}w" for w, _ in rendered)

    sources = format_html_join(
        "",
        '<source type="{}" srcset="{}" sizes="{}">',
        [(FORMATS[e], srcset(e), sizes) for e in ("avif", "webp")],
    )
    fallback = "png" if transparent else "jpg"
    return format_html(
        '<picture>{}<img src="{}" srcset="{}" sizes="{}"{}></picture>',
        sources,
        address(width, fallback),
        srcset(fallback),
        sizes,
        attributes,
    )
