"""Who gets what, everywhere: one table, and the people it speaks of.

Each row is an address (or a topic of the socket) and what each person in ROLES gets from it.
A new address fails `test_every_address_has_its_row` until it has a row here. `login` means
that they are sent to sign in; a page of Django's admin that one may not see sends one to the
admin's index, a 302.
"""

from typing import Any

from django.contrib.auth.models import Group, User
from django.test import Client

from jobs.models import Task

from . import rows
from .access_admin import ADMIN

ROLES = (
    "anonymous", "stranger", "viewer", "runner", "manager", "owner", "superuser", "deactivated",
)  # fmt: skip
HINT = "say in TABLE of tests/doors/access.py who gets what: one row for each of these"

TABLE = """
kind  asked                                      anon  stran view  runn  mana  owner super deact

page  GET home                                   login 200   200   200   200   200   200   login
page  GET tasks                                  login 200   200   200   200   200   200   login
page  GET task                                   login 404   200   200   200   404   200   login
page  POST task                                  login 404   403   422   422   404   422   login
page  GET policy                                 login 404   403   403   200   404   200   login
page  POST policy                                login 404   403   403   422   404   422   login
page  GET task_access                            login 404   404   404   404   404   200   login
page  GET job_access                             login 404   404   404   404   404   200   login
page  GET jobs                                   login 200   200   200   200   200   200   login
page  GET bulk                                   login 200   200   200   200   200   200   login
page  POST bulk                                  login 422   422   422   422   422   422   login
page  GET export                                 login 200   200   200   200   200   200   login
page  GET filters                                login 200   200   200   200   200   200   login
page  POST filters                               login 422   422   422   422   422   422   login
page  GET saved_filter                           login 405   405   405   405   405   405   login
page  POST saved_filter                          login 404   404   404   404   302   404   login
page  GET suggest                                login 200   200   200   200   200   200   login
page  GET columns                                login 302   302   302   302   302   302   login
page  POST columns                               login 302   302   302   302   302   302   login
page  GET job                                    login 404   200   200   200   200   200   login
page  GET log                                    login 404   200   200   200   200   200   login
page  GET log_text                               login 404   200   200   200   200   200   login
page  GET result                                 login 404   200   200   200   200   200   login
page  GET archive                                login 404   200   200   200   200   200   login
page  GET artifact                               login 404   200   200   200   200   200   login
page  GET thumbnail                              login 404   200   200   200   200   200   login
page  GET errors                                 login 404   200   200   200   200   200   login
page  GET annotate                               login 405   405   405   405   405   405   login
page  POST annotate                              login 404   403   403   302   302   302   login
page  GET preview                                login 404   200   200   200   200   200   login
page  GET edit                                   login 404   403   403   302   302   302   login
page  POST edit                                  login 404   403   403   302   302   302   login
page  GET verb                                   login 405   405   405   405   405   405   login
page  POST verb                                  login 404   403   403   302   302   302   login
page  GET calendar                               login 200   200   200   200   200   200   login
page  GET schedules                              login 200   200   200   200   200   200   login
page  GET schedule_bulk                          login 200   200   200   200   200   200   login
page  POST schedule_bulk                         login 422   422   422   422   422   422   login
page  GET schedule                               login 404   200   200   200   404   200   login
page  GET schedule_verb                          login 405   405   405   405   405   405   login
page  POST schedule_verb                         login 404   403   403   302   404   302   login
page  GET new_schedule                           login 403   403   403   200   403   200   login
page  POST new_schedule                          login 403   403   403   422   403   422   login
page  GET edit_schedule                          login 404   403   403   200   404   200   login
page  POST edit_schedule                         login 404   403   403   409   404   409   login
page  GET schedule_preview                       login 405   405   405   405   405   405   login
page  POST schedule_preview                      login 403   403   403   200   403   200   login
page  GET timeline                               login 200   200   200   200   200   200   login
page  GET fire_schedule                          login 404   403   403   200   404   200   login
page  POST fire_schedule                         login 404   403   403   422   404   422   login
page  GET backfill                               login 404   403   403   200   404   200   login
page  POST backfill                              login 404   403   403   422   404   422   login
page  GET backfilled                             login 404   200   200   200   404   200   login
page  GET cancel_backfill                        login 405   405   405   405   405   405   login
page  POST cancel_backfill                       login 404   403   403   302   404   302   login
page  GET workers                                login 404   404   404   404   404   200   login
page  GET worker                                 login 404   404   404   404   404   200   login
page  GET queues                                 login 404   404   404   404   404   200   login
page  GET queue                                  login 404   404   404   404   404   200   login
page  GET queue_verb                             login 405   405   405   405   405   405   login
page  POST queue_verb                            login 404   404   404   404   404   302   login
page  GET routes                                 login 404   404   404   404   404   200   login
page  POST routes                                login 404   404   404   404   404   302   login
page  GET freeze                                 login 405   405   405   405   405   405   login
page  POST freeze                                login 404   404   404   404   404   302   login
page  GET purge_queue                            login 404   404   404   404   404   200   login
page  POST purge_queue                           login 404   404   404   404   404   422   login
page  GET move_queue                             login 404   404   404   404   404   200   login
page  POST move_queue                            login 404   404   404   404   404   422   login
page  GET ask_worker                             login 404   404   404   404   404   200   login
page  GET worker_verb                            login 404   404   404   404   404   200   login
page  POST worker_verb                           login 404   404   404   404   404   422   login
page  GET tokens                                 login 200   200   200   200   200   200   login
page  POST tokens                                login 422   422   422   422   422   422   login
page  GET revoke_token                           login 405   405   405   405   405   405   login
page  POST revoke_token                          login 404   404   404   404   302   404   login

api   GET /openapi.json                          401   200   200   200   200   200   200   401
api   GET /tasks                                 401   200   200   200   200   200   200   401
api   GET /tasks/{name}                          401   404   200   200   200   404   200   401
api   PATCH /tasks/{name}                        401   404   403   403   200   404   200   401
api   POST /tasks/{name}/jobs                    401   404   403   202   202   404   202   401
api   POST /jobs                                 401   404   403   202   202   404   202   401
api   POST /jobs:bulk                            401   404   403   202   202   404   202   401
api   POST /ws-tickets                           401   201   201   201   201   201   201   401
api   GET /jobs                                  401   200   200   200   200   200   200   401
api   GET /jobs/{job_id}                         401   404   200   200   200   200   200   401
api   PATCH /jobs/{job_id}                       401   404   403   403   200   200   200   401
api   GET /jobs/{job_id}/logs                    401   404   200   200   200   200   200   401
api   GET /jobs/{job_id}/events                  401   404   200   200   200   200   200   401
api   GET /jobs/{job_id}/attempts                401   404   200   200   200   200   200   401
api   GET /jobs/{job_id}/stack                   401   404   200   200   200   200   200   401
api   GET /jobs/{job_id}/artifacts               401   404   200   200   200   200   200   401
api   GET /jobs/{job_id}/artifacts/{artifact_id} 401   404   200   200   200   200   200   401
api   GET /jobs/{job_id}/result                  401   404   200   200   200   200   200   401
api   POST /jobs/{job_id}/stack                  401   404   403   403   200   200   200   401
api   POST /jobs/{job_id}/{verb}                 401   404   403   403   200   200   200   401
api   POST /jobs/{job_id}/retry                  401   404   403   403   202   403   202   401
api   POST /jobs/{job_id}/continue               401   404   403   403   202   403   202   401
api   POST /jobs:{verb}                          401   200   200   200   200   200   200   401
api   GET /schedules                             401   200   200   200   200   200   200   401
api   POST /schedules                            401   403   403   403   201   403   201   401
api   GET /schedules/{schedule_id}               401   404   200   200   200   404   200   401
api   PATCH /schedules/{schedule_id}             401   404   403   403   200   404   200   401
api   DELETE /schedules/{schedule_id}            401   404   403   403   204   404   204   401
api   GET /schedules/{schedule_id}/next          401   404   200   200   200   404   200   401
api   POST /schedules:preview                    401   403   403   403   200   403   200   401
api   POST /schedules/{schedule_id}/fire         401   404   403   403   202   404   202   401
api   POST /schedules/{schedule_id}/{verb}       401   404   403   403   200   404   200   401
api   POST /schedules/{schedule_id}/backfill     401   404   403   403   202   404   202   401
api   GET /schedules/{schedule_id}/backfills   401   404   200   200   200   404   200   401
api   GET /schedules/{schedule_id}/backfills/{backfill} 401 404 200 200 200 404 200 401
api   POST /schedules/{schedule_id}/backfills/{backfill}/cancel 401 404 403 403 200 404 200 401
api   GET /workers                               401   404   404   404   404   404   200   401
api   GET /workers/{name}                        401   404   404   404   404   404   200   401
api   GET /workers/{name}/{what}                 401   404   404   404   404   404   200   401
api   POST /workers/{name}/{verb}                401   404   404   404   404   404   202   401
api   GET /filters                               401   200   200   200   200   200   200   401
api   POST /filters                              401   201   201   201   201   201   201   401
api   DELETE /filters/{filter_id}                401   404   404   404   404   404   204   401
api   GET /queues                                401   404   404   404   404   404   200   401
api   GET /queues/{name}                         401   404   404   404   404   404   200   401
api   POST /queues/{name}/{verb}                 401   404   404   404   404   404   200   401
api   POST /queues/{name}/purge                  401   404   404   404   404   404   200   401
api   POST /queues/{name}/move                   401   404   404   404   404   404   200   401
api   GET /routes                                401   404   404   404   404   404   200   401
api   PUT /routes                                401   404   404   404   404   404   200   401
api   POST /{verb}                               401   404   404   404   404   404   200   401

topic job:<id>                                   no    no    yes   yes   yes   yes   yes   no
topic jobs                                       no    yes   yes   yes   yes   yes   yes   no
topic schedules                                  no    yes   yes   yes   yes   yes   yes   no
topic workers                                    no    no    no    no    no    no    yes   no
topic queues                                     no    no    no    no    no    no    yes   no

site  GET healthz                                200   200   200   200   200   200   200   200
site  GET readyz                                 200   200   200   200   200   200   200   200
site  GET login                                  200   302   302   302   302   302   302   200
site  GET logout                                 405   405   405   405   405   405   405   405
site  GET set_language                           302   302   302   302   302   302   302   302
"""


def table(kind: str) -> dict[str, tuple[str, ...]]:
    """The rows of one kind: what is asked, and the answer for each of ROLES."""
    found = {}
    for line in (TABLE.strip() + ADMIN).splitlines()[1:]:
        words = line.split()
        if words and words[0] == kind:
            found[" ".join(words[1 : -len(ROLES)])] = tuple(words[-len(ROLES) :])
    return found


def looks(kind: str) -> list[tuple[str, tuple[str, ...]]]:
    """The rows of one kind that only look: each person's answer can be had in one world."""
    return [row for row in table(kind).items() if row[0].startswith("GET ")]


def deeds(kind: str) -> list[tuple[str, str, str]]:
    """The rows that change something: what is asked, by whom, and what they get."""
    return [
        (asked, role, answer)
        for asked, answers in table(kind).items()
        for role, answer in zip(ROLES, answers, strict=True)
        if not asked.startswith("GET ")
    ]


def people(task: Task, **columns: Any) -> dict[str, User]:
    """Somebody in each relation to a task but the anonymous. The owner's is only the job;
    the deactivated would otherwise be let in by every rule there is."""
    found = {}
    for role in ("viewer", "runner", "manager"):
        group = Group.objects.create(name=role)
        getattr(task, f"{role}s").add(group)
        found[role] = rows.user(role, group, **columns)
    for role in ("stranger", "owner"):
        found[role] = rows.user(role, **columns)
    found["superuser"] = rows.user("superuser", is_superuser=True, **columns)
    groups = Group.objects.all()
    found["deactivated"] = rows.user("deactivated", *groups, is_superuser=True, **columns)
    return found


def browsers(found: dict[str, User]) -> dict[str, Client]:
    """One of each of ROLES; they had all signed in when somebody was deactivated."""
    return {role: browser(found, role) for role in ROLES}


def browser(found: dict[str, User], role: str) -> Client:
    """That of one of ROLES, who had signed in before anything happened to the account."""
    client = Client()
    if role in found:
        client.force_login(found[role])
    if role == "deactivated":
        deactivate(found)
    return client


def deactivate(found: dict[str, User]) -> None:
    """What the table means by it; after sessions and tokens were made."""
    User.objects.filter(pk=found["deactivated"].pk).update(is_active=False)


def got(response: Any) -> str:
    """An answer as the table says it."""
    is_sent = response.status_code == 302 and "/login/?next=/" in response["Location"]
    return "login" if is_sent else str(response.status_code)
