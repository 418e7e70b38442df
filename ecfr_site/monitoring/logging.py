"""Log lines: which request or task they belong to, and without secrets."""

import logging

from django.http import HttpRequest
from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

from ecfr_site.monitoring.request_context import get_current
from ecfr_site.monitoring.scrubbing import get_route, scrub


class WorkFilter(logging.Filter):
    """Adds `request_id`, and `view` or `task`; puts the route in place of the path."""

    def filter(self, record):
        request = getattr(record, "request", None)
        if not isinstance(request, HttpRequest):
            request = None
        # Django logs what it answered when the middleware is through with it.
        work = getattr(request, "work", None) or get_current()
        record.request_id = work.request_id if work else "-"
        if work and not hasattr(record, work.kind):
            setattr(record, work.kind, work.name)
        if request and isinstance(record.args, tuple):
            paths = (request.path, request.get_full_path())
            record.args = tuple(
                get_route(request) if arg in paths else arg for arg in record.args
            )
        return True


class Scrubbed(logging.Formatter):
    def format(self, record):
        return scrub(super().format(record))


class JsonLines(JsonFormatter):
    """One JSON object a line, with whatever was given as `extra`."""

    def __init__(self):
        super().__init__(
            ["levelname", "name", "message", "request_id"],
            rename_fields={"levelname": "level", "name": "logger"},
            timestamp="time",
            # A request would be written with its path.
            reserved_attrs=[*RESERVED_ATTRS, "request", "server_time"],
            json_ensure_ascii=False,
        )

    def process_log_record(self, log_data):
        texts = {k: scrub(v) for k, v in log_data.items() if isinstance(v, str)}
        return super().process_log_record(log_data | texts)
