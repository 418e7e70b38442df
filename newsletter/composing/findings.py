"""Findings of a check: dicts of `level` ("error" stops sending) and `text`."""

Finding = dict[str, str]


def error(text: str) -> Finding:
    return {"level": "error", "text": text}


def warning(text: str) -> Finding:
    return {"level": "warning", "text": text}


def note(text: str) -> Finding:
    return {"level": "note", "text": text}
