from newsletter import announcements, notifications, tasks

WORK = {
    "newsletter_feeds": announcements.enqueue_due,
    "newsletter": tasks.enqueue_due,
    "imports": tasks.enqueue_due_imports,
    "senders": tasks.enqueue_sender_checks,
    "newsletter_notices": notifications.enqueue_notices,
}
