from django.urls import URLPattern, include, path, re_path

from ecfr_site.api import views
from ecfr_site.api.application import get_api, list_kept, list_parameters

app_name = "api"


def build_patterns() -> list[URLPattern]:
    """Those of the operations, each open to other sites."""
    kept, parameters = list_kept(), list_parameters()
    found = []
    for pattern in get_api().urls[0]:
        # Ninja adds a page of its own.
        if isinstance(pattern, URLPattern) and pattern.name != "api-root":
            name = pattern.name or ""
            view = views.know_parameters(pattern.callback, parameters[name])
            pattern.callback = views.open_view(view, kept.get(name))
            found.append(pattern)
    return found


urlpatterns = [
    path("", views.documentation, name="documentation"),
    path("v1/openapi.json", views.open_view(views.openapi), name="openapi"),
    path("v1/", include(build_patterns())),
    # Also where a line ends in the address.
    re_path(r"^v1/(?P<rest>[\s\S]*)\Z", views.open_view(views.nowhere)),
]
