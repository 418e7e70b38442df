"""A message in the frame of a page at the desk."""

from django.http import HttpResponse

from newsletter.composing import messages, preview


def render_message(request, edition, pieces):
    """The edition's message with these pieces: `?part=text`, `?scheme=light|dark`."""
    recipient = messages.Recipient.for_test("reader@example.org")
    message = messages.compose(edition, recipient, pieces)
    if request.GET.get("part") == "text":
        response = HttpResponse(message.body, "text/plain; charset=utf-8")
    else:
        html = preview.render_preview(
            preview.get_html(message), request.GET.get("scheme", "light")
        )
        response = HttpResponse(html)
    response["X-Frame-Options"] = "SAMEORIGIN"
    response["X-Robots-Tag"] = "noindex"
    return response
