"""A site in two releases: which one a process runs stands in its environment."""

import os

from jobs import task

IS_NEWER = os.environ.get("TEST_RELEASE") == "newer"

if IS_NEWER:

    @task
    def greet(name: str, politely: bool = False) -> str:
        return f"Dear {name}" if politely else f"Hello {name}"

else:

    @task
    def greet(name: str) -> str:  # type: ignore[misc]
        return f"Hi {name}"

    @task
    def farewell(name: str) -> str:
        """The newer release does not have it any more."""
        return f"Bye {name}"
