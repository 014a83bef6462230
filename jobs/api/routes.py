"""Routing rules: to which queue the jobs of many tasks go, by the tasks' names."""

from typing import Annotated, Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Router
from pydantic import BaseModel, Field

from jobs import permissions
from jobs.execution import routing
from jobs.execution.order import Order
from jobs.reading import routes

from .answers import answer
from .auth import CONTROL, person
from .errors import CONFLICT, conflict, may_answer
from .kinds import Body, Text

router = Router(tags=["queues"])


class Rule(Body):
    pattern: Annotated[Text, Field(max_length=255)]
    queue: Annotated[Text, Field(max_length=255)]


class RuleOut(BaseModel):
    """`tasks` are those that you may see and that go by this rule; `served` says whether a
    worker takes from the queue."""

    pattern: str
    queue: str
    served: bool
    tasks: list[str]


class RulesOut(BaseModel):
    """`seen` is for the edit; `moved` and `left` tell what an edit did with waiting jobs."""

    items: list[RuleOut]
    seen: str
    moved: int = 0
    left: int = 0


class Rules(Body):
    """All of them, in their order: the first that means a task holds. With `move` what waits
    where such jobs went before moves along; `seen` is that of the rules you looked at."""

    items: Annotated[list[Rule], Field(max_length=routing.MOST)]
    seen: Annotated[Text, Field(max_length=32)] = ""
    move: bool = False
    reason: Annotated[Text, Field(max_length=2_000)] = ""


@router.get("/routes", response=may_answer(RulesOut), summary="Routing rules")
def listed(request: HttpRequest) -> HttpResponse:
    """In their order."""
    _refuse_others(request)
    return answer(_all(request))


@router.put(
    "/routes",
    auth=CONTROL,
    response=may_answer(RulesOut, others=CONFLICT),
    summary="Write the routing rules",
)
def write(request: HttpRequest, given: Rules) -> HttpResponse:
    """These and no others hold within a second; 409 when somebody wrote since `seen`."""
    _refuse_others(request)
    rules = [(rule.pattern, rule.queue) for rule in given.items]
    order = Order(person(request), given.reason)
    try:
        done = routing.write(rules, order, seen=given.seen, moves=given.move)
    except routing.Outdated:
        raise conflict("outdated", str(routing.OUTDATED)) from None
    return answer(_all(request) | {"moved": done.moved, "left": done.left})


def _refuse_others(request: HttpRequest) -> None:
    if not permissions.may_control_queues(person(request)):
        raise Http404


def _all(request: HttpRequest) -> dict[str, Any]:
    told = routes.rules(person(request))
    items = [
        {
            "pattern": rule.pattern,
            "queue": rule.queue,
            "served": rule.is_served,
            "tasks": [task.pk for task in rule.tasks],
        }
        for rule in told
    ]
    seen = routing.fingerprint([(rule.pattern, rule.queue) for rule in told])
    return {"items": items, "seen": seen}
