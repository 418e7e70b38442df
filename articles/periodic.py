from articles import notifications, tasks

WORK = {"articles": tasks.enqueue_due, "notices": notifications.enqueue_due}
