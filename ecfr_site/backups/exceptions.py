"""Errors of backups."""


class BackupError(Exception):
    """The reason why there is no backup, or none to be trusted; words for people."""
