"""The API put together of the routers that apps declare."""

from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Router
from ninja.operation import Operation

from ecfr_site.caching.views import Kept
from ecfr_site.declarations import find_declarations

VERSION = "1.0.0"
NAMESPACE = "api"


class ReadAPI(NinjaAPI):
    """Errors are answered by `views.open_view`, which sees more of them."""

    def on_exception(self, request: HttpRequest, exc: Any) -> HttpResponse:
        raise exc

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__


@cache
def get_api() -> ReadAPI:
    api = ReadAPI(
        title="Read API",
        version=VERSION,
        urls_namespace=NAMESPACE,
        docs_url=None,
        openapi_url=None,
    )
    for router in list_routers():
        api.add_router("", router)
    return api


def list_routers() -> list[Router]:
    return [module.router for module in find_declarations("public_api")]


def list_kept() -> dict[str, Kept]:
    """{name of an address: what its operation declares with `cached_page`}."""
    found = {
        name: getattr(operation.view_func, "kept", None)
        for name, operation in _list_operations().items()
    }
    return {name: k._replace(is_strict=True) for name, k in found.items() if k}


def list_parameters() -> dict[str, list[str]]:
    """{name of an address: the parameters of a query that its operation knows}."""
    return {
        name: [
            parameter
            for model in operation.models
            if model.__ninja_param_source__ == "query"
            for parameter in model.__ninja_flatten_map__
        ]
        for name, operation in _list_operations().items()
    }


def _list_operations() -> dict[str, Operation]:
    """By the name of the address; each has one."""
    views = [v for router in list_routers() for v in router.path_operations.values()]
    return {view.url_name or "": view.operations[0] for view in views}
