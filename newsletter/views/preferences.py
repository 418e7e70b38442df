"""Pages behind links in mails, without a password or a cookie."""

from datetime import timedelta
from functools import wraps

from django.core.exceptions import ValidationError
from django.http import Http404, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from ecfr_site.security import tokens
from newsletter.bounces.unsubscribing import UNSUBSCRIBE_AGE
from newsletter.forms import (
    AddressForm,
    AlertsForm,
    ConfirmForm,
    LeavingReasonForm,
    LinkForm,
    PauseForm,
    PreferencesForm,
    PressListForm,
)
from newsletter.languages import active_language, override_language
from newsletter.models import ConsentRecord, Delivery, Signup, Subscriber, Wording
from newsletter.views.signup import digest_client_network, enqueue_confirmation

Method = ConsentRecord.Method

CONFIRM_AGE = timedelta(days=7)
ADDRESS_AGE = timedelta(days=2)
PREFERENCES_AGE = timedelta(days=400)
# In test messages every token is for row 0, which there never is.
TEST = 0


def by_token(lookup):
    """For a page whose address holds a token: no cache keeps it, no link tells it.

    Mail scanners follow links: GET changes nothing, and a POST needs no cookie, since
    the token says it all. The `lookup` leads from a subscriber to the token's row: the
    page, and what it says of a link that is not good, is in that person's language.
    """

    def decorate(view):
        @csrf_exempt
        @require_http_methods(["GET", "HEAD", "POST"])
        @wraps(view)
        def page(request, token):
            with override_language(find_language(lookup, token)):
                response = answer(view, request, token)
            response["Cache-Control"] = "no-store"
            response["Referrer-Policy"] = "no-referrer"
            response["X-Robots-Tag"] = "noindex"
            return response

        return page

    return decorate


def find_language(lookup, token):
    """The language of whom the token names, unchecked; "" if it names nobody."""
    try:
        named = Subscriber.objects.filter(**{lookup: tokens.number_in(token)})
    except tokens.BadToken:
        return ""
    return named.values_list("language", flat=True).first() or ""


def answer(view, request, token):
    """The view's page; newsletter/wrong_link.html for a token that is not good."""
    try:
        return view(request, token)
    except tokens.ExpiredToken:
        return render_expired(request, view.__name__)
    except (tokens.BadToken, Http404):
        return render(request, "newsletter/wrong_link.html", status=404)


def render_expired(request, purpose):
    """newsletter/expired.html, which mails a new link to whoever enters an address."""
    form = LinkForm(request.POST if "email" in request.POST else None)
    asked = form.is_bound and form.is_valid()
    if asked:
        enqueue_confirmation(form.save(digest_client_network(request)))
    context = {"form": form, "asked": asked, "purpose": purpose}
    return render(
        request, "newsletter/expired.html", context, status=200 if asked else 410
    )


def find_subscriber(token):
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


@by_token("signups")
def confirm(request, token):
    """newsletter/confirm.html; its button leads to newsletter/confirmed.html."""
    signups = Signup.objects.filter(purpose=Signup.Purpose.SUBSCRIBE)
    signup = get_object_or_404(
        signups.select_related("subscriber", "wording"), pk=tokens.number_in(token)
    )
    subscriber = signup.subscriber
    tokens.check("confirm", token, CONFIRM_AGE, bound_to=subscriber.normalised)
    context = {
        "signup": signup,
        "newsletters": signup.newsletters.all(),
        "wording": signup.wording_to_confirm(active_language()),
    }
    if request.method == "POST":
        try:
            ConfirmForm(request.POST, signup=signup).save()
        except ValidationError as error:
            context["error"] = error.message
            return render(request, "newsletter/confirmed.html", context, status=422)
    elif not signup.confirmed_at:
        if context["newsletters"]:
            form = ConfirmForm(signup=signup)
            context["topics"] = list_topics(form)
            context["more"] = form.fields["more"].queryset
        return render(request, "newsletter/confirm.html", context)
    context["suppressed"] = subscriber.is_suppressed
    return render(request, "newsletter/confirmed.html", context)


@by_token("pk")
def preferences(request, token):
    """newsletter/preferences.html; each of its buttons leads back to it."""
    subscriber = find_subscriber(token)
    if subscriber is None:
        return render(request, "newsletter/test.html")
    if subscriber.status == Subscriber.Status.ERASED:
        return render(request, "newsletter/erased.html", status=410)
    act = request.POST.get("act")
    forms = {
        "form": PreferencesForm(
            request.POST if act == "save" else None, subscriber=subscriber
        ),
        "alerts_form": AlertsForm(
            request.POST if act == "alerts" else None, subscriber=subscriber
        ),
        "pause_form": PauseForm(request.POST if act == "pause" else None),
        "address_form": AddressForm(request.POST if act == "address" else None),
        "press_form": PressListForm(
            request.POST if act == "press" else None, subscriber=subscriber
        ),
    }
    if request.method == "POST" and (
        done := apply_change(subscriber, act, forms, request)
    ):
        response = redirect(f"{request.path}?done={done}")
        response.status_code = 303
        return response
    context = {
        **forms,
        "subscriber": subscriber,
        "token": token,
        "done": request.GET.get("done"),
        "wording": Wording.objects.current(active_language()),
        "newsletters": mark_chosen(forms["form"], "newsletters"),
        "topics": list_topics(forms["form"]),
        "press_lists": forms["press_form"].fields["newsletter"].queryset,
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


def apply_change(subscriber, act, forms, request):
    """Do what a button of the preference centre asks; its name, or None if wrong."""
    if act == "resume":
        subscriber.pause(None)
    elif act == "leave":
        subscriber.unsubscribe(method=Method.PREFERENCES)
    elif act == "pause" and forms["pause_form"].is_valid():
        forms["pause_form"].save(subscriber)
    elif act == "address" and forms["address_form"].is_valid():
        enqueue_confirmation(
            forms["address_form"].save(subscriber, digest_client_network(request))
        )
    elif act == "press" and forms["press_form"].is_valid():
        forms["press_form"].save()
    elif act == "alerts" and forms["alerts_form"].is_valid():
        forms["alerts_form"].save()
    elif act == "save" and forms["form"].is_valid():
        forms["form"].save()
    else:
        return None
    return act


def mark_chosen(form, name):
    """The choices of a field, each with `checked`."""
    chosen = {str(value) for value in form[name].value() or []}
    choices = list(form.fields[name].queryset)
    for choice in choices:
        choice.checked = str(choice.pk) in chosen
    return choices


def list_topics(form):
    """The topics, each with `checked`: subjects before regions, each in a tree."""
    topics = mark_chosen(form, "topics")
    return sorted(topics, key=lambda topic: topic.kind, reverse=True)


@by_token("pk")
def data(request, token):
    subscriber = find_subscriber(token)
    if subscriber is None:
        return render(request, "newsletter/test.html")
    if subscriber.status == Subscriber.Status.ERASED:
        return render(request, "newsletter/erased.html", status=410)
    return JsonResponse(
        subscriber.data(),
        json_dumps_params={"indent": 2, "ensure_ascii": False},
        headers={"Content-Disposition": 'attachment; filename="my-data.json"'},
    )


@by_token("pk")
def erase(request, token):
    """newsletter/erase.html; its button leads to newsletter/erased.html."""
    subscriber = find_subscriber(token)
    if subscriber is None:
        return render(request, "newsletter/test.html")
    if request.method == "POST":
        subscriber.erase(method=Method.PREFERENCES)
    if subscriber.status == Subscriber.Status.ERASED:
        return render(request, "newsletter/erased.html")
    context = {"subscriber": subscriber, "token": token}
    return render(request, "newsletter/erase.html", context)


@by_token("pk")
def address(request, token):
    """newsletter/address.html; its button leads to the preference centre."""
    subscriber = get_object_or_404(Subscriber, pk=tokens.number_in(token))
    tokens.check("address", token, ADDRESS_AGE, bound_to=subscriber.new_email)
    context = {"subscriber": subscriber}
    if request.method == "POST":
        try:
            enqueue_confirmation(subscriber.change_address())
        except ValidationError as error:
            context["error"] = error.message
        else:
            return redirect(f"{subscriber.preferences_path}?done=moved")
    return render(request, "newsletter/address.html", context)


@by_token("deliveries")
def unsubscribe(request, token):
    """newsletter/unsubscribe.html; a POST of whatever kind ends it.

    Mail programs send `List-Unsubscribe=One-Click` (RFC 8058); the page's buttons say
    what to `leave`: of an alert one thing that is followed, by its number.
    """
    delivery = find_delivery(token)
    if delivery is None:
        return render(request, "newsletter/test.html")
    everything = request.POST.get("leave") == "all"
    if request.method != "POST":
        newsletter, subscriber = delivery.edition.newsletter, delivery.subscriber
        has_left = not delivery.edition.alert and subscriber.has_left(newsletter)
        page = "unsubscribed" if has_left else "unsubscribe"
        return render_leaving(request, page, delivery, token)
    ending = find_ending(delivery, request.POST.get("leave", ""))
    delivery.unsubscribe(
        method=Method.PAGE if "leave" in request.POST else Method.ONE_CLICK,
        everything=everything,
        interest=ending,
    )
    return render_leaving(
        request,
        "unsubscribed",
        delivery,
        token,
        everything=everything,
        ended=ending,
    )


def find_ending(delivery, number):
    """The interest of that number that brought something in the alert, or None."""
    if not delivery.edition.alert or not number.isdecimal():
        return None
    found = delivery.list_interests()
    return next((i for i in found if str(i.pk) == number), None)


@by_token("deliveries")
def leaving_reason(request, token):
    """newsletter/unsubscribed.html, which asks for a reason and thanks for it.

    Apart from `unsubscribe`, where every POST ends the subscription: somebody may have
    come back meanwhile, and gives no reason then.
    """
    delivery = find_delivery(token)
    if delivery is None:
        return render(request, "newsletter/test.html")
    edition = delivery.edition
    if (
        request.method != "POST"
        or edition.alert
        or not delivery.subscriber.has_left(edition.newsletter)
    ):
        return redirect("newsletter_unsubscribe", token)
    form = LeavingReasonForm(request.POST)
    if not form.is_valid():
        return render_leaving(
            request, "unsubscribed", delivery, token, form=form, status=422
        )
    form.save(delivery)
    return render_leaving(request, "unsubscribed", delivery, token, noted=True)


def find_delivery(token):
    """The delivery whose mail the token was in, or None in a test message."""
    number = tokens.check("unsubscribe", token, UNSUBSCRIBE_AGE)
    if number == TEST:
        return None
    everybody = Delivery.objects.select_related("subscriber", "edition__newsletter")
    return get_object_or_404(everybody, pk=number)


def render_leaving(request, name, delivery, token, form=None, status=200, **context):
    """newsletter/<name>.html."""
    context |= {
        "token": token,
        "newsletter": delivery.edition.newsletter,
        "subscriber": delivery.subscriber,
        "alert": delivery.edition.alert,
        "interests": delivery.list_interests(),
        # Leaving works from any mail, but only the present address may see more.
        "is_own": not delivery.went_to_former_address,
        "form": form or LeavingReasonForm(),
    }
    return render(request, f"newsletter/{name}.html", context, status=status)
