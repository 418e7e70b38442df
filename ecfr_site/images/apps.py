from django.apps import AppConfig


class ImagesConfig(AppConfig):
    name = "ecfr_site.images"
    label = "images"
    verbose_name = "Images"
