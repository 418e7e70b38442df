from articles import announcements, notifications, tasks, webhooks
from articles.documents import tasks as documents
from articles.importing import tasks as importing
from articles.related import upkeep as related
from articles.search import upkeep

WORK = {
    "articles": tasks.enqueue_due,
    "notices": notifications.enqueue_due,
    "announcements": announcements.enqueue_due,
    "search": upkeep.enqueue_due,
    "related": related.enqueue_due,
    "documents": documents.enqueue_due,
    "changes": webhooks.enqueue_due,
    "archives": importing.enqueue_due,
}
