from newsletter import tasks

WORK = {"newsletter": tasks.enqueue_due}
