"""What a person can set, call or meet stands in the documentation."""

import importlib
import pkgutil
import re
from dataclasses import fields
from pathlib import Path

from django.conf import settings
from django.core.management import load_command_class

from jobs.conf import Configuration
from jobs.management import commands as our_commands
from project import settings as site
from project.management import commands

BASE = Path(settings.BASE_DIR)
SETTINGS = (BASE / "docs" / "settings.md").read_text()
COMMANDS = (BASE / "docs" / "commands.md").read_text()


def test_every_variable_that_the_settings_read_is_documented():
    asked = site.env.asked
    assert {"DATA_DIR", "REDIS_URL", "JOBS_LEASE_SECONDS"} <= asked
    assert [name for name in sorted(asked) if f"`{name}`" not in SETTINGS] == []


def test_no_documented_variable_is_unknown():
    known = site.env.asked | {f"JOBS_{field.name.upper()}" for field in fields(Configuration)}
    rows = re.findall(r"^\| ((?:`[A-Z_]+`(?:, )?)+)", SETTINGS, re.M)
    documented = {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)}
    assert documented - known == set()


def test_documented_defaults_of_jobs_are_true():
    for field in fields(Configuration):
        row = re.search(rf"^\| `JOBS_{field.name.upper()}` \| (\S+) \|", SETTINGS, re.M)
        assert row, field.name
        shown = f"{field.default:g}" if isinstance(field.default, float) else str(field.default)
        assert row[1].strip("`") == (shown if field.default != () else "–"), field.name


def test_every_variable_of_the_example_is_read():
    lines = (BASE / ".env.example").read_text().splitlines()
    names = {line.partition("=")[0] for line in lines if line and line[0] != "#"}
    assert names - site.env.asked == set()


def test_every_command_is_documented():
    homes = [*commands.__path__, *our_commands.__path__]
    names = [module.name for module in pkgutil.iter_modules(homes)]
    assert {"start", "relay"} <= {*names}
    assert [name for name in names if f"`manage.py {name}" not in COMMANDS] == []


def test_every_verb_of_a_command_is_documented():
    for name in ("job", "task", "worker", "api_token"):
        parser = load_command_class("jobs", name).create_parser("manage.py", name)
        verbs = next(a.choices for a in parser._actions if a.dest == "verb")
        said = f"`manage.py {name} "
        unsaid = [v for v in verbs if f"{said}{v}" not in COMMANDS and f"`{v}`" not in COMMANDS]
        assert unsaid == [], name


def test_every_check_is_documented_and_every_documented_check_exists():
    package = importlib.import_module("jobs.checks")
    sources = [path.read_text() for path in Path(package.__path__[0]).glob("*.py")]
    in_code = {name for text in sources for name in re.findall(r'id="(jobs\.[EW]\d+)"', text)}
    assert in_code == set(re.findall(r"`(jobs\.[EW]\d+)`", SETTINGS))


def test_every_page_can_be_found_from_the_readme():
    linked = {*re.findall(r"\]\((docs/\w+\.md)\)", (BASE / "README.md").read_text())}
    assert linked == {f"docs/{page.name}" for page in (BASE / "docs").glob("*.md")}
