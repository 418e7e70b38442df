from newsletter.admin import (
    deliveries,
    editions,
    newsletters,
    subscribers,
    suppressions,
)

__all__ = ["deliveries", "editions", "newsletters", "subscribers", "suppressions"]
