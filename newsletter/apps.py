from django.apps import AppConfig


class NewsletterConfig(AppConfig):
    name = "newsletter"
    verbose_name = "Newsletter"

    def ready(self):
        # What registers itself, and needs the models.
        from newsletter import checks  # noqa: F401
        from newsletter.bounces import webhooks  # noqa: F401
