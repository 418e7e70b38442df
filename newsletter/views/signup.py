from django.conf import settings
from django.db.models import OuterRef, Prefetch, Subquery
from django.http import Http404, JsonResponse
from django.shortcuts import render
from django.utils.text import capfirst
from django.utils.translation import get_language_info
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from ecfr_site.security.client_ip import client_address
from newsletter.antispam import create_challenge
from newsletter.forms import SignupForm
from newsletter.languages import active_language, is_translated, override_language
from newsletter.models import Edition, Newsletter, digest_network
from newsletter.tasks import send_confirmation


# Without a cookie there is no CSRF token, and nothing to protect with one: the form
# does the same for everybody, signed in or not.
@csrf_exempt
def signup(request):
    """newsletter/signup.html with `form`, `newsletters` (each with its latest edition
    in `samples`) and its other `languages`; for a good address newsletter/thanks.html.

    The answer is the same whether the address is new, known, pending or suppressed: it
    repeats what was typed, and comes without a redirect, so that the address is neither
    in a URL nor stored. It is in the language of the form, which `language` names.
    """
    with override_language((request.POST or request.GET).get("language", "")):
        form = SignupForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            enqueue_confirmation(form.save(digest_client_network(request)))
            return render(request, "newsletter/thanks.html", {"form": form})
        newsletters = list_newsletters()
        context = {
            "form": form,
            "newsletters": newsletters,
            "languages": list_languages(newsletters),
        }
        status = 422 if form.is_bound else 200
        return render(request, "newsletter/signup.html", context, status=status)


@require_safe
@never_cache
def challenge(request):
    """A proof of work for js/signup.js, where it is switched on."""
    if not settings.SIGNUP_PROOF_OF_WORK:
        raise Http404
    return JsonResponse(create_challenge().to_dict())


def list_newsletters():
    """The newsletters on offer with their latest editions; two queries."""
    public = Edition.objects.public().order_by("-started_at")
    latest = public.filter(newsletter=OuterRef("newsletter")).values("pk")[:1]
    samples = public.filter(pk=Subquery(latest))
    return Newsletter.objects.offered().prefetch_related(
        Prefetch("editions", samples, to_attr="samples")
    )


def list_languages(newsletters):
    """Pairs of code and own name of what else the page comes in: see `newsletters`."""
    codes = {settings.LANGUAGES[0][0], *(n.language for n in newsletters)}
    others = sorted(filter(is_translated, codes - {active_language()}))
    return [(code, capfirst(get_language_info(code)["name_local"])) for code in others]


def enqueue_confirmation(signup):
    """Have the mail sent in the background, which also takes the same time for all."""
    if signup and not signup.held:
        send_confirmation.enqueue(signup.pk)


def digest_client_network(request):
    """A keyed hash of where the request comes from."""
    return digest_network(client_address(request) or "")
