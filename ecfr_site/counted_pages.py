"""Pages of the project itself whose readers are counted: ecfr_site/statistics/."""

PAGES = {"home": None, "search": None}
