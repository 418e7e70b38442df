"""Statistics of readers: counts per page and day, and nothing of whoever asked.

docs/decisions/0040-reader-statistics.md
"""
