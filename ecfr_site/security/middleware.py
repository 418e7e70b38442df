from collections.abc import Callable

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from ecfr_site.security.client_ip import comes_from
from ecfr_site.security.headers import RESOURCE_POLICY

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class BrowserLimitsMiddleware:
    """Keep answers out of other sites, and say where browsers report violations.

    A view that other sites and mail programs may show sets CROSS_ORIGIN itself.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.setdefault(RESOURCE_POLICY, "same-origin")
        if "Content-Security-Policy" in response:
            response["Reporting-Endpoints"] = f'csp="{settings.CSP_REPORT_PATH}"'
        return response


class DeskAddressMiddleware:
    """To whoever is not in ADMIN_ADDRESSES there is no desk: 404.

    Before anything that would tell by a redirect or a cookie that there is one.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        asks_for_desk = f"{request.path_info}/".startswith(f"/{settings.ADMIN_PATH}/")
        allowed = settings.ADMIN_ADDRESSES
        if asks_for_desk and allowed and not comes_from(request, allowed):
            raise Http404
        return self.get_response(request)
