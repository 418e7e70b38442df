from newsletter.models.edition import Edition


class AlertRun(Edition):
    """A run of alerts, for the desk's list of them (newsletter/alerts/runs.py)."""

    # With the editions whose rows they are.
    readers_see = None  # type: ignore[assignment]

    class Meta:
        proxy = True
        verbose_name = "alert run"
        verbose_name_plural = "alerts"
        default_permissions = ()
