"""The web as one ASGI application: Django for pages, Channels for /ws."""

import os

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

# First, since it loads the apps that the others need.
pages = get_asgi_application()

from jobs.checks import refuse_bad_setup  # noqa: E402
from jobs.live.routing import websocket_application  # noqa: E402

refuse_bad_setup("web")

application = ProtocolTypeRouter({"http": pages, "websocket": websocket_application})
