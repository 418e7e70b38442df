from ecfr_site.images import tasks

WORK = {"images": tasks.enqueue_due}
