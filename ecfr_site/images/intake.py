"""What the site accepts as a picture, and what it keeps of it."""

import warnings
from io import BytesIO
from pathlib import PurePath

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.template.defaultfilters import filesizeformat
from django.utils.text import slugify
from PIL import Image as Pillow
from PIL import ImageCms, ImageOps

# What is read, by its content, and as what it is kept.
ACCEPTED = {"JPEG": "JPEG", "PNG": "PNG", "WEBP": "WEBP", "AVIF": "AVIF", "GIF": "PNG"}
EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "AVIF": "avif"}
QUALITY = {"JPEG": 92, "WEBP": 92, "AVIF": 85}


class KeptPicture(ContentFile):
    """A picture as `taken_in` made it."""


def taken_in(file):
    """An uploaded file as the picture to keep: upright, in sRGB, without metadata.

    The picture is decoded and encoded anew, so that nothing but pixels survives: no
    place where it was taken, no script appended. Raises ValidationError, in words for
    an editor, for what is too large, damaged or no picture.
    """
    if file.size > settings.IMAGE_MAX_BYTES:
        most = filesizeformat(settings.IMAGE_MAX_BYTES)
        raise ValidationError(
            f"The file has {filesizeformat(file.size)}; at most {most} are accepted."
        )
    picture, kind = _decoded(file)
    content = BytesIO()
    picture.save(content, kind, **_options(kind))
    name = slugify(PurePath(file.name or "").stem)[:80] or "picture"
    return KeptPicture(content.getvalue(), f"{name}.{EXTENSIONS[kind]}")


def _decoded(file):
    file.seek(0)
    try:
        with warnings.catch_warnings():
            # Pillow's own limit is above ours.
            warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)
            picture = Pillow.open(file, formats=list(ACCEPTED))
            if picture.width * picture.height > settings.IMAGE_MAX_PIXELS:
                raise _too_many_pixels()
            kind = ACCEPTED[picture.format]
            picture.load()
            return _plain(picture), kind
    except Pillow.DecompressionBombError as error:
        raise _too_many_pixels() from error
    except Pillow.UnidentifiedImageError as error:
        raise ValidationError(
            "This is not a picture that can be used: choose a JPEG, PNG, WebP, AVIF "
            "or GIF file."
        ) from error
    # Pillow's readers raise many kinds of error for damaged files.
    except (OSError, SyntaxError, ValueError, EOFError, IndexError) as error:
        raise ValidationError(
            "The picture is damaged or incomplete: upload it again from its source."
        ) from error


def _too_many_pixels():
    most = settings.IMAGE_MAX_PIXELS // 1_000_000
    return ValidationError(
        f"The picture has too many pixels: at most {most} million are accepted."
    )


def _plain(picture):
    """Only the pixels: upright, in sRGB."""
    profile = picture.info.get("icc_profile")
    upright = ImageOps.exif_transpose(picture)
    transparent = "A" in upright.getbands() or "transparency" in upright.info
    plain = upright.convert("RGBA" if transparent else "RGB")
    if profile and upright.mode in ("RGB", "RGBA"):
        plain = _in_srgb(plain, profile)
    fresh = Pillow.new(plain.mode, plain.size)
    fresh.paste(plain)
    return fresh


def _in_srgb(picture, profile):
    try:
        return ImageCms.profileToProfile(
            picture,
            ImageCms.ImageCmsProfile(BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
        )
    except (ImageCms.PyCMSError, OSError):
        return picture


def _options(kind):
    options = {"quality": QUALITY[kind]} if kind in QUALITY else {}
    return options | ({"optimize": True} if kind in ("JPEG", "PNG") else {})
