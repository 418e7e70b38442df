"""The rooms' work that may be due each minute, by name."""

from ecfr_site.accounts import tasks as accounts
from ecfr_site.api.webhooks import tasks as webhooks
from ecfr_site.database.planner import collect_when_due
from ecfr_site.redirects.missing import MissingAddress
from ecfr_site.statistics.folding import fold_when_due
from ecfr_site.tasks import queue

WORK = {
    "tasks": queue.enqueue_due,
    "accounts": accounts.enqueue_due,
    "missing pages": MissingAddress.objects.forget_old,
    "referrers": fold_when_due,
    "webhooks": webhooks.enqueue_due,
    "statistics of the database": collect_when_due,
}
