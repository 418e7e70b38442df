"""Pages behind links in mails, without a password or a cookie."""

from datetime import timedelta
from functools import wraps

from django.core.exceptions import ValidationError
from django.http import Http404, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from ecfr_site.security import tokens
from newsletter.forms import AddressForm, LinkForm, PauseForm, PreferencesForm
from newsletter.models import ConsentRecord, Delivery, Signup, Subscriber, Wording
from newsletter.views.signup import network_of, send

Method = ConsentRecord.Method

CONFIRM_AGE = timedelta(days=7)
ADDRESS_AGE = timedelta(days=2)
PREFERENCES_AGE = timedelta(days=400)
UNSUBSCRIBE_AGE = timedelta(days=5 * 365)
# In test messages every token is for row 0, which there never is.
TEST = 0


def by_token(view):
    """For a page whose address holds a token: no cache keeps it, no link tells it.

    Mail scanners follow links: GET changes nothing, and a POST needs no cookie, since
    the token says it all.
    """

    @csrf_exempt
    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def page(request, token):
        try:
            response = view(request, token)
        except tokens.ExpiredToken:
            response = expired(request, view.__name__)
        except tokens.BadToken as error:
            raise Http404 from error
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex"
        return response

    return page


def expired(request, purpose):
    """newsletter/expired.html, which mails a new link to whoever enters an address."""
    form = LinkForm(request.POST if "email" in request.POST else None)
    asked = form.is_bound and form.is_valid()
    if asked:
        send(form.save(network_of(request)))
    context = {"form": form, "asked": asked, "purpose": purpose}
    return render(
        request, "newsletter/expired.html", context, status=200 if asked else 410
    )


def subscriber_by(token):
    """The subscriber that may be changed by the token, or None in a test message.

    It has expired, too, once the address is another one than it was mailed to. Raises
    BadToken for what is no token at all.
    """
    number = tokens.number_in(token)
    if number == TEST:
        tokens.check("preferences", token, PREFERENCES_AGE)
        return None
    subscriber = get_object_or_404(Subscriber, pk=number)
    try:
        subscriber.check_preferences(token, PREFERENCES_AGE)
    except tokens.BadToken as error:
        raise tokens.ExpiredToken from error
    return subscriber


@by_token
def confirm(request, token):
    """newsletter/confirm.html; its button leads to newsletter/confirmed.html."""
    signups = Signup.objects.filter(purpose=Signup.Purpose.SUBSCRIBE)
    signup = get_object_or_404(
        signups.select_related("subscriber", "wording"), pk=tokens.number_in(token)
    )
    subscriber = signup.subscriber
    tokens.check("confirm", token, CONFIRM_AGE, bound_to=subscriber.normalised)
    context = {"signup": signup, "newsletters": signup.newsletters.all()}
    if request.method == "POST":
        signup.confirm()
    elif not signup.confirmed_at:
        return render(request, "newsletter/confirm.html", context)
    context["suppressed"] = subscriber.is_suppressed
    return render(request, "newsletter/confirmed.html", context)


@by_token
def preferences(request, token):
    """newsletter/preferences.html; each of its buttons leads back to it."""
    subscriber = subscriber_by(token)
    if subscriber is None:
        return render(request, "newsletter/test.html")
    if subscriber.status == Subscriber.Status.ERASED:
        return render(request, "newsletter/erased.html", status=410)
    act = request.POST.get("act")
    forms = {
        "form": PreferencesForm(
            request.POST if act == "save" else None, subscriber=subscriber
        ),
        "pause_form": PauseForm(request.POST if act == "pause" else None),
        "address_form": AddressForm(request.POST if act == "address" else None),
    }
    if request.method == "POST" and (done := change(subscriber, act, forms, request)):
        response = redirect(f"{request.path}?done={done}")
        response.status_code = 303
        return response
    context = {
        **forms,
        "subscriber": subscriber,
        "token": token,
        "done": request.GET.get("done"),
        "wording": Wording.objects.current(),
        "newsletters": marked(forms["form"], "newsletters"),
        "topics": sorted(
            marked(forms["form"], "topics"), key=lambda topic: topic.kind, reverse=True
        ),
        "answer": subscriber.consent.about_analytics().select_related("wording").last(),
        "history": subscriber.consent.select_related("newsletter").order_by("-pk"),
    }
    failed = any(form.errors for form in forms.values())
    return render(
        request,
        "newsletter/preferences.html",
        context,
        status=422 if failed else 200,
    )


def change(subscriber, act, forms, request):
    """Do what a button of the preference centre asks; its name, or None if wrong."""
    if act == "resume":
        subscriber.pause(None)
    elif act == "leave":
        subscriber.unsubscribe(method=Method.PREFERENCES)
    elif act == "pause" and forms["pause_form"].is_valid():
        forms["pause_form"].save(subscriber)
    elif act == "address" and forms["address_form"].is_valid():
        send(forms["address_form"].save(subscriber, network_of(request)))
    elif act == "save" and forms["form"].is_valid():
        forms["form"].save()
    else:
        return None
    return act


def marked(form, name):
    """The choices of a field, each with `checked`."""
    chosen = {str(value) for value in form[name].value() or []}
    choices = list(form.fields[name].queryset)
    for choice in choices:
        choice.checked = str(choice.pk) in chosen
    return choices


@by_token
def data(request, token):
    subscriber = subscriber_by(token)
    if subscriber is None:
        return render(request, "newsletter/test.html")
    if subscriber.status == Subscriber.Status.ERASED:
        return render(request, "newsletter/erased.html", status=410)
    return JsonResponse(
        subscriber.data(),
        json_dumps_params={"indent": 2, "ensure_ascii": False},
        headers={"Content-Disposition": 'attachment; filename="my-data.json"'},
    )


@by_token
def erase(request, token):
    """newsletter/erase.html; its button leads to newsletter/erased.html."""
    subscriber = subscriber_by(token)
    if subscriber is None:
        return render(request, "newsletter/test.html")
    if request.method == "POST":
        subscriber.erase(method=Method.PREFERENCES)
    if subscriber.status == Subscriber.Status.ERASED:
        return render(request, "newsletter/erased.html")
    context = {"subscriber": subscriber, "token": token}
    return render(request, "newsletter/erase.html", context)


@by_token
def address(request, token):
    """newsletter/address.html; its button leads to the preference centre."""
    subscriber = get_object_or_404(Subscriber, pk=tokens.number_in(token))
    tokens.check("address", token, ADDRESS_AGE, bound_to=subscriber.new_email)
    context = {"subscriber": subscriber}
    if request.method == "POST":
        try:
            send(subscriber.change_address())
        except ValidationError as error:
            context["error"] = error.message
        else:
            return redirect(f"{subscriber.preferences_path}?done=moved")
    return render(request, "newsletter/address.html", context)


@by_token
def unsubscribe(request, token):
    """newsletter/unsubscribe.html; a POST of whatever kind ends it.

    Mail programs send `List-Unsubscribe=One-Click` (RFC 8058); the page's buttons say
    what to `leave`.
    """
    number = tokens.check("unsubscribe", token, UNSUBSCRIBE_AGE)
    if number == TEST:
        return render(request, "newsletter/test.html")
    delivery = get_object_or_404(
        Delivery.objects.select_related("subscriber", "edition__newsletter"), pk=number
    )
    context = {
        "newsletter": delivery.edition.newsletter,
        "subscriber": delivery.subscriber,
        # Leaving works from any mail, but only the present address may see more.
        "is_own": not delivery.was_elsewhere,
        "everything": request.POST.get("leave") == "all",
    }
    if request.method != "POST":
        return render(request, "newsletter/unsubscribe.html", context)
    delivery.unsubscribe(
        method=Method.PAGE if "leave" in request.POST else Method.ONE_CLICK,
        everything=context["everything"],
    )
    return render(request, "newsletter/unsubscribed.html", context)
