"""The views /healthz, /readyz and /metrics.

Answered before all other middleware: a probe comes by the machine's own address,
without TLS, and must not wait for the database where it does not ask about it.
"""

import logging
import platform
import time
from functools import cache

import django
from django.conf import settings
from django.http import HttpResponse, JsonResponse
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from ecfr_site.declarations import find_declarations
from ecfr_site.monitoring import health, metrics
from ecfr_site.monitoring.access import is_operator
from ecfr_site.monitoring.metrics import build_family
from ecfr_site.monitoring.snapshot import run_checks

logger = logging.getLogger(__name__)


def healthz(request):
    """The process answers. Asks nothing and nobody."""
    return JsonResponse({"status": "alive"})


def readyz(request):
    """Answer 200 if this process can serve readers, else 503; to operators, why."""
    found = list(health.look())
    for one in found:
        if not one.is_well:
            logger.warning("Not well: %s (%s)", one.name, one.said)
    ready = not any(one.status == "fails" for one in found)
    answer = {"status": "ready" if ready else "not ready"}
    if is_operator(request):
        answer["checks"] = {o.name: {"status": o.status, "said": o.said} for o in found}
    return JsonResponse(answer, status=200 if ready else 503)


def show_metrics(request):
    """To operators alone: what is counted, and how things stand."""
    if not is_operator(request):
        return HttpResponse("For operators only.\n", "text/plain", status=403)
    registry = CollectorRegistry()
    for collector in [*metrics.list_collectors(), HowThingsStand()]:
        registry.register(collector)
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return HttpResponse(encode(registry), content_type)


class HowThingsStand:
    """Looks when it is asked, and leaves out what does not answer in time."""

    def describe(self):
        """Nothing beforehand, so that registering it does not look."""
        return []

    def collect(self):
        build = (settings.RELEASE, platform.python_version(), django.get_version())
        labels = ["release", "python", "django"]
        yield build_family("build_info", "What runs.", {build: 1}, labels)
        looks = {gauge: gauge.look for gauge in list_gauges()}
        began = time.monotonic()
        for look in looks.values():
            look.start()
        wells = {(one.name,): int(one.is_well) for one in health.look()}
        yield build_family(
            "check", "1 if the check of /readyz is well.", wells, ["check"]
        )
        left = health.PATIENCE - (time.monotonic() - began)
        for gauge, value, error in run_checks(looks, left):
            if error is None:
                yield from gauge.families(value)


@cache
def list_gauges():
    """The rooms' gauges, and those that apps declare in their `metrics`."""
    return [
        *health.GAUGES,
        *(one for app in find_declarations("metrics") for one in app.GAUGES),
    ]


PROBES = {"/healthz": healthz, "/readyz": readyz, "/metrics": show_metrics}


def answer_probe(request):
    """The answer to a probe, which nobody keeps; None if it is none."""
    probe = PROBES.get(request.path_info)
    if probe is None:
        return None
    if request.method not in ("GET", "HEAD"):
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
    response = probe(request)
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response
