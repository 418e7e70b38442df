from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models
from email_validator import EmailNotValidError
from email_validator import validate_email as parse_address


class Newsletter(models.Model):
    """A mailing that readers subscribe to, and what it promises them."""

    name = models.CharField(max_length=100)
    slug = models.SlugField(unique=True)
    invitation = models.CharField(
        max_length=150,
        default="Subscribe to our weekly newsletter",
        help_text="The heading of the signup form.",
    )
    promise = models.TextField(
        help_text="What the form says will be stored and done with the address. "
        "A link to the privacy notice follows it."
    )

    def __str__(self):
        return self.name


class SubscriberManager(models.Manager):
    def sign_up(self, address):
        """Store `address` as pending and return its subscriber.

        Raises ValidationError for what is not an e-mail address. An address that is
        known stays as it is, and the caller cannot tell the difference.
        """
        subscriber, _ = self.get_or_create(
            normalised=normalise(address), defaults={"email": address.strip()}
        )
        return subscriber


def normalise(address):
    """The form under which an address is unique. Raises ValidationError."""
    try:
        return parse_address(address, check_deliverability=False).normalized.casefold()
    except EmailNotValidError as error:
        raise ValidationError(str(error)) from error


class Subscriber(models.Model):
    """Somebody who asked for the newsletter."""

    class Status(models.TextChoices):
        PENDING = "pending", "pending confirmation"
        ACTIVE = "active", "active"
        UNSUBSCRIBED = "unsubscribed", "unsubscribed"

    email = models.CharField(
        "e-mail address", max_length=320, validators=[validate_email]
    )
    normalised = models.CharField(max_length=320, unique=True, editable=False)
    status = models.CharField(max_length=20, choices=Status, default=Status.PENDING)
    created = models.DateTimeField(auto_now_add=True)

    objects = SubscriberManager()

    class Meta:
        ordering = ["-created"]

    def __str__(self):
        return self.email

    def save(self, *args, **kwargs):
        self.normalised = normalise(self.email)
        super().save(*args, **kwargs)
