from django.contrib.auth.views import LoginView
from django.contrib.staticfiles.views import serve
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from letters.tasks import stamp

from office.backstage import site


def home(request):
    return render(request, "office/home.html")


def send(request):
    return HttpResponse(stamp.delay("by a view").id)


urlpatterns = [
    path("", home),
    path("send", send),
    path("sign-in/", LoginView.as_view(template_name="office/sign_in.html"), name="sign-in"),
    path("backstage/", site.urls),
    path("tools/static/<path:path>", serve, {"insecure": True}),
]
