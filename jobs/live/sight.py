"""Keys by which a change finds those who may hear of it, with no query for each.

A change carries the keys of all who see it; a socket holds the keys of what its person
sees. Both come from here, and from `permissions.sight`, so neither can say more.
"""

from typing import Any

from jobs import permissions
from jobs.permissions import Person

TOPICS = ("jobs", "workers", "queues", "schedules")
EVERYBODY = "everybody"

_CONTROLS = {"workers": "jobs.control_workers", "queues": "jobs.control_queues"}


def keys_of_change(topic: str, *, task: str | None = None, owner: Any = None) -> list[str]:
    """Of those who may hear that something of this topic changed."""
    keys = [topic]
    if task is not None:
        keys.append(f"{topic}:task:{task}")
    if owner is not None:
        keys.append(f"{topic}:owner:{owner}")
    return keys


def keys_of_reader(topic: str, user: Person) -> frozenset[str]:
    """Of what `user` may hear in this topic; none: the topic is not there for them."""
    if not user.is_active or topic not in TOPICS:
        return frozenset()
    if topic in _CONTROLS:
        return frozenset({topic} if user.has_perm(_CONTROLS[topic]) else ())
    seen = permissions.sight(user)
    if seen.is_all or (topic == "schedules" and user.has_perm("jobs.manage_schedules")):
        return frozenset({topic})
    own = {f"{topic}:owner:{user.pk}"}
    return frozenset(own | {f"{topic}:task:{name}" for name in seen.tasks})


def key_of_person(pk: Any) -> str:
    """Of the sockets of one person."""
    return f"person:{pk}"
