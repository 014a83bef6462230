"""What no schedule can be is told at its field, when it is made and when it is changed."""

import pytest

from tests.doors import rows

from .timetable import made, wrong

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"name": ""}, ["name"]),
        ({"name": "two\nlines"}, ["name"]),
        ({"name": "x" * 201}, ["name"]),
        ({"name": None}, ["name"]),
        ({"task": "celery.map"}, ["task"]),
        ({"task": ["x"]}, ["task"]),
        ({"params": {"x": "many"}}, ["params.x"]),
        ({"params": {"z": 1}}, ["params.x", "params.z"]),
        ({"params": {"x": {"__type__": "jobs.Secret", "__value__": "?"}}}, ["params"]),
        ({"params": [1]}, ["params"]),
        ({"args": [1, 2, 3], "params": {}}, ["params"]),
        ({"args": {"x": 1}}, ["args"]),
        ({"cron": "* * * *"}, ["cron"]),
        ({"cron": "61 * * * *"}, ["cron"]),
        ({"cron": "0 0 31 2 *"}, ["cron"]),
        ({"cron": "*,*,*,*,*,*,*,*,*" * 40 + " * * * *"}, ["cron"]),
        ({"cron": 5}, ["cron"]),
        ({"cron": None}, [""]),
        ({"every_seconds": 60}, ["cron", "every_seconds"]),
        ({"cron": None, "every_seconds": 0}, ["every_seconds"]),
        ({"cron": None, "every_seconds": -5}, ["every_seconds"]),
        ({"cron": None, "every_seconds": 1.5}, ["every_seconds"]),
        ({"cron": None, "every_seconds": True}, ["every_seconds"]),
        ({"cron": None, "every_seconds": 10**30}, ["every_seconds"]),
        ({"cron": None, "at": "tomorrow"}, ["at"]),
        ({"cron": None, "at": "0001-01-01T00:00+14:00"}, ["at"]),
        ({"cron": None, "solar": {"event": "moonrise", "latitude": 0, "longitude": 0}},
         ["solar"]),
        ({"cron": None, "solar": {"event": "sunset", "latitude": 91, "longitude": 0}},
         ["solar"]),
        ({"cron": None, "solar": {"event": "sunset", "latitude": "nan", "longitude": 0}},
         ["solar"]),
        ({"cron": None, "solar": "sunset"}, ["solar"]),
        ({"timezone": "Mars/Olympus"}, ["timezone"]),
        ({"timezone": "../../etc/passwd"}, ["timezone"]),
        ({"cron": None, "every_seconds": 60, "timezone": "Asia/Kathmandu"}, ["timezone"]),
        ({"start_at": "2030-01-02T00:00Z", "end_at": "2030-01-01T00:00Z"}, ["end_at"]),
        ({"start_at": "soon"}, ["start_at"]),
        ({"overlap": "pile"}, ["overlap"]),
        ({"catch_up": ["none"]}, ["catch_up"]),
        ({"enabled": "yes"}, ["enabled"]),
        ({"jitter_seconds": -1}, ["jitter_seconds"]),
        ({"grace_seconds": 10**12}, ["grace_seconds"]),
        ({"remaining": True}, ["remaining"]),
        ({"pause_after_failures": 0}, ["pause_after_failures"]),
        ({"expires_seconds": 0}, ["expires_seconds"]),
        ({"blackout": [{"from": "22:00"}]}, ["blackout"]),
        ({"blackout": [{"from": "2026-01-01T00:00Z", "until": "2026-01-02T00:00Z"}]},
         ["blackout"]),
        ({"blackout": "never"}, ["blackout"]),
        ({"blackout": [{"date": "2026-12-25", "name": "Christmas"}]}, ["blackout"]),
        ({"blackout": [{"from": "2026-01-01T00:00", "until": "2026-01-02\ud80000:00"}]},
         ["blackout"]),
        ({"blackout": [{"date": "2026-12-25"}] * 501}, ["blackout"]),
        ({"cron": None, "at": "9001-01-01T00:00Z"}, ["at"]),
        ({"start_at": "0001-01-01T00:00+14:00"}, ["start_at"]),
        ({"queue": "a b"}, ["queue"]),
        ({"queue": 5}, ["queue"]),
        ({"priority": 10}, ["priority"]),
        ({"priority": "5"}, ["priority"]),
        ({"run_as": "nobody"}, ["run_as"]),
        ({"run_as": "nul\0"}, ["run_as"]),
        ({"note": 5}, ["note"]),
        ({"headers": {"task": "celery.map"}}, ["headers"]),
        ({"exchange": "x", "routing_key": "x"}, ["exchange", "routing_key"]),
        ({"name": "", "cron": "x", "priority": 10}, ["cron", "name", "priority"]),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_at_its_field_and_changes_nothing(values, fields):
    rows.task()
    boss = rows.user("boss", is_superuser=True)
    assert wrong(boss, **values) == fields
    schedule = made(boss, name="there")
    kinds = {"cron": None, "every_seconds": None, "at": None, "solar": None}
    if len({*values} & {*kinds}) < 2 and "every_seconds" not in values:
        assert wrong(boss, schedule, **values) == fields
