"""Who may: every role against every verb, and nothing that is not said."""

from contextlib import nullcontext

import pytest
from django.contrib.auth.models import AnonymousUser, Group, Permission
from django.core.exceptions import PermissionDenied
from django.http import Http404

from jobs import permissions
from jobs.models import Grant, Job, Role, Task
from tests.doors import rows

pytestmark = pytest.mark.django_db
OTHER = "tests.sample_tasks.fail"

# role → what it may do with the task, with a job of somebody else, with its own job.
MAY = {
    "nobody": ("", "", ""),
    "stranger": ("", "", "view control"),
    "viewer": ("view", "view", "view control"),
    "runner": ("view run", "view", "view control"),
    "manager": ("view run manage", "view control", "view control"),
    "viewer by pattern": ("view", "view", "view control"),
    "runner by tag": ("view run", "view", "view control"),
    "manager by pattern": ("view run manage", "view control", "view control"),
    "manager by a pattern of others": ("", "", "view control"),
    "view_all": ("view", "view", "view control"),
    "run_any": ("run", "", "view control"),
    "inactive manager": ("", "", ""),
    "inactive superuser": ("", "", ""),
    "superuser": ("view run manage", "view control", "view control"),
    "manager of another": ("", "", "view control"),
}


def give(group, role, **what):
    return Grant.objects.create(group=group, role=role, **what)


@pytest.fixture
def people():
    task, another = rows.task(tags=["sums"]), rows.task(OTHER)
    names = ("v", "r", "m", "other", "vp", "rt", "mp", "elsewhere")
    groups = {name: Group.objects.create(name=name) for name in names}
    give(groups["vp"], Role.VIEWERS, pattern="tests.*.a??")
    give(groups["rt"], Role.RUNNERS, tag="sums")
    give(groups["mp"], Role.MANAGERS, pattern="*.add")
    give(groups["elsewhere"], Role.MANAGERS, pattern="billing.*")
    task.viewers.set([groups["v"]])
    task.runners.set([groups["r"]])
    task.managers.set([groups["m"]])
    another.managers.set([groups["other"]])
    found = {
        "nobody": AnonymousUser(),
        "stranger": rows.user("stranger"),
        "viewer": rows.user("viewer", groups["v"]),
        "runner": rows.user("runner", groups["r"]),
        "manager": rows.user("manager", groups["m"]),
        "viewer by pattern": rows.user("vp", groups["vp"]),
        "runner by tag": rows.user("rt", groups["rt"]),
        "manager by pattern": rows.user("mp", groups["mp"]),
        "manager by a pattern of others": rows.user("elsewhere", groups["elsewhere"]),
        "view_all": rows.user("view_all"),
        "run_any": rows.user("run_any"),
        "inactive manager": rows.user("left", groups["m"], is_active=False),
        "inactive superuser": rows.user("gone", is_superuser=True, is_active=False),
        "superuser": rows.user("root", is_superuser=True),
        "manager of another": rows.user("other", groups["other"]),
    }
    for name in ("view_all", "run_any"):
        found[name].user_permissions.add(Permission.objects.get(codename=name))
    return found


def verbs(choose, key, among):
    return {verb for verb in among.split() if choose(verb).filter(pk=key).exists()}


@pytest.fixture(params=[nullcontext, permissions.asked_once], ids=["each time", "once"])
def asked(request):
    with request.param():
        yield


@pytest.mark.parametrize("role", MAY)
def test_each_role_may_what_it_may_and_nothing_else(people, role, asked):
    person = people[role]
    on_task, on_theirs, on_own = (set(may.split()) for may in MAY[role])
    theirs = rows.job(owner=rows.user("somebody"))
    own = rows.job(owner=person if person.pk else None)
    assert verbs(lambda verb: permissions.tasks(person, verb), rows.ADD, "view run manage") == (
        on_task
    )
    for job, expected in ((theirs, on_theirs), (own, on_own)):
        assert verbs(lambda v: permissions.jobs(person, v), job.pk, "view control") == expected
        for verb in ("view", "control"):
            assert permissions.may(person, verb, job) == (verb in expected)


def test_a_job_without_an_owner_is_not_everybodys(people):
    orphan = rows.job()
    for role in ("nobody", "stranger", "manager of another"):
        assert not permissions.jobs(people[role]).exists()
    assert permissions.jobs(people["viewer"]).get() == orphan


def test_what_one_may_not_see_does_not_exist_and_what_one_sees_may_be_refused(people):
    job = rows.job(owner=rows.user("somebody"))
    with pytest.raises(Http404):
        permissions.job(people["stranger"], "view", job.pk)
    with pytest.raises(Http404):
        permissions.job(people["stranger"], "control", job.pk)
    with pytest.raises(Http404):
        permissions.job(people["superuser"], "view", "no such job")
    with pytest.raises(PermissionDenied):
        permissions.job(people["viewer"], "control", job.pk)
    assert permissions.job(people["manager"], "control", job.pk) == job
    with pytest.raises(Http404):
        permissions.task(people["stranger"], "run", rows.ADD)
    with pytest.raises(PermissionDenied):
        permissions.task(people["viewer"], "run", rows.ADD)


def test_who_only_looks_is_asked_for_their_rights_once(people, django_assert_num_queries):
    viewer, manager = people["viewer"], people["manager"]
    with permissions.asked_once():
        assert permissions.tasks(viewer).exists() and permissions.tasks(manager).exists()
        with django_assert_num_queries(2):
            assert permissions.tasks(viewer).exists() and not permissions.jobs(viewer).exists()
        assert not permissions.tasks(viewer, "manage").exists()
        viewer.groups.clear()
    assert not permissions.tasks(viewer).exists(), "what is known is forgotten at the end"


def test_files_follow_their_job(people):
    artifact = rows.artifact(rows.job(owner=people["stranger"]), "a.txt")
    assert permissions.artifact(people["stranger"], artifact.pk) == artifact
    assert permissions.artifact(people["viewer"], artifact.pk) == artifact
    for role in ("nobody", "run_any", "manager of another"):
        with pytest.raises(Http404):
            permissions.artifact(people[role], artifact.pk)


def test_a_task_in_many_groups_is_counted_once(people):
    both = Group.objects.create(name="both")
    task = Task.objects.get(pk=rows.ADD)
    for role in (task.viewers, task.runners, task.managers):
        role.add(both)
    people["stranger"].groups.set([both, *Group.objects.filter(name__in=("v", "r", "m"))])
    rows.job()
    assert permissions.tasks(people["stranger"]).count() == 1
    assert permissions.jobs(people["stranger"]).count() == Job.objects.count() == 1


@pytest.mark.parametrize("role", ["stranger", "viewer", "manager by pattern"])
def test_jobs_are_chosen_by_values_that_a_database_finds_in_its_indexes(people, role):
    # "mine, or of a subquery" read every job there was: seconds with a million of them.
    assert str(permissions.jobs(people[role]).query).count("SELECT") == 1


def test_of_very_many_tasks_not_each_is_named(people, monkeypatch):
    monkeypatch.setattr(permissions, "_MOST_NAMED", 0)
    job = rows.job()
    assert permissions.jobs(people["viewer"]).get() == job
    assert not permissions.jobs(people["stranger"]).exists()


@pytest.mark.parametrize("verb", ["", "delete", "VIEW", "view; --"])
def test_an_unknown_verb_is_denied(people, verb):
    rows.job(owner=people["stranger"])
    with pytest.raises((KeyError, Http404, PermissionDenied)):
        permissions.task(people["manager"], verb, rows.ADD)
