from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.forms import Media, Script
from django.http import JsonResponse
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import pluralize
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join

from ecfr_site.admin_site.links import list_links
from ecfr_site.admin_site.lookups import OwnLookupsMixin
from ecfr_site.images.forms import ImageForm
from ecfr_site.images.markup import render_picture
from ecfr_site.images.models import Image
from ecfr_site.richtext.folding import FoldedSearchMixin


class ToDoFilter(admin.SimpleListFilter):
    title = "needs attention"
    parameter_name = "todo"

    def lookups(self, request, model_admin):
        # Each is a method of the queryset.
        return [
            ("without_credit", "Without credit"),
            ("unused", "Used nowhere"),
            ("awaiting_renditions", "Sizes are being made"),
            ("failed", "Sizes could not be made"),
        ]

    def queryset(self, request, queryset):
        rule = self.value()
        return getattr(queryset, rule)() if rule in dict(self.lookup_choices) else None


class ChosenImageMixin:
    """A ModelAdmin whose form shows the chosen image and offers its text."""

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.related_model is Image and field:
            address = reverse("admin:images_image_chosen", args=[0])
            field.widget.attrs["data-chosen-image"] = address
        return field

    @property
    def media(self):
        return super().media + Media(
            js=[Script("ecfr_site/images/chosen.js", defer=True)]
        )


@admin.register(Image)
class ImageAdmin(OwnLookupsMixin, FoldedSearchMixin, admin.ModelAdmin):
    form = ImageForm
    fieldsets = [
        ("Image", {"fields": ["file", ("focal_x", "focal_y"), "title"]}),
        ("Text", {"fields": ["alt", "caption", "credit", "licence"]}),
        ("On the site", {"fields": ["sizes", "used_in", "uploaded"]}),
    ]
    readonly_fields = ["sizes", "used_in", "uploaded"]
    list_display = ["name", "dimensions", "credit", "uses", "state", "created"]
    list_filter = [ToDoFilter, "created"]
    list_per_page = 50
    empty_value_display = "none"
    search_fields = ["title", "alt", "caption", "credit", "file"]
    search_help_text = "Search by title, description, caption, credit or file name"
    actions = ["make_sizes_again"]

    class Media:
        css = {"all": ["ecfr_site/images/admin.css"]}

    def get_queryset(self, request):
        return super().get_queryset(request).with_use_count()

    def get_fieldsets(self, request, obj=None):
        fieldsets = super().get_fieldsets(request, obj)
        return fieldsets if obj else fieldsets[:-1]

    def save_model(self, request, obj, form, change):
        if not change:
            obj.uploaded_by = request.user
        super().save_model(request, obj, form, change)
        if "caption" in form.changed_data:
            obj.index_uses_soon()

    # The list

    @admin.display(description="image", ordering="title")
    def name(self, image):
        return format_html(
            '<span class="picture-name">{}{}</span>',
            render_picture(image, "square", sizes="72px"),
            image.title,
        )

    @admin.display(description="pixels", ordering="width")
    def dimensions(self, image):
        # Unbroken, however narrow the column.
        return f"{image.width}\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}{image.height}"

    @admin.display(description="used", ordering="use_count")
    def uses(self, image):
        if not image.use_count:
            return "nowhere"
        return f"in {image.use_count} place{pluralize(image.use_count)}"

    @admin.display(description="sizes")
    def state(self, image):
        if image.render_error:
            return format_html('<strong class="picture-failed">{}</strong>', "failed")
        return "ready" if image.rendered == image.fingerprint else "being made"

    @admin.action(description="Make the sizes again", permissions=["change"])
    def make_sizes_again(self, request, queryset):
        for image in queryset:
            image.request_renditions(again=True)
        self.message_user(
            request, "The sizes are being made; this takes a moment.", messages.SUCCESS
        )

    # Chosen in another form

    def get_urls(self):
        chosen = self.admin_site.admin_view(self.chosen)
        return [
            path("<int:pk>/chosen/", chosen, name="images_image_chosen"),
            *super().get_urls(),
        ]

    def chosen(self, request, pk):
        """JSON: `alt`, the text to offer, and `thumbnail`, HTML."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        image = get_object_or_404(Image, pk=pk)
        thumbnail = render_picture(image, "card", sizes="90px", css_class="thumbnail")
        return JsonResponse({"alt": image.alt, "thumbnail": thumbnail})

    # The form

    def sizes(self, image):
        if image.render_error:
            return (
                f"They could not be made: {image.render_error}. Readers get the file "
                "as it was uploaded. Upload it again, or choose “Make the sizes again” "
                "in the list of images."
            )
        if image.rendered == image.fingerprint:
            return f"Made of {image.width} × {image.height} pixels"
        return "Being made; until then readers see the image as it was"

    @admin.display(description="used in")
    def used_in(self, image):
        links = [[link] for link in image.links_to_uses]
        return format_html_join("", "<div>{}</div>", links) or "Nothing yet"

    def get_object(self, request, object_id, from_field=None):
        image = super().get_object(request, object_id, from_field)
        if image:
            image.links_to_uses = list_links(
                self.admin_site, request, image.find_uses()
            )
        return image

    def uploaded(self, image):
        by = f" by {image.uploaded_by}" if image.uploaded_by else ""
        return f"{date_format(timezone.localdate(image.created))}{by}"

    # Deleting, which takes the files too

    def get_deleted_objects(self, objs, request):
        *deleted, protected = super().get_deleted_objects(objs, request)
        # Django would name everything, whoever asks.
        uses = dict.fromkeys(row for image in objs for row in image.find_uses())
        return *deleted, list_links(self.admin_site, request, list(uses)) or protected

    def delete_queryset(self, request, queryset):
        for image in queryset.prefetch_related("showing_articles"):
            image.delete()
