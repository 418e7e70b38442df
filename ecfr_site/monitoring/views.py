"""The views /healthz, /readyz and /metrics.

Answered before all other middleware: a probe comes by the machine's own address,
without TLS, and must not wait for the database where it does not ask about it.
"""

import logging
import platform
from functools import cache

import django
from django.conf import settings
from django.http import HttpResponse, JsonResponse
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from ecfr_site.declarations import declared
from ecfr_site.monitoring import health, metrics
from ecfr_site.monitoring.access import is_operator
from ecfr_site.monitoring.metrics import family
from ecfr_site.monitoring.snapshot import Snapshot, see

logger = logging.getLogger(__name__)

# Seconds that a probe takes at the most.
PATIENCE = 2

# Without these nothing can be answered as it should.
VITAL = {
    "database": Snapshot(health.database),
    "migrations": Snapshot(health.migrations),
    "cache": Snapshot(health.use_cache),
    "disk": Snapshot(health.disk),
}
# Taking web servers away because a worker is slow would help nobody; what a replica
# does not answer the primary does.
OTHERS = {"queue": Snapshot(health.queue_is_short)}
if settings.REPLICA_URL:
    OTHERS["replica"] = Snapshot(health.replica)


def healthz(request):
    """The process answers. Asks nothing and nobody."""
    return JsonResponse({"status": "alive"})


def readyz(request):
    """Answer 200 if this process can serve readers, else 503; to operators, why."""
    checks = {}
    for name, seen, error in see(VITAL | OTHERS, PATIENCE):
        checks[name] = {
            "status": "ok" if not error else "fails" if name in VITAL else "warns",
            "said": seen if error is None else _in_short(error),
        }
        if error:
            logger.warning("Not well: %s (%s)", name, _in_short(error))
    ready = not any(check["status"] == "fails" for check in checks.values())
    answer = {"status": "ready" if ready else "not ready"}
    if is_operator(request):
        answer["checks"] = checks
    return JsonResponse(answer, status=200 if ready else 503)


def _in_short(error):
    """A failure in short, without a library's words, which may hold names."""
    if isinstance(error, health.NotWell):
        return str(error)
    if isinstance(error, TimeoutError):
        return f"no answer in {PATIENCE} s"
    return type(error).__name__


def show_metrics(request):
    """To operators alone: what is counted, and how things stand."""
    if not is_operator(request):
        return HttpResponse("For operators only.\n", "text/plain", status=403)
    registry = CollectorRegistry()
    for collector in [*metrics.collectors(), HowThingsStand()]:
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
        yield family("build_info", "What runs.", {build: 1}, labels)
        wells, seen = {}, {}
        looks = {("check", name): look for name, look in VITAL.items()}
        looks |= {("gauge", gauge): gauge.look for gauge in all_gauges()}
        for (kind, which), value, error in see(looks, PATIENCE):
            if kind == "check":
                wells[(which,)] = int(error is None)
            elif error is None:
                seen[which] = value
        yield family("check", "1 if the check of /readyz is well.", wells, ["check"])
        for gauge, value in seen.items():
            yield from gauge.families(value)


@cache
def all_gauges():
    """The rooms' gauges, and those that apps declare in their `metrics`."""
    return [*health.GAUGES, *(one for app in declared("metrics") for one in app.GAUGES)]


PROBES = {"/healthz": healthz, "/readyz": readyz, "/metrics": show_metrics}


def answer(request):
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
