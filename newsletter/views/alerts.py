"""Following a topic, a programme or a person by e-mail."""

from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.views.decorators.csrf import csrf_exempt

from articles.models import Topic
from authors.models import Author, Programme
from ecfr_site.institution.models import Institution
from newsletter.forms import FollowForm
from newsletter.languages import override_language
from newsletter.models.following import describe_followed
from newsletter.views.signup import digest_client_network, enqueue_confirmation

# By the name in the address.
FOLLOWED = {
    "topic": Topic.objects.filter(kind=Topic.Kind.TOPIC),
    "region": Topic.objects.filter(kind=Topic.Kind.REGION),
    "programme": Programme.objects.all(),
    "person": Author.objects.all(),
}


# As for the form of the newsletter: nothing is protected by a cookie.
@csrf_exempt
def follow(request, kind, slug):
    """newsletter/follow.html with `form`; for a good address newsletter/thanks.html.

    As with the newsletter, the answer is the same for every address, and nothing is
    mailed but a link before its owner presses the button behind it.
    """
    if kind not in FOLLOWED or not Institution.objects.current().offers_alerts:
        raise Http404
    followed = get_object_or_404(FOLLOWED[kind].all(), slug=slug)
    with override_language((request.POST or request.GET).get("language", "")):
        form = FollowForm(request.POST or None, followed=followed, action=request.path)
        if request.method == "POST" and form.is_valid():
            enqueue_confirmation(form.save(digest_client_network(request)))
            return render(request, "newsletter/thanks.html", {"form": form})
        context = {
            "form": form,
            "followed": followed,
            "headline": describe_followed(followed),
        }
        status = 422 if form.is_bound else 200
        return render(request, "newsletter/follow.html", context, status=status)
