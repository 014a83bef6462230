"""Where sockets are opened.

A site includes `websocket_urlpatterns` in its own router, under any prefix, or takes
`websocket_application` as it stands. Both check the page and the person by themselves.
"""

from channels.routing import URLRouter
from django.urls import re_path

from .consumers import consumer, nothing_here

websocket_urlpatterns = [re_path(r"^(?:.*/)?ws/?$", consumer)]  # type: ignore[arg-type]

websocket_application = URLRouter(
    [*websocket_urlpatterns, re_path(r"", nothing_here)]  # type: ignore[arg-type]
)
