"""The HTML of an image."""

from django.core.files.storage import default_storage
from django.utils.html import conditional_escape
from django.utils.safestring import mark_safe

from ecfr_site.images.renditions import FORMATS, GROUNDS, SHAPES, rendition_file


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
    written = "".join(
        f' {name}="{conditional_escape(value)}"'
        for name, value in attributes.items()
        if value or name == "alt"
    )
    if not image.rendered:
        source = conditional_escape(image.file.url)
        return mark_safe(  # noqa: S308 (escaped)
            f'<picture><img src="{source}"{written}></picture>'
        )
    # Once for all files: in every storage their addresses begin with it.
    folder = conditional_escape(default_storage.url(f"{image.rendition_folder}/"))

    def address(width, extension):
        return f"{folder}{rendition_file(shape, width, extension)}"

    def srcset(extension):
        return ", ".join(f"{address(w, extension)} {w}w" for w, _ in rendered)

    sizes = conditional_escape(sizes)
    sources = "".join(
        f'<source type="{FORMATS[extension]}" srcset="{srcset(extension)}" '
        f'sizes="{sizes}">'
        for extension in ("avif", "webp")
    )
    fallback = "png" if transparent else "jpg"
    return mark_safe(  # noqa: S308 (escaped)
        f'<picture>{sources}<img src="{address(width, fallback)}" '
        f'srcset="{srcset(fallback)}" sizes="{sizes}"{written}></picture>'
    )
