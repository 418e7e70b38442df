"""Pages whose readers are counted, by the names of their URLs.

Never those that have a token in their address.
"""

PAGES = {"newsletter": None, "newsletter_archive": None, "newsletter_edition": None}
