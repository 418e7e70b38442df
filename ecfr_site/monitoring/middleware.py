import logging

from ecfr_site.monitoring import metrics, views
from ecfr_site.monitoring.request_context import RequestContext, Work

logger = logging.getLogger("ecfr_site.access")


class WatchMiddleware:
    """Answers probes; of all else it notes view, status, time and queries.

    The first, so that it sees what the others answer. Nothing of the reader is noted:
    no address, no path, no query string.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.answer(request)
        if request.method == "HEAD":
            leave_out_body(response)
        return response

    def answer(self, request):
        if response := views.answer_probe(request):
            return response
        work = request.work = RequestContext(request)
        with work.activate():
            with work.count_queries():
                response = self.get_response(request)
            record_request(request.method, response.status_code, work)
        response["X-Request-ID"] = work.request_id
        return response


def leave_out_body(response):
    """Keep what would be an answer's body from the server, which warns of each."""
    if response.streaming:
        response.streaming_content = ()
    else:
        response.content = b""


def record_request(
    method: str, status: int, work: Work, level: int = logging.INFO
) -> None:
    """Count and log a request that was answered."""
    seconds, view = work.seconds, work.name
    try:
        metrics.count_request(view, method, status, seconds, work.queries)
    except OSError:
        # A full disk is no reason to withhold a page.
        logger.warning("This request could not be counted.", exc_info=True)
    ms = round(seconds * 1000, 1)
    logger.log(
        level,
        "%s %s %d, %.1f ms, %d queries",
        method,
        view,
        status,
        ms,
        work.queries,
        extra={
            "method": method,
            "view": view,
            "status": status,
            "ms": ms,
            "queries": work.queries,
        },
    )
