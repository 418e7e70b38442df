from django.db import models

_SITE = "https://creativecommons.org/"


class Licence(models.TextChoices):
    """On what terms a text of our own may be used."""

    RESERVED = "reserved", "All rights reserved"
    CC_BY = "by", "CC BY 4.0"
    CC_BY_SA = "by-sa", "CC BY-SA 4.0"
    CC_BY_ND = "by-nd", "CC BY-ND 4.0"
    CC_BY_NC = "by-nc", "CC BY-NC 4.0"
    CC_BY_NC_SA = "by-nc-sa", "CC BY-NC-SA 4.0"
    CC_BY_NC_ND = "by-nc-nd", "CC BY-NC-ND 4.0"
    CC0 = "zero", "CC0 1.0"

    @property
    def allows_republishing(self) -> bool:
        """Each Creative Commons licence allows copying the whole with its source."""
        return self != self.RESERVED

    @property
    def url(self) -> str:
        """The licence's address, by which programs know it; "" where there is none."""
        if self == self.RESERVED:
            return ""
        if self == self.CC0:
            return f"{_SITE}publicdomain/zero/1.0/"
        return f"{_SITE}licenses/{self.value}/4.0/"

    @property
    def conditions(self) -> list[str]:
        """The conditions for republishing a piece, a sentence each."""
        parts = self.value.split("-")
        return [
            sentence
            for part, sentence in {
                "by": "Name the authors and the publisher, link to this page and to "
                "the licence.",
                "nc": "Not for commercial purposes.",
                "nd": "Do not change, shorten or translate the text.",
                "sa": "Give what you make of it under the same licence.",
            }.items()
            if part in parts
        ]
