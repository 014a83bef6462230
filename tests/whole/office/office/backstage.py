from django.contrib.admin import AdminSite


class Backstage(AdminSite):
    site_header = "Backstage"


site = Backstage(name="backstage")
