from newsletter.models import Delivery, Edition, Interest


def after_restore(at: str) -> str:
    """Hold the editions that were on their way at `at`; what to tell, or nothing.

    The ledger knows nothing of what was sent since; a person has to decide.
    Alerts begin anew with what is published from now on.
    """
    begun = [Edition.State.SENDING, Edition.State.PAUSED]
    Delivery.objects.filter(edition__state__in=begun).mark_waiting_uncertain(
        f"Restored from a backup of {at}: it may have been sent since then."
    )
    Interest.objects.start_anew()
    editions = list(Edition.objects.on_their_way())
    for edition in editions:
        edition.hold(
            f"Restored from a backup of {at}. Whom it was sent to since then is not "
            "known here. Resumed, it goes to nobody who may have it: decide on the "
            "uncertain messages on its page."
        )
    return f"Editions on hold: {len(editions)}." if editions else ""
