from django.db import models


class NotAllowed(Exception):
    """This is not possible from the edition's state, or not for this person."""


class State(models.TextChoices):
    DRAFT = "draft", "draft"
    SCHEDULED = "scheduled", "scheduled"
    SENDING = "sending", "being sent"
    PAUSED = "paused", "paused"
    SENT = "sent", "sent"
    CANCELLED = "cancelled", "cancelled"
