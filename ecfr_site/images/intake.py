"""Validate uploaded images and strip their metadata."""

import warnings
from io import BytesIO
from pathlib import PurePath

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.template.defaultfilters import filesizeformat
from PIL import Image as Pillow
from PIL import ImageCms, ImageOps

from ecfr_site.redirects.slug_text import make_slug
from ecfr_site.storage.space import refuse_without_room

# What is read, by its content.
ACCEPTED = ["JPEG", "PNG", "WEBP", "AVIF", "GIF"]
# As what it is kept, if not as itself. Cameras write MPO, a JPEG with more behind it.
KEPT_AS = {"GIF": "PNG", "MPO": "JPEG"}
EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "AVIF": "avif"}
# As good as the upload to the eye, and quick: the editor is waiting.
OPTIONS = {
    "JPEG": {"quality": 92, "optimize": True},
    "PNG": {"compress_level": 3},
    "WEBP": {"quality": 92, "method": 2},
    "AVIF": {"quality": 85, "speed": 8},
}

ANIMATED = (
    "This image is animated. Only a still image can be published: save the frame you "
    "want as PNG or JPEG and upload that."
)
HEIC = "HEIC images cannot be used: save the image as JPEG and upload that."


class ProcessedImage(ContentFile):
    """An image as `process_upload` made it."""


def process_upload(file):
    """An uploaded file as the image to keep: upright, in sRGB, without metadata.

    The image is decoded and encoded anew, so that nothing but pixels survives: no
    place where it was taken, no script appended. Raises ValidationError, in words for
    an editor, for what is too large, damaged or no image, or has no room here.
    """
    if not file.size:
        raise ValidationError("The file is empty: upload it again from its source.")
    if file.size > settings.IMAGE_MAX_BYTES:
        most = filesizeformat(settings.IMAGE_MAX_BYTES)
        raise ValidationError(
            f"The file has {filesizeformat(file.size)}; at most {most} are accepted."
        )
    picture, kind = _decode(file)
    content = BytesIO()
    picture.save(content, kind, **OPTIONS[kind])
    name = make_slug(PurePath(file.name or "").stem)[:80] or "picture"
    made = ProcessedImage(content.getvalue(), f"{name}.{EXTENSIONS[kind]}")
    refuse_without_room(made, default_storage)
    return made


def _decode(file):
    file.seek(0)
    try:
        with warnings.catch_warnings():
            # Pillow's own limit is above ours.
            warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)
            picture = Pillow.open(file, formats=ACCEPTED)
            if picture.width * picture.height > settings.IMAGE_MAX_PIXELS:
                raise _build_pixel_error()
            # In an MPO the further frames are previews, or the other eye's view.
            if picture.format != "MPO" and getattr(picture, "is_animated", False):
                raise ValidationError(ANIMATED)
            kind = KEPT_AS.get(picture.format, picture.format)
            picture.load()
            return _normalise(picture), kind
    except ValidationError:
        raise
    except Pillow.DecompressionBombError as error:
        raise _build_pixel_error() from error
    except Pillow.UnidentifiedImageError as error:
        if _is_heic(file):
            raise ValidationError(HEIC) from error
        raise ValidationError(
            "This is not an image that can be used: choose a JPEG, PNG, WebP, AVIF "
            "or GIF file."
        ) from error
    # Damaged files lead Pillow's readers to errors of every kind.
    except Exception as error:
        raise ValidationError(
            "The image is damaged or incomplete: upload it again from its source."
        ) from error


def _build_pixel_error():
    most = settings.IMAGE_MAX_PIXELS // 1_000_000
    return ValidationError(
        f"The image has too many pixels: at most {most} million are accepted."
    )


def _is_heic(file):
    """Tell by the file type box of ISO/IEC 23008-12."""
    file.seek(0)
    head = file.read(12)
    return head[4:8] == b"ftyp" and head[8:11] in (b"hei", b"hev", b"mif", b"msf")


def _normalise(picture):
    """Only the pixels: upright, in sRGB, eight bits a channel.

    RGBA only if a pixel is not opaque.
    """
    ImageOps.exif_transpose(picture, in_place=True)
    profile = picture.info.get("icc_profile")
    transparent = picture.has_transparency_data
    mode = "RGBA" if transparent else "RGB"
    if picture.mode.startswith("I"):
        picture = _convert_to_eight_bits(picture)
    if transparent:
        # A transparent colour is known by its value before colours are changed.
        picture = picture.convert(mode)
    if profile and picture.mode in ("RGB", "RGBA", "CMYK"):
        picture = _convert_to_srgb(picture, profile, mode)
    plain = picture.convert(mode)
    if transparent and plain.getchannel("A").getextrema()[0] == 255:
        plain = plain.convert("RGB")
    plain.info.clear()
    return plain


def _convert_to_eight_bits(picture):
    """Grey in sixteen bits scaled to eight, which `convert` would cut off."""
    clear = picture.info.get("transparency")
    small = picture.convert("I").point(lambda value: value / 256).convert("L")
    if clear is not None:
        small.info["transparency"] = clear // 256
    return small


def _convert_to_srgb(picture, profile, mode):
    try:
        return ImageCms.profileToProfile(
            picture,
            ImageCms.ImageCmsProfile(BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            outputMode=mode,
        )
    except (ImageCms.PyCMSError, OSError):
        # A damaged profile: the colours as they are.
        return picture
