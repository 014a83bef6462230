"""The house numbers, and who may import whom."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

BASE = Path(settings.BASE_DIR)
LONGEST = {".py": 300, ".html": 80, ".js": 80}
LONGEST_FUNCTION = 40
LONGEST_VIEW = 15


def ours(ending: str, *folders: str) -> list[Path]:
    roots = [BASE / name for name in folders or ("jobs", "project", "templates", "tests")]
    paths = [path for root in roots for path in root.rglob(f"*{ending}")]
    return [path for path in paths if "migrations" not in path.parts]


def functions(path: Path, first: str = "") -> Iterator[tuple[str, int]]:
    """Each function's name and lines, its decorators left out; with `first`, only those
    whose first argument has that name."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            arguments = [*node.args.posonlyargs, *node.args.args]
            if not first or (arguments and arguments[0].arg == first):
                name = f"{path.relative_to(BASE)}:{node.lineno} {node.name}"
                yield name, (node.end_lineno or node.lineno) - node.lineno + 1


@pytest.mark.parametrize("ending", LONGEST)
def test_no_file_is_longer_than_the_house_allows(ending):
    paths = ours(ending)
    assert paths or ending != ".py"
    lengths = {path.relative_to(BASE): len(path.read_text().splitlines()) for path in paths}
    assert {path: n for path, n in lengths.items() if n > LONGEST[ending]} == {}


def test_no_function_is_longer_than_the_house_allows():
    found = [row for path in ours(".py") for row in functions(path)]
    assert len(found) > 100
    assert [(name, lines) for name, lines in found if lines > LONGEST_FUNCTION] == []


def test_views_fit_in_fifteen_lines():
    found = [
        row
        for path in ours(".py", "jobs/web", "jobs/api")
        for row in functions(path, "request")
    ]
    assert len(found) >= 2
    assert [(name, lines) for name, lines in found if lines > LONGEST_VIEW] == []


def test_imports_go_down_and_every_module_has_its_place():
    linter = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([linter, "--no-cache"], cwd=BASE, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout


def test_the_top_of_the_tree_holds_what_the_design_says_and_nothing_else():
    listed = subprocess.run(
        ["git", "ls-files"], cwd=BASE, capture_output=True, text=True, check=False
    ).stdout.splitlines()
    if not listed:
        pytest.skip("not a git checkout")
    allowed = {
        "manage.py", "project", "jobs", "templates", "tests", "requirements.txt",
        "docker-compose.yml", "README.md", "CHANGELOG.md", "LICENSE", "Makefile",
        "pyproject.toml", "Dockerfile", ".env.example", "docs", ".ci", ".gitignore",
    }  # fmt: skip
    assert {path.partition("/")[0] for path in listed} - allowed == set()


def test_messages_and_paths_of_one_machine_are_not_in_the_tree():
    homes = ("/ho" + "me/", "/ro" + "ot/", "/wo" + "rk/")
    for path in ours(".py"):
        assert not [home for home in homes if home in path.read_text()], path
