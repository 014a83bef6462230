"""Every symbol that a page names is drawn in the sprite."""

import re
from pathlib import Path

from django.conf import settings

from jobs.states import State
from jobs.templatetags.words import shape

BASE = Path(settings.BASE_DIR)
NAMED = re.compile(r"""["'#]((?:i|s)-[a-z]+|mark|stripe)\b""")


def drawn() -> set[str]:
    sprite = (BASE / "templates" / "jobs" / "frame" / "sprite.html").read_text()
    return set(re.findall(r'<(?:symbol|pattern) id="([^"]+)"', sprite))


def test_every_symbol_that_is_named_is_drawn():
    sources = [*(BASE / "templates").rglob("*.html"), *(BASE / "jobs").rglob("*.py")]
    named = {name for path in sources for name in NAMED.findall(path.read_text())}
    assert {"i-play", "s-failed"} <= named
    assert named - drawn() == set()


def test_every_state_has_a_shape_of_its_own():
    shapes = [shape(state) for state in State]
    assert set(shapes) <= drawn()
    assert len(set(shapes)) == len(State)
