"""The addresses of this site."""

from django.contrib import admin
from django.contrib.auth import views as accounts
from django.urls import include, path

from jobs.web import health

admin.site.site_header = admin.site.site_title = "Batuta"

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("login/", accounts.LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", accounts.LogoutView.as_view(), name="logout"),
    path("language/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    path("", include("jobs.urls")),
]

handler400 = "jobs.web.errors.bad_request"
handler403 = "jobs.web.errors.forbidden"
handler404 = "jobs.web.errors.not_found"
handler500 = "jobs.web.errors.broken"
