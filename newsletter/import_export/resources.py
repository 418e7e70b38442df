"""Subscribers as rows of a table that goes out."""

from import_export.fields import Field
from import_export.resources import ModelResource

from newsletter.models import Subscriber


class SubscriberResource(ModelResource):
    """The list as it can come in again, here or elsewhere."""

    newsletters = Field()

    class Meta:
        model = Subscriber
        fields = [
            "email",
            "status",
            "newsletters",
            "language",
            "analytics",
            "confirmed_at",
        ]

    def get_export_order(self):
        return self._meta.fields

    def for_export(self, subscribers):
        """An iterator of rows, the head first; memory does not grow with them."""
        yield self.get_export_headers()
        found = subscribers.prefetch_related("subscriptions__newsletter")
        for subscriber in found.iterator(chunk_size=2000):
            yield self.export_resource(subscriber)

    def dehydrate_newsletters(self, subscriber):
        return " ".join(
            subscription.newsletter.slug
            for subscription in subscriber.subscriptions.all()
            if subscription.confirmed_at
        )
