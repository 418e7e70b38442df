from django.conf import settings
from django.db.models import OuterRef, Prefetch, Subquery
from django.http import Http404, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from ecfr_site.security.client_ip import client_address
from newsletter.antispam import new_challenge
from newsletter.forms import SignupForm
from newsletter.models import Edition, Newsletter, network_digest
from newsletter.tasks import send_confirmation


# Without a cookie there is no CSRF token, and nothing to protect with one: the form
# does the same for everybody, signed in or not.
@csrf_exempt
def signup(request):
    """newsletter/signup.html with `form`, `newsletters` (each with its latest edition
    in `samples`); a good address leads to `thanks`.

    The answer is the same whether the address is new, known, pending or suppressed.
    """
    form = SignupForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        send(form.save(network_of(request)))
        return redirect("newsletter_thanks")
    context = {"form": form, "newsletters": with_samples()}
    status = 422 if form.is_bound else 200
    return render(request, "newsletter/signup.html", context, status=status)


@require_safe
def thanks(request):
    return render(request, "newsletter/thanks.html")


@require_safe
@never_cache
def challenge(request):
    """A proof of work for js/signup.js, where it is switched on."""
    if not settings.SIGNUP_PROOF_OF_WORK:
        raise Http404
    return JsonResponse(new_challenge().to_dict())


def with_samples():
    """The newsletters on offer with their latest editions; two queries."""
    public = Edition.objects.public().order_by("-started_at")
    latest = public.filter(newsletter=OuterRef("newsletter")).values("pk")[:1]
    samples = public.filter(pk=Subquery(latest))
    return Newsletter.objects.offered().prefetch_related(
        Prefetch("editions", samples, to_attr="samples")
    )


def send(signup):
    """Have the mail sent in the background, which also takes the same time for all."""
    if signup and not signup.held:
        send_confirmation.enqueue(signup.pk)


def network_of(request):
    """A keyed hash of where the request comes from."""
    return network_digest(client_address(request) or "")
