from pathlib import PurePath

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import JsonResponse
from django.views.decorators.http import require_POST

from ecfr_site.images.intake import process_upload
from ecfr_site.images.models import Image


@require_POST
def upload(request):
    """Store the image posted as `upload` and answer as CKEditor asks, in JSON.

    `{"uploaded": 1, "fileName", "url", "width", "height", "id"}`, or 4xx with
    `{"uploaded": 0, "error": {"message"}}`. The form's CSRF token is required.
    """
    if not request.user.is_authenticated:
        return refuse(
            401, "Your session has ended. Sign in in another tab, then try again."
        )
    # The desk may ask for more than a password.
    if not (
        admin.site.has_permission(request) and request.user.has_perm("images.add_image")
    ):
        return refuse(403, "You do not have permission to upload images.")
    if "upload" not in request.FILES:
        return refuse(400, "Choose an image to upload.")
    sent = request.FILES["upload"]
    try:
        file = process_upload(sent)
    except ValidationError as error:
        return refuse(400, " ".join(error.messages))
    title = PurePath(sent.name).stem[:200]
    image = Image.objects.create(file=file, title=title, uploaded_by=request.user)
    return JsonResponse(
        {
            "uploaded": 1,
            "fileName": image.file.name.rsplit("/", 1)[-1],
            "url": image.file.url,
            "width": image.width,
            "height": image.height,
            "id": image.pk,
        },
        status=201,
    )


def refuse(status, message):
    answer = {"uploaded": 0, "error": {"message": message}}
    return JsonResponse(answer, status=status)
