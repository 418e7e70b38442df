from django.core.exceptions import PermissionDenied, ValidationError
from django.forms import DateField
from django.http import JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone

from authors.models import Author


def position(request, model_admin):
    """JSON: the position that `?author=` held on `?day=`, today without a day."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    number = request.GET.get("author", "")
    author = get_object_or_404(Author, pk=number if number.isdecimal() else None)
    try:
        day = DateField(required=False).clean(request.GET.get("day", ""))
    except ValidationError:
        day = None
    held = author.position_on(day or timezone.localdate())
    missing = "no position on that day" if author.kind == author.Kind.PERSON else ""
    return JsonResponse({"position": str(held or missing)})
