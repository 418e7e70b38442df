"""Signing up on other sites: a form without a script, and an endpoint for scripts.

Both lead to the same double opt-in under the same limits as the form of the site's own
(docs/decisions/0033-signup-elsewhere.md).
"""

import json
from functools import wraps
from json import JSONDecodeError

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from newsletter.elsewhere import EmbeddedForm, JsonSignupForm
from newsletter.languages import override_language
from newsletter.models import Signup
from newsletter.views.signup import (
    digest_client_network,
    enqueue_confirmation,
    list_languages,
    list_newsletters,
)

# No request that makes sense is longer, in bytes.
LONGEST = 4096
# For how long a browser may remember what an origin may do, in seconds.
PREFLIGHT_AGE = 600
AN_HOUR = 3600


# No cookie is read and nothing is protected by one: the form is for other sites.
@csrf_exempt
def subscribe(request):
    """newsletter/press.html with `form`, for one more press.

    A form on another site cannot have a stamp or a proof of work: the press has them.
    What is wrong with the fields is said on newsletter/signup.html.
    """
    if request.method != "POST":
        return redirect("newsletter")
    with override_language(request.POST.get("language", "")):
        form = EmbeddedForm(request.POST)
        if form.is_valid():
            return render(request, "newsletter/press.html", {"form": form})
        newsletters = list_newsletters()
        context = {
            "form": form,
            "newsletters": newsletters,
            "languages": list_languages(newsletters),
        }
        return render(request, "newsletter/signup.html", context, status=422)


def allow_origins(view):
    """Let scripts of the sites in SIGNUP_ORIGINS, and of no other, use the view.

    CORS as in Fetch, without credentials. Ours, for the two views that need it: a
    middleware such as django-cors-headers would look at every request of the site.
    """

    @wraps(view)
    def wrapped(request, *args, **kwargs):
        origin = request.headers.get("Origin", "")
        if origin not in settings.SIGNUP_ORIGINS:
            response = JsonResponse({"detail": "This origin is not allowed."})
            response.status_code = 403
        elif request.method == "OPTIONS":
            response = HttpResponse(status=204)
        else:
            response = view(request, *args, **kwargs)
        if origin in settings.SIGNUP_ORIGINS:
            response["Access-Control-Allow-Origin"] = origin
            response["Access-Control-Allow-Methods"] = "GET, POST"
            response["Access-Control-Allow-Headers"] = "Content-Type"
            response["Access-Control-Expose-Headers"] = "Retry-After"
            response["Access-Control-Max-Age"] = str(PREFLIGHT_AGE)
        response["Cache-Control"] = "no-store"
        patch_vary_headers(response, ["Origin"])
        return response

    return wrapped


# As above; and a browser sends JSON across origins only after asking (OPTIONS).
@csrf_exempt
@allow_origins
def api_subscribe(request):
    """POST a JSON object of `email`, `newsletter` (its slug), and if wanted `language`,
    `analytics` (true), `sure` (the address again) and `proof`.

    202 whether the address is new, known, pending or suppressed; 422 with `errors` by
    field; 429 if the network asked too often. Nothing is sent before the owner of the
    address confirms.
    """
    if request.method != "POST":
        return refuse(405, "Use POST.", Allow="POST, OPTIONS")
    if request.content_type != "application/json":
        return refuse(415, "Send JSON.")
    body = request.read(LONGEST + 1)
    if len(body) > LONGEST:
        return refuse(413, f"Send no more than {LONGEST} bytes.")
    try:
        asked = parse_flat_object(body)
    except ValueError:
        return refuse(400, "Send one JSON object of texts.")
    network = digest_client_network(request)
    if Signup.objects.is_busy(network):
        return refuse(429, "Try again later.", **{"Retry-After": str(AN_HOUR)})
    with override_language(str(asked.get("language"))):
        form = JsonSignupForm(asked)
        if not form.is_valid():
            return JsonResponse({"errors": form.errors}, status=422)
        enqueue_confirmation(form.save(network))
        detail = _(
            "We have sent an e-mail to %(address)s. Open the link in it and press the "
            "button there: nothing is sent before that."
        ) % {"address": form.cleaned_data["email"]}
        return JsonResponse({"detail": detail}, status=202)


def parse_flat_object(body):
    """The JSON object in the bytes, of texts and truth values. Raises ValueError."""
    try:
        asked = json.loads(body)
    except (JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError from error
    if not isinstance(asked, dict):
        raise ValueError
    if not all(isinstance(value, (str, bool)) for value in asked.values()):
        raise ValueError
    return asked


def refuse(status, detail, **headers):
    return JsonResponse({"detail": detail}, status=status, headers=headers)
