"""A traceback as people read it: their own frames open, those of libraries folded."""

import re
from dataclasses import dataclass
from itertools import groupby

_FRAME = re.compile(r'^  File "(?P<path>[^"]*)", line (?P<line>\d+)(?:, in (?P<name>.*))?$')
_LIBRARY = re.compile(
    r"site-packages|dist-packages|/lib/python|\\lib\\|^<frozen |[/\\]jobs[/\\]execution[/\\]"
)

_PATH_PARTS = 3


@dataclass(frozen=True)
class Block:
    """Consecutive lines of one kind: `count` frames, or words between (count 0)."""

    text: str
    count: int
    is_library: bool
    is_hot: bool = False
    """Whether it is the innermost frame of own code: there it broke."""

    @property
    def lines(self) -> tuple[str, str, str]:
        """Of one frame: where, the line of source, and what stands below that."""
        head, _, rest = self.text.partition("\n")
        source, _, below = rest.partition("\n")
        return head, source, below


@dataclass(frozen=True)
class Frame:
    place: str
    name: str


def own_last(text: str) -> Frame | None:
    """The innermost frame of own code, as a few words: tasks/billing.py:61, in charge."""
    frames = [match for line in text.splitlines() if (match := _FRAME.match(line))]
    own = [frame for frame in frames if _kind(frame["path"]) == "own"]
    if not own:
        return None
    path = "/".join(re.split(r"[/\\]", own[-1]["path"])[-_PATH_PARTS:])
    return Frame(f"{path}:{own[-1]['line']}", own[-1]["name"] or "")


def blocks(text: str) -> list[Block]:
    """The traceback in order, cut where own code and libraries meet."""
    pieces = _pieces(text)
    own = [place for place, (kind, _) in enumerate(pieces) if kind == "own"]
    if own:
        pieces[own[-1]] = ("hot", pieces[own[-1]][1])
    grouped = groupby(pieces, key=lambda piece: piece[0])
    return [_block(kind, [text for _, text in pieces]) for kind, pieces in grouped]


def _block(kind: str, texts: list[str]) -> Block:
    count = 0 if kind == "words" else len(texts)
    return Block("\n".join(texts), count, kind == "library", kind == "hot")


def _pieces(text: str) -> list[tuple[str, str]]:
    """(kind, text) of each frame and of each line that is none."""
    pieces: list[tuple[str, str]] = []
    for line in text.rstrip().splitlines():
        frame = _FRAME.match(line)
        if frame:
            pieces.append((_kind(frame["path"]), line))
        elif pieces and pieces[-1][0] != "words" and line.startswith("    "):
            kind, begun = pieces[-1]
            pieces[-1] = (kind, f"{begun}\n{line}")
        else:
            pieces.append(("words", line))
    return pieces


def _kind(path: str) -> str:
    return "library" if _LIBRARY.search(path) else "own"
