"""The rooms' work that may be due each minute, by name."""

from ecfr_site.accounts import tasks as accounts
from ecfr_site.tasks import queue

WORK = {"tasks": queue.enqueue_due, "accounts": accounts.enqueue_due}
