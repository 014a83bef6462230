"""The site as uvicorn serves it, where no socket looks again by itself: whatever it finds
out of rights, it was told."""

from project.asgi import application  # first: it sets Django up

# isort: split

import jobs.live.company

jobs.live.company.LOOK_AGAIN_SECONDS = 600.0

__all__ = ["application"]
