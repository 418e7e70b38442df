"""Citations of a publication: one record, from which every style and export is made."""
