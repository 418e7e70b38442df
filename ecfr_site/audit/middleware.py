from ecfr_site.audit import log


class AuditMiddleware:
    """Let the audit log know whose act a view carries out.

    The last: what other middleware does, as replacing a text whose minute has come, is
    not the act of whoever happens to ask.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        with log.acting(request):
            return self.get_response(request)
