from django.contrib import admin


class EditorialSite(admin.AdminSite):
    site_header = "Editorial desk"
