"""The web as one ASGI application: Django for pages, Channels for /ws."""

import os

import django
from channels.routing import ProtocolTypeRouter

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

# First, since it loads the apps that the others need.
django.setup(set_prefix=False)

from jobs.checks import refuse_bad_setup  # noqa: E402
from jobs.live.routing import websocket_application  # noqa: E402
from project.threads import Pages  # noqa: E402

refuse_bad_setup("web")

application = ProtocolTypeRouter({"http": Pages(), "websocket": websocket_application})
