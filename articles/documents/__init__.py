"""A publication as a file to print and to keep: PDF and EPUB.

docs/decisions/0044-documents.md
"""
