"""ZIP archives of others, which may be damaged."""

import zipfile
import zlib
from typing import IO

# What zipfile raises for what is no archive, is damaged or is encrypted.
BROKEN = (
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError),
    *(NotImplementedError, RuntimeError, OverflowError),
    # A name that is said to be UTF-8.
    UnicodeDecodeError,
)


def open_archive(file: IO[bytes]) -> zipfile.ZipFile:
    """A ZIP archive; raises one of BROKEN.

    Where one says that a part begins before the file, zipfile raises a ValueError, and
    not until that part is read.
    """
    archive = zipfile.ZipFile(file)
    if any(entry.header_offset < 0 for entry in archive.infolist()):
        raise zipfile.BadZipFile("A part begins before the file.")
    return archive
