from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from newsletter.forms import SignupForm


# Without a cookie there is no CSRF token, and nothing to protect with one: the form
# does the same for everybody, signed in or not.
@csrf_exempt
def signup(request):
    """newsletter/signup.html with `form`; a good address leads to `thanks`.

    The answer is the same whether the address is known or new.
    """
    form = SignupForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        return redirect("newsletter_thanks")
    status = 422 if form.is_bound else 200
    return render(request, "newsletter/signup.html", {"form": form}, status=status)


@require_safe
def thanks(request):
    return render(request, "newsletter/thanks.html")
