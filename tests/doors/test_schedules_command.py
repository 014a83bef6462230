"""`manage.py schedules`: export, import, and back again."""

import io
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command

from jobs.execution.order import Order
from jobs.models import Event, Schedule
from jobs.scheduling.edit import create
from jobs.scheduling.told import told
from jobs.scheduling.written import Unreadable, text_of, values_of
from tests import sample_tasks
from tests.doors import rows
from tests.verbs.timetable import ADD, LOG_IN, NIGHTLY, made

pytestmark = pytest.mark.django_db
NOTE = "The provider allows 4 calls\nan hour: see “limits”."
FULL = {
    "name": "full: of it",
    "params": {"x": 1, "y": 2},
    "cron": "*/15 1-2 * * mon",
    "timezone": "Europe/Lisbon",
    "enabled": False,
    "overlap": "skip",
    "catch_up": "none",
    "catch_up_window_seconds": 60,
    "grace_seconds": 30,
    "jitter_seconds": 20,
    "blackout": [{"date": "2026-12-25"}, {"from": "22:00", "until": "06:00"}],
    "run_as": "olivia",
    "priority": 7,
    "start_at": "2026-01-01T00:00:00+00:00",
    "end_at": "2036-01-01T00:00:00+00:00",
    "remaining": 100,
    "expires_seconds": 600,
    "expires_with_next": True,
    "pause_after_failures": 3,
    "note": NOTE,
}
KINDS: list[dict[str, Any]] = [
    {"name": "each ten minutes", "cron": None, "every_seconds": 600},
    {"name": "once", "cron": None, "at": "2030-01-01T00:00:00+00:00"},
    {"name": "1e5", "note": "yes", "cron": None,
     "solar": {"event": "sunrise", "latitude": 52.5, "longitude": 13.4}},
]  # fmt: skip


def command(*words: str) -> str:
    out = io.StringIO()
    call_command("schedules", *words, stdout=out, stderr=io.StringIO())
    return out.getvalue()


@pytest.fixture
def bring(tmp_path):
    def bring(text: str, *words: str) -> str:
        file = tmp_path / "schedules.yaml"
        file.write_text(text, encoding="utf-8")
        return command("import", str(file), *words)

    return bring


@pytest.fixture
def many(db):
    rows.task()
    rows.user("olivia", is_superuser=True)
    for values in (FULL, *KINDS):
        made(None, **values)
    return command("export")


def test_an_export_is_short_in_order_and_readable(db):
    made(None, name="z", note=NOTE)
    made(None, name="a", cron=None, every_seconds=600, overlap="skip")
    assert command("export") == (
        "schedules:\n"
        "  a:\n"
        f"    task: {ADD}\n"
        "    params:\n"
        "      x: 1\n"
        "    every_seconds: 600\n"
        "    overlap: skip\n"
        "  z:\n"
        f"    task: {ADD}\n"
        "    params:\n"
        "      x: 1\n"
        "    cron: 30 2 * * *\n"
        "    timezone: UTC\n"
        "    note: |-\n"
        "      The provider allows 4 calls\n"
        "      an hour: see “limits”.\n"
    )


def test_what_was_exported_makes_the_same_again(many, bring):
    before = {each.entry.name: told(each) for each in Schedule.objects.with_entry()}
    Schedule.objects.get(entry__name="once").entry.delete()
    for each in Schedule.objects.select_related("entry"):
        each.entry.delete()
    assert bring(many) == (
        "+ 1e5\n+ each ten minutes\n+ full: of it\n+ once\n"
        "4 made, 0 changed, 0 removed, 0 unchanged.\n"
    )
    assert command("export") == many
    assert {each.entry.name: told(each) for each in Schedule.objects.with_entry()} == before


def test_the_same_again_changes_nothing(many, bring):
    events = Event.objects.count()
    assert bring(many) == "0 made, 0 changed, 0 removed, 4 unchanged.\n"
    assert Event.objects.count() == events


def test_a_change_is_told_field_by_field_and_signed(many, bring):
    text = many.replace("overlap: skip", "overlap: buffer_one")
    text = text.replace("every_seconds: 600", "cron: 0 3 * * *")
    said = bring(text, "--as", "olivia", "--reason", "as agreed")
    assert said == (
        "~ each ten minutes\n"
        '    cron: null → "0 3 * * *"\n'
        "    every_seconds: 600 → null\n"
        "~ full: of it\n"
        '    overlap: "skip" → "buffer_one"\n'
        "0 made, 2 changed, 0 removed, 2 unchanged.\n"
    )
    event = Event.objects.filter(subject="full: of it", verb="edit").get()
    assert (event.actor.username, event.reason) == ("olivia", "as agreed")
    assert event.after == {"overlap": "buffer_one"}


def test_what_is_not_written_is_as_in_a_new_one(many, bring):
    assert "jitter_seconds: 20 → 0" in bring(many.replace("    jitter_seconds: 20\n", ""))


def test_a_dry_run_stores_nothing(many, bring):
    text = many.replace("overlap: skip", "overlap: buffer_one")
    text += f"  another:\n    task: {ADD}\n    params: {{x: 1}}\n    every_seconds: 60\n"
    events = Event.objects.count()
    said = bring(text, "--dry-run", "--prune")
    assert "+ another\n" in said and "~ full: of it\n" in said
    assert said.endswith("1 made, 1 changed, 0 removed, 3 unchanged. Nothing was stored.\n")
    assert command("export") == many and Event.objects.count() == events


def test_others_are_kept_and_told_or_removed_with_prune(many, bring):
    rest = many[: many.index("  once:")]
    assert "? once (not in the file: --prune removes it)\n" in bring(rest)
    Schedule.objects.filter(entry__name="each ten minutes").update(key="coded", coded={})
    rest = rest.replace(rest[rest.index("  each ten") : rest.index("  'full")], "")
    assert "- once\n" in bring(rest, "--prune")
    names = Schedule.objects.values_list("entry__name", flat=True)
    assert sorted(names) == ["1e5", "each ten minutes", "full: of it"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("overlap: skip", "overlap: sometimes", "full: of it: overlap: Choose one of"),
        ("*/15 1-2", "61 1-2", "full: of it: cron: "),
        ("every_seconds: 600", "every_seconds: 0", "each ten minutes: every_seconds: "),
        ("x: 1", "x: many", "full: of it: params.x: "),
        ("run_as: olivia", "run_as: nobody", "full: of it: run_as: There is nobody"),
        ("priority: 7", "importance: 7", "full: of it: importance: There is no such field."),
        (ADD, "unknown.task", "1e5: task: This task is not registered"),
    ],
)
def test_one_wrong_entry_stores_nothing_and_names_its_field(many, bring, old, new, told):
    text = many.replace(old, new) + f"  more:\n    task: {ADD}\n    params: {{x: 1}}\n"
    with pytest.raises(CommandError) as refused:
        bring(text + "    every_seconds: 60\n")
    assert told in str(refused.value) and "Nothing was stored." in str(refused.value)
    assert refused.value.returncode == 1
    assert command("export") == many


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("schedules: [", "not YAML"),
        ("schedules:\n  a: {task: x}\n  a: {task: y}\n", "“a” is there twice"),
        ("- a", "At the top"),
        ("schedules: {}\nmore: 1", "At the top"),
        ("schedules:\n  a: daily", "give fields with values"),
        ("schedules:\n  a: {name: b}", "its name stands above"),
        ("schedules:\n  a: {params: [1]}", "params are names"),
        ("schedules: !!python/object/apply:os.system [ls]", "not YAML"),
    ],
)
def test_what_cannot_be_read_says_why(bring, text, why):
    with pytest.raises(CommandError, match=why) as refused:
        bring(text)
    assert refused.value.returncode == 2


def test_a_text_whose_parts_name_each_other_is_refused_before_it_fills_the_memory():
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    with pytest.raises(Unreadable, match="too long"):
        values_of("\n".join(["schedules:", *(f"  {line}" for line in lines)]))


def test_a_part_that_holds_itself_is_refused():
    with pytest.raises(Unreadable, match="too long"):
        values_of("schedules:\n  a: &a {task: x, args: [1, *a]}")


def test_a_part_may_be_named_and_used_again():
    values = values_of(
        "schedules:\n  a: {task: x, params: &p {n: 1}}\n  b: {task: x, params: *p}"
    )
    assert values["b"]["params"] == {"n": 1}


def test_values_are_what_they_look_like():
    text = "schedules:\n  a: {at: 2026-08-22T18:30Z, note: yes, cron: 22:00, args: [1e5, 010]}"
    values = values_of(text)["a"]
    assert (values["at"], values["note"], values["cron"]) == (
        "2026-08-22T18:30Z", "yes", "22:00",
    )  # fmt: skip
    assert values["args"] == ["1e5", "010"]
    with pytest.raises(Unreadable):
        values_of("")


SECRETS = {"name": "log in", "task": LOG_IN,
           "params": {"user": "ada", "password": "hunter2", "token": "tok"}}  # fmt: skip


def test_secrets_are_left_out_and_told_so_and_those_that_are_there_stay(bring):
    schedule = create({**NIGHTLY, **SECRETS}, Order())
    text = command("export")
    assert "hunter2" not in text and "•" not in text
    assert "    left_out:\n    - password\n    - token\n" in text
    kept = schedule.entry.kwargs
    assert "1 unchanged" in bring(text)
    assert "1 changed" in bring(text.replace("user: ada", "user: bob"))
    assert Schedule.objects.with_entry().get().entry.kwargs != kept
    another = text.replace("user: ada", "user: ada\n      password: swordfish")
    assert "params" in bring(another)
    schedule.entry.delete()
    with pytest.raises(CommandError, match=r"log in: params.password: This secret was left"):
        bring(text)


def test_one_has_the_rights_that_one_has(many, bring):
    group = Group.objects.create(name="adders")
    task = rows.Task.objects.get(pk=ADD)
    rows.user("vera", group)
    assert command("export", "--as", "vera") == "schedules: {}\n"
    task.viewers.add(group)
    assert command("export", "--as", "vera") == many
    changed = many.replace("overlap: skip", "overlap: buffer_one")
    with pytest.raises(CommandError, match="full: of it: You see this, but may not"):
        bring(changed, "--as", "vera")
    assert command("export") == many


def test_those_of_the_code_are_left_out_and_named_ones_are_chosen(many):
    Schedule.objects.filter(entry__name="once").update(key="once", coded={})
    assert "once:" not in command("export")
    assert command("export", "--all") == many
    assert command("export", "1e5").count("task:") == 1
    with pytest.raises(CommandError, match="There is no 'twice'"):
        command("export", "twice")


def test_a_text_is_the_same_whatever_the_order_of_rows(many):
    found = list(Schedule.objects.with_entry())
    assert text_of(found) == text_of(reversed(found)) == many
    assert sample_tasks.add.name in many
